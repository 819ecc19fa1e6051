"""The variants of a gene."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.desk import AtDesk
from api.gene_models import GeneAnswer, GeneQuestion
from api.paging import cut, read_offset
from api.problems import DOCUMENTED
from api.tables import frequency_rows
from cad.citation import cite
from cad.query import find_gene

router = APIRouter(tags=["genes"])


@router.get("/genes/{symbol}", response_model=GeneAnswer, responses=DOCUMENTED)
def read_gene(
    desk: AtDesk,
    symbol: Annotated[
        str,
        Path(
            description="Symbol, Ensembl or HGNC identifier, former symbol or alias.",
            examples=["BRCA1"],
        ),
    ],
    question: Annotated[GeneQuestion, Query()],
) -> Response:
    """The base's variants that change a gene, the most severe first, in parts."""
    about = {"gene": symbol, "strata": question.stratum}
    with desk.read("frequencies", question, about) as (reader, asked):
        state = reader.base.pinned_no
        offset = read_offset(question.cursor, state)
        kinds = question.impact, question.consequence
        found = find_gene(reader, symbol, question.stratum, question.annotation, *kinds)
        found["variants"], found["next"] = cut(found["variants"], offset, question.limit, state)
        desk.spend(one["variant"] for one in found["variants"])
        for one in found["variants"]:
            one["citation"] = cite(one, desk.address)
        rows = len(found["variants"])
        return desk.answer(asked, found, rows, lambda: frequency_rows(found["variants"]))
