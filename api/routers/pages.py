"""Pages for a browser: the search box, and a variant."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from api.desk import AtDesk, Desk
from api.models import AnnotatedQuestion
from api.pages import Language, grouped, headlines, render, sentence
from api.problems import status_of
from cad.build.people import attributes_of
from cad.citation import cite
from cad.gate import allowed_purposes
from cad.query import Region, find_variant
from cad.query.answer import about_counted
from schemas.contigs import BIN_SIZE
from schemas.errors import CadError
from schemas.reasons import REASONS

router = APIRouter(include_in_schema=False)


class PageQuestion(AnnotatedQuestion):
    """What a page is asked with."""

    lang: Language = "fr"


@router.get("/")
def home(request: Request, desk: AtDesk, lang: Annotated[Language, Query()] = "fr") -> Response:
    """The search box, and how much the base counts."""
    return _home(request, desk, lang)


@router.get("/search")
def search(
    q: Annotated[str, Query(max_length=500)], lang: Annotated[Language, Query()] = "fr"
) -> Response:
    """To the page of what was searched."""
    return RedirectResponse(f"/variants/{quote(q.strip(), safe='')}?{urlencode({'lang': lang})}")


@router.get("/variants/{variant:path}")
def variant_page(
    request: Request,
    desk: AtDesk,
    variant: str,
    question: Annotated[PageQuestion, Query()],
) -> Response:
    """What the base says of a variant."""
    try:
        answer = _answer(desk, variant, question)
    except CadError as error:
        return _home(request, desk, question.lang, query=variant, error=error)
    rows = answer["frequencies"]
    return _page(
        "variant",
        request,
        desk,
        question.lang,
        query=variant,
        answer=answer,
        sentence=sentence(answer, question.lang),
        headlines=headlines(rows),
        groups=grouped(rows),
        values=lambda name: ", ".join(attributes_of(name).values()),
    )


@router.get("/style.css")
def style() -> Response:
    """The pages' style."""
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(_style(), media_type="text/css", headers=headers)


def _answer(desk: Desk, variant: str, question: PageQuestion) -> dict[str, Any]:
    about = {"strata": question.stratum}
    with desk.read("frequencies", question, about) as (reader, asked):
        answer = find_variant(reader, variant, question.stratum, None, question.annotation)
        asked.about = {**about, "variant": answer["variant"]}
        desk.spend([answer["variant"]])
        answer["citation"] = cite(answer, desk.address)
        desk.enter(asked, 1)
        return answer


def _home(
    request: Request,
    desk: Desk,
    language: Language,
    *,
    query: str = "",
    error: CadError | None = None,
) -> Response:
    problem = None
    if error is not None:
        text = REASONS[error.reason]
        problem = {"text": text.fr if language == "fr" else text.en, "detail": error.detail}
    size = _size(desk)
    example = _example(desk) if size and not query else None
    status = 200 if error is None else status_of(error)
    values = {"query": query, "problem": problem, "size": size, "example": example}
    return _page("home", request, desk, language, status=status, **values)


def _size(desk: Desk) -> dict[str, Any] | None:
    """How much the base counts of the first purpose the caller may ask figures for."""
    purposes = allowed_purposes(desk.caller, "frequencies")
    if not purposes:
        return None
    try:
        with desk.hall.service.read(purposes[0]) as reader:
            return {**about_counted(reader), "variants": reader.base.variants}
    except CadError:
        return None


def _example(desk: Desk) -> str | None:
    """A variant to begin with, where all persons are simulated: the first that somebody carries."""
    if not desk.hall.settings.demo:
        return None
    with desk.hall.service.read("care") as reader:
        for place in reader.base.places("base_index"):
            first = place.bin * BIN_SIZE + 1
            region = Region(place.contig, first, first + BIN_SIZE - 1)
            for variant, figures in reader.between(region):
                if figures.counts[0, :3].any():
                    return str(variant)
    return None


def _page(
    name: str,
    request: Request,
    desk: Desk,
    language: Language,
    *,
    status: int = 200,
    **values: Any,
) -> Response:
    def here(other: str) -> str:
        query = {**request.query_params, "lang": other}
        return f"{quote(request.url.path)}?{urlencode(query)}"

    text = render(
        name,
        language,
        here=here,
        is_demo=desk.hall.settings.demo,
        has_session=request.state.has_session,
        **values,
    )
    return HTMLResponse(text, status, {"Content-Language": language})


@cache
def _style() -> bytes:
    return (files("api") / "pages" / "style.css").read_bytes()
