"""Questions that select persons: carriers, any subset, phenotypes, burden, similar cases.

Persons are selected as the registry says now. A clinician is told features by organ system, and may
name no family or person; who works in a project finds its persons under its pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Query, Response

from api.desk import Asked, AtDesk, Desk
from api.person_models import BurdenQuestion, PersonQuestion, PhenotypeQuestion, SimilarQuestion
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.cohort.filter import Filter, parse_filter
from cad.cohort.project import Project
from cad.cohort.select import Cohort
from cad.gate import Question
from cad.query import BaseReader
from cad.questions.burden import Rules, find_burden
from cad.questions.carriers import find_carriers
from cad.questions.frequency import find_frequencies
from cad.questions.phenotype import find_phenotype
from cad.questions.similar import find_similar
from schemas.errors import Forbidden

router = APIRouter(tags=["persons"])


class _Among(NamedTuple):
    """Whom a question is put to."""

    reader: BaseReader
    cohort: Cohort
    chosen: Filter
    project: Project | None
    asked: Asked

    def ids_of(self, listed: Iterable[Mapping[str, Any]]) -> list[str]:
        """The ids of persons that an answer lists, for the audit log."""
        return self.cohort.ids_of((one["person"] for one in listed), self.project)


@router.get("/carriers/{variant}", responses=DOCUMENTED)
def read_carriers(
    desk: AtDesk,
    variant: Annotated[str, Path(description="Any name.", examples=["22-16050075-A-G"])],
    question: Annotated[PersonQuestion, Query()],
) -> Response:
    """Who carries a variant: how many, of what kind, and with which features more than others."""
    with _read(desk, "carriers", question, {}) as among:
        found = find_carriers(
            among.reader,
            among.cohort,
            variant,
            among.chosen,
            level="term" if among.project else "organ-system",
            project=among.project,
        )
        among.asked.about = {**among.asked.about, "variant": found["variant"]}
        desk.spend([found["variant"]])
        listed = among.ids_of(found.get("carriers_listed", ()))
        return desk.answer(among.asked, found, found["carriers"], persons=listed)


@router.get("/subset/{what}", responses=DOCUMENTED)
def read_subset(
    desk: AtDesk,
    what: Annotated[str, Path(description="A variant, region or gene.", examples=["SCN1A"])],
    question: Annotated[PersonQuestion, Query()],
) -> Response:
    """How often variants are seen in any subset of persons, with exact denominators."""
    with _read(desk, "subset", question, {}) as among:
        found = find_frequencies(among.reader, among.cohort, what, among.chosen, among.project)
        variants = found["variants"]
        # What was asked may be any text; the log holds places.
        places = found["regions"] or [one["variant"] for one in variants]
        among.asked.about = {**among.asked.about, "places": places}
        desk.spend(one["variant"] for one in variants)
        return desk.answer(among.asked, found, len(variants), lambda: flat_rows(variants))


@router.get("/phenotypes", responses=DOCUMENTED)
def read_phenotype(desk: AtDesk, question: Annotated[PhenotypeQuestion, Query()]) -> Response:
    """Persons with a phenotype, and the genes and variants they carry more often than others."""
    wanted, against = _filter(question.term), _filter(question.against)
    about = {"terms": wanted.texts(), "against": against.texts(), "region": question.region}
    with _read(desk, "burden", question, about) as among:
        found = find_phenotype(
            among.reader,
            among.cohort,
            wanted,
            among.chosen,
            against=against,
            relatives=question.relatives,
            region=question.region,
            impacts=question.impact,
            max_af=question.max_af,
            project=among.project,
        )
        desk.spend(one["variant"] for one in found["variants"])
        return desk.answer(among.asked, found, len(found["genes"]) + len(found["variants"]))


@router.get("/burden/{gene}", responses=DOCUMENTED)
def read_burden(
    desk: AtDesk,
    gene: Annotated[str, Path(description="A gene, by any name.", examples=["SCN1A"])],
    question: Annotated[BurdenQuestion, Query()],
) -> Response:
    """Whether cases carry a gene's damaging variants more often than controls."""
    cases, controls = _filter(question.case), _filter(question.control)
    about = {"gene": gene, "cases": cases.texts(), "controls": controls.texts()}
    rules = Rules(max_af=question.max_af, max_gnomad_af=question.max_gnomad_af)
    with _read(desk, "burden", question, about) as among:
        found = find_burden(
            among.reader, among.cohort, [gene], cases, controls, rules, among.project
        )
        tests = found["tests"]
        return desk.answer(among.asked, found, len(tests), lambda: flat_rows(tests))


@router.get("/similar", responses=DOCUMENTED)
def read_similar(desk: AtDesk, question: Annotated[SimilarQuestion, Query()]) -> Response:
    """Who is most like a profile of features: together, or one by one in a project."""
    with _read(desk, "similar", question, {"terms": question.term}) as among:
        found = find_similar(
            among.cohort,
            question.purpose,
            question.term,
            among.chosen,
            measure=question.measure,
            top=question.top,
            project=among.project,
        )
        listed = among.ids_of(found.get("similar", ()))
        return desk.answer(among.asked, found, found["top"], persons=listed)


@contextmanager
def _read(
    desk: Desk, what: Question, question: PersonQuestion, about: Mapping[str, Any]
) -> Iterator[_Among]:
    """Whom a question is put to, at the latest commit, once the gate has let it pass."""
    project, chosen = desk.project(question.project), _filter(question.where)
    said = {**about, "where": chosen.texts()}
    with desk.read(what, question, said, project=project, at_latest=True) as (reader, asked):
        asked.commit = reader.base.pinned_no
        cohort = desk.hall.cohorts.at(desk.hall.warehouse, reader.base.pinned_no)
        yield _Among(reader, cohort, chosen, project, asked)


def _filter(texts: Sequence[str]) -> Filter:
    """Terms, none of which tells one family or person.

    Raises:
        BadQuestion: `filter_malformed`.
        Forbidden: `not_allowed`.
    """
    chosen = parse_filter(texts)
    if chosen.without_ids() != chosen:
        raise Forbidden("not_allowed", "no family or person may be named here")
    return chosen
