"""Questions that select persons: carriers, any subset, phenotypes, similar cases.

Persons are selected as the registry says now. A clinician is told features by organ system, and may
name no family or person; who works in a project finds its persons under its pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from api.desk import Asked, AtDesk, Desk
from api.person_models import PersonQuestion, PhenotypeQuestion, SimilarQuestion
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.cohort.filter import parse_filter
from cad.cohort.project import Project
from cad.cohort.select import latest_cohort
from cad.gate import Question
from cad.query import BaseReader
from cad.questions.carriers import find_carriers
from cad.questions.frequency import find_frequencies
from cad.questions.phenotype import find_phenotype
from cad.questions.similar import find_similar
from schemas.errors import Forbidden

_PERSONAL = frozenset({"family", "person"})

router = APIRouter(tags=["persons"])


@router.get("/carriers/{variant}", responses=DOCUMENTED)
def read_carriers(
    desk: AtDesk,
    variant: Annotated[str, Path(description="Any name.", examples=["22-16050075-A-G"])],
    question: Annotated[PersonQuestion, Query()],
) -> Response:
    """Who carries a variant: how many, of what kind, and with which features more than others."""
    with _read(desk, "carriers", question) as (reader, asked, project):
        found = find_carriers(
            reader,
            variant,
            question.where,
            level="term" if project else "organ-system",
            project=project,
            cohorts=desk.hall.cohorts,
        )
        asked.about = {**asked.about, "variant": found["variant"]}
        desk.spend([found["variant"]])
        return desk.answer(asked, found, found["carriers"])


@router.get("/subset/{what}", responses=DOCUMENTED)
def read_subset(
    desk: AtDesk,
    what: Annotated[str, Path(description="A variant, region or gene.", examples=["SCN1A"])],
    question: Annotated[PersonQuestion, Query()],
) -> Response:
    """How often variants are seen in any subset of persons, with exact denominators."""
    with _read(desk, "subset", question) as (reader, asked, project):
        chosen = parse_filter(question.where)
        with latest_cohort(desk.hall.warehouse, desk.hall.cohorts) as cohort:
            found = find_frequencies(reader, cohort, what, chosen, project)
        asked.about = {**asked.about, "regions": found["regions"]}
        variants = found["variants"]
        desk.spend(one["variant"] for one in variants)
        return desk.answer(asked, found, len(variants), lambda: flat_rows(variants))


@router.get("/phenotypes", responses=DOCUMENTED)
def read_phenotype(desk: AtDesk, question: Annotated[PhenotypeQuestion, Query()]) -> Response:
    """Persons with a phenotype, and the genes and variants they carry more often than others."""
    about = {"terms": question.term, "against": question.against, "region": question.region}
    for terms in (question.term, question.against):
        _check_terms(terms)
    with _read(desk, "burden", question, about) as (reader, asked, project):
        found = find_phenotype(
            reader,
            question.term,
            against=question.against,
            where=question.where,
            relatives=question.relatives,
            region=question.region,
            impacts=question.impact,
            max_af=question.max_af,
            project=project,
            cohorts=desk.hall.cohorts,
        )
        desk.spend(one["variant"] for one in found["variants"])
        return desk.answer(asked, found, len(found["genes"]) + len(found["variants"]))


@router.get("/similar", responses=DOCUMENTED)
def read_similar(desk: AtDesk, question: Annotated[SimilarQuestion, Query()]) -> Response:
    """Who is most like a profile of features: together, or one by one in a project."""
    with _read(desk, "similar", question, {"terms": question.term}) as (reader, asked, project):
        found = find_similar(
            reader,
            question.term,
            measure=question.measure,
            top=question.top,
            where=question.where,
            project=project,
            cohorts=desk.hall.cohorts,
        )
        return desk.answer(asked, found, found["top"])


@contextmanager
def _read(
    desk: Desk, what: Question, question: PersonQuestion, about: dict[str, Any] | None = None
) -> Iterator[tuple[BaseReader, Asked, Project | None]]:
    project = desk.project(question.project)
    where = _check_terms(question.where)
    said = {**(about or {}), "where": where}
    with desk.read(what, question, said, project=project, at_latest=True) as (reader, asked):
        asked.commit = reader.base.pinned_no
        yield reader, asked, project


def _check_terms(texts: list[str]) -> list[str]:
    """Terms as the log may hold them.

    Raises:
        BadQuestion: `filter_malformed`.
        Forbidden: `not_allowed`, for terms that tell one family or person.
    """
    chosen = parse_filter(texts)
    if any(term.field in _PERSONAL for term in chosen.terms):
        raise Forbidden("not_allowed", "no family or person may be named here")
    return chosen.texts()
