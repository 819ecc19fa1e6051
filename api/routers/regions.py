"""The variants of a region."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Answer, Service
from api.models import AnnotatedQuestion, RegionAnswer
from api.problems import DOCUMENTED
from cad.query import find_region, parse_region
from schemas.errors import BadQuestion

MAX_POSITIONS: Final = 1_000_000
"""An answer is held in memory as a whole; for more there are exports."""

router = APIRouter(tags=["regions"])


@router.get("/regions/{region}", response_model=RegionAnswer, responses=DOCUMENTED)
def read_region(
    service: Service,
    region: Annotated[str, Path(description="contig:start-end", examples=["22:16050000-16060000"])],
    question: Annotated[AnnotatedQuestion, Query()],
) -> Response:
    """The variants of the base in a region of at most a million positions."""
    asked = parse_region(region, service.warehouse.assembly)
    if asked.end - asked.start >= MAX_POSITIONS:
        raise BadQuestion("region_malformed", f"ask for at most {MAX_POSITIONS} positions", region)
    with service.read(question.purpose) as reader:
        return Answer(find_region(reader, region, question.stratum, question.annotation))
