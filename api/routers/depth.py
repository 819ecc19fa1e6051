"""AN by position."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.desk import AtDesk
from api.models import DepthAnswer, Question
from api.problems import DOCUMENTED
from cad.query.depth_runs import find_depth

router = APIRouter(tags=["regions"])


@router.get("/depth/{region}", response_model=DepthAnswer, responses=DOCUMENTED)
def read_depth(
    desk: AtDesk,
    region: Annotated[str, Path(description="contig:start-end", examples=["22:16050000-16060000"])],
    question: Annotated[Question, Query()],
) -> Response:
    """In how many alleles a variant could have been seen, at up to a million positions."""
    about = {"region": region, "strata": question.stratum}
    with desk.read("frequencies", question, about) as (reader, asked):
        found = find_depth(reader, region, question.stratum)
        rows = [
            {"stratum": one["stratum"], **run} for one in found["strata"] for run in one["runs"]
        ]
        return desk.answer(asked, found, len(rows), lambda: rows)
