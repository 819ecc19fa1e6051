"""The variants of a region."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from api.desk import AtDesk
from api.models import AnnotatedQuestion, PagedQuestion, RegionAnswer
from api.paging import read_cursor, write_cursor
from api.problems import DOCUMENTED
from api.tables import frequency_rows
from cad.citation import cite
from cad.query import BaseReader, find_region_from, parse_region
from schemas.errors import BadQuestion

MAX_POSITIONS: Final = 1_000_000
"""What one question walks; for more there are exports."""

router = APIRouter(tags=["regions"])


class RegionQuestion(AnnotatedQuestion, PagedQuestion):
    """A question about a region."""


@router.get("/regions/{region}", response_model=RegionAnswer, responses=DOCUMENTED)
def read_region(
    desk: AtDesk,
    region: Annotated[str, Path(description="contig:start-end", examples=["22:16050000-16060000"])],
    question: Annotated[RegionQuestion, Query()],
) -> Response:
    """The variants of the base in a region of at most a million positions, in parts."""
    asked_region = parse_region(region, desk.hall.warehouse.assembly)
    if asked_region.end - asked_region.start >= MAX_POSITIONS:
        raise BadQuestion("region_malformed", f"ask for at most {MAX_POSITIONS} positions", region)
    about = {"region": str(asked_region), "strata": question.stratum}
    with desk.read("frequencies", question, about) as (reader, asked):
        document = _part(reader, region, question)
        desk.spend(one["variant"] for one in document["variants"])
        for one in document["variants"]:
            one["citation"] = cite(one, desk.address)
        rows = len(document["variants"])
        return desk.answer(asked, document, rows, lambda: frequency_rows(document["variants"]))


def _part(reader: BaseReader, region: str, question: RegionQuestion) -> dict[str, Any]:
    """The variants from the cursor on, as many as one part holds."""
    state = reader.base.pinned_no
    after = None if question.cursor is None else _after(question.cursor, state)
    document = find_region_from(reader, region, question.stratum, question.annotation, after)
    found = document["variants"]
    document["variants"] = list(islice(found, question.limit))
    is_cut = next(found, None) is not None
    last = document["variants"][-1]["variant"].split("-")[1:] if is_cut else None
    document["next"] = last and write_cursor(state, [int(last[0]), *last[1:]])
    return document


def _after(cursor: str, state: int) -> tuple[int, str, str]:
    match read_cursor(cursor, state):
        case [int() as pos, str() as ref, str() as alt]:
            return pos, ref, alt
    raise BadQuestion("cursor_malformed", "expected `next` of the part before")
