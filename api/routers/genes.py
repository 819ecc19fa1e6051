"""The variants of a gene."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Answer, Service
from api.gene_models import GeneAnswer, GeneQuestion
from api.problems import DOCUMENTED
from cad.query import find_gene

router = APIRouter(tags=["genes"])


@router.get("/genes/{symbol}", response_model=GeneAnswer, responses=DOCUMENTED)
def read_gene(
    service: Service,
    symbol: Annotated[
        str,
        Path(
            description="Symbol, Ensembl or HGNC identifier, former symbol or alias.",
            examples=["BRCA1"],
        ),
    ],
    question: Annotated[GeneQuestion, Query()],
) -> Response:
    """The base's variants that change a gene, the most severe first."""
    with service.read(question.purpose) as reader:
        return Answer(
            find_gene(
                reader,
                symbol,
                question.stratum,
                question.annotation,
                question.impact,
                question.consequence,
            )
        )
