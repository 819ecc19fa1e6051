"""One variant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.desk import AtDesk
from api.models import VariantAnswer, VariantQuestion
from api.problems import DOCUMENTED
from api.tables import frequency_rows
from cad.citation import cite
from cad.query import find_variant

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
        desk.spend([found["variant"]])
        found["citation"] = cite(found, desk.address)
        return desk.answer(asked, found, 1, lambda: frequency_rows([found]))
