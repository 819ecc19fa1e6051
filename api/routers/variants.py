"""One variant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Answer, Service
from api.models import VariantAnswer, VariantQuestion
from api.problems import DOCUMENTED
from cad.query import find_variant

router = APIRouter(tags=["variants"])


@router.get("/variants/{variant}", response_model=VariantAnswer, responses=DOCUMENTED)
def read_variant(
    service: Service,
    variant: Annotated[str, Path(description="contig-pos-ref-alt", examples=["22-16050075-A-G"])],
    question: Annotated[VariantQuestion, Query()],
) -> Response:
    """How often a variant is seen, in how many persons who could have shown it, in whom."""
    with service.read(question.purpose) as reader:
        words = question.stratum, question.excluding_family, question.annotation
        return Answer(find_variant(reader, variant, *words))
