"""Genetic analyses of a project: which were run, and what they found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from api.desk import Asked, AtDesk, Desk
from api.models import Document
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.cohort.select import Members
from cad.questions.analyses import find_analysis_rows, list_analyses

router = APIRouter(tags=["analyses"])


class AnalysesQuestion(Document):
    """In which project, and what for."""

    purpose: str = Field(
        default="research",
        description="The project's.",
        json_schema_extra={"enum": ["research", "industry"]},
    )
    project: str | None = Field(default=None, description="An approved project.")


class AnalysisQuestion(AnalysesQuestion):
    """Which rows."""

    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="Rows to leave out before.")
    limit: int = Field(default=1000, ge=1, le=10_000, description="Rows at most.")


@router.get("/analyses", responses=DOCUMENTED)
def read_analyses(desk: AtDesk, question: Annotated[AnalysesQuestion, Query()]) -> Response:
    """The runs of a project's analyses: parameters, versions, commits, tables; the latest first."""
    with _read(desk, question, {}) as (members, asked):
        found = list_analyses(members)
        return desk.answer(asked, {"analyses": found}, len(found), lambda: flat_rows(found))


@router.get("/analyses/{number}/{table}", responses=DOCUMENTED)
def read_analysis(
    desk: AtDesk,
    number: Annotated[int, Path(description="Of the run.", ge=1, le=2**31 - 1)],
    table: Annotated[str, Path(description="Its table.", examples=["analysis_hwe"])],
    question: Annotated[AnalysisQuestion, Query()],
) -> Response:
    """Rows of one table of a run, persons under the project's pseudonyms."""
    with _read(desk, question, {"analysis": number}) as (members, asked):
        found = find_analysis_rows(members, number, table, question.offset, question.limit)
        asked.about = {**asked.about, "table": table}
        return desk.answer(asked, found, len(found["rows"]), lambda: flat_rows(found["rows"]))


@contextmanager
def _read(
    desk: Desk, question: AnalysesQuestion, about: Mapping[str, Any]
) -> Iterator[tuple[Members, Asked]]:
    """Everybody in the project's scope at the latest commit, once the gate has let it pass."""
    project = desk.project(question.project)
    opened = desk.read("analyses", question, about, project=project, at_latest=True)
    with opened as (reader, asked):
        asked.commit = reader.base.pinned_no
        cohort = desk.hall.cohorts.at(desk.hall.warehouse, reader.base.pinned_no)
        yield cohort.members(question.purpose, project=project), asked
