"""One variant, and many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response

from api.desk import AtDesk
from api.models import VariantAnswer, VariantQuestion, VariantsAnswer, VariantsQuestion
from api.problems import DOCUMENTED
from api.tables import Row, frequency_rows
from cad.citation import cite
from cad.query import find_variant, find_variants
from cad.query.answer import about_counted

router = APIRouter(tags=["variants"])


@router.get("/variants/{variant}", response_model=VariantAnswer, responses=DOCUMENTED)
def read_variant(
    desk: AtDesk,
    variant: Annotated[str, Path(description="contig-pos-ref-alt", examples=["22-16050075-A-G"])],
    question: Annotated[VariantQuestion, Query()],
) -> Response:
    """How often a variant is seen, in how many persons who could have shown it, in whom."""
    about = {"variant": variant, "strata": question.stratum}
    with desk.read("frequencies", question, about) as (reader, asked):
        words = question.stratum, question.excluding_family, question.annotation
        found = find_variant(reader, variant, *words)
        # What was asked may be any text; the log holds variants.
        asked.about = {**about, "variant": found["variant"]}
        desk.spend([found["variant"]])
        found["citation"] = cite(found, desk.address)
        return desk.answer(asked, found, 1, lambda: frequency_rows([found]))


@router.post("/variants", response_model=VariantsAnswer, responses=DOCUMENTED)
def read_variants(desk: AtDesk, question: Annotated[VariantsQuestion, Body()]) -> Response:
    """The figures of up to 10 000 variants, in the order asked; what is no variant says why."""
    with desk.read("frequencies", question, {}) as (reader, asked):
        found = find_variants(reader, question.variants, question.stratum)
        variants = [one["variant"] for one in found if one["variant"]]
        asked.about = {"variants": variants, "strata": question.stratum}
        desk.spend(variants)
        document = {**about_counted(reader), "variants": found}
        return desk.answer(asked, document, len(found), lambda: _rows(found))


def _rows(found: list[dict[str, Any]]) -> Iterator[Row]:
    return frequency_rows(one for one in found if one["variant"])
