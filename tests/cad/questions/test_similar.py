"""Persons alike: of a drawn cohort against a twin, and of real phenopackets by their diseases."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from cad.cohort.project import Project, read_project
from cad.cohort.select import CohortCache, latest_cohort
from cad.questions.similar import find_similar, gathered
from cad.registry.access_tables import project as project_table
from cad.registry.engine import reading, registry_now, writing
from cad.statistics.similarity import MEASURES, InformationContent, Measure, ProfileIndex
from loaders.ontology.obo import read_obo
from loaders.ontology.term import ancestors
from schemas.errors import BadQuestion, NotFound
from tests.cad.questions.cohorts import ALTERNATIVE, Made, Person, closure, phenotyped
from tests.cli import cad, cad_json

COHORTS = CohortCache()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with phenotyped(tmp_path_factory.mktemp("similar"), seed=3, persons=40) as found:
        yield found


@pytest.fixture(scope="module")
def project(made: Made) -> Project:
    """An approved project of one indication."""
    with writing(made.warehouse.engine) as connection:
        now = registry_now(connection)
        connection.execute(
            insert(project_table).values(
                name="P", title="t", purpose="research", state="approved", approved_by="board",
                scope={"indications": ["Leucodystrophies", "Cardiomyopathie"]},
                ends_on=date(2126, 1, 1), pseudonym_key=b"k" * 32, created_at=now, approved_at=now,
            )
        )  # fmt: skip
    with reading(made.warehouse.engine) as connection:
        return read_project(connection, "P")


def _ask(made: Made, *terms: str, purpose: str = "care", **options: Any) -> Any:
    with latest_cohort(made.warehouse, COHORTS) as cohort:
        return find_similar(cohort, purpose, terms, **options)


def _specific(terms: set[str]) -> set[str]:
    current = {ALTERNATIVE.get(one, one) for one in terms}
    return {one for one in current if not any(one in closure(other) - {other} for other in current)}


def _score(query: set[str], other: Person, corpus: list[Person], measure: Measure) -> float:
    """Best-match average by its definition."""

    def tells(term: str) -> float:
        return log(len(corpus) / max(1, sum(term in one.closed for one in corpus)))

    def alike(one: str, another: str) -> float:
        shared = max(map(tells, closure(one) & closure(another)))
        both = tells(one) + tells(another)
        return shared if measure == "resnik" else (2 * shared / both if both else 0.0)

    first, second = _specific(query), _specific(other.terms)
    there = sum(max(alike(a, b) for b in second) for a in first) / len(first)
    back = sum(max(alike(a, b) for a in first) for b in second) / len(second)
    return (there + back) / 2


@pytest.mark.parametrize("measure", MEASURES)
def test_those_of_a_project_are_ranked_as_by_the_twin(
    made: Made, project: Project, measure: Measure
) -> None:
    people = [one for one in made.counting("research") if one.indication]
    corpus = [one for one in people if one.terms]
    query = {"HP:0002133", "HP:0001638"}
    document = _ask(made, *query, purpose="research", project=project, measure=measure, top=500)
    wanted = sorted((_score(query, one, corpus, measure) for one in corpus), reverse=True)
    assert [row["score"] for row in document["similar"]] == pytest.approx(wanted, abs=1e-12)
    assert document["compared"] == len(corpus)
    text = json.dumps(document)
    assert not [one.person_id for one in made.people if one.person_id in text]


def test_a_person_is_compared_with_all_others(made: Made, project: Project) -> None:
    listed = _ask(made, "HP:0001250", purpose="research", project=project, top=500)["similar"]
    asked = listed[0]
    found = _ask(made, person=asked["person"], purpose="research", project=project, top=500)
    assert found["terms"] == asked["features"]
    assert found["compared"] == len(listed) - 1
    assert asked["person"] not in {row["person"] for row in found["similar"]}


def test_outside_a_project_only_counts_are_told(made: Made) -> None:
    document = _ask(made, "HP:0001250")
    assert "similar" not in document
    assert document["top"] == 20
    for rows in (document["by_indication"], document["by_gene"]):
        assert sum(row["persons"] for row in rows) == 20
        assert all(row["persons"] >= document["small_count"] for row in rows)
    described = next(one for one in made.people if one.terms)
    by_person = _ask(made, person=described.person_id)
    assert by_person["terms"] is None
    assert described.person_id not in json.dumps(by_person)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({}, {}),
        ({"a": 4}, {}),
        ({"a": 5}, {"a": 5}),
        ({"a": 9, "b": 4}, {None: 13}),
        ({"a": 9, "b": 6, "c": 2, "d": 2}, {"a": 9, None: 10}),
        ({"a": 9, "b": 3, "c": 3}, {"a": 9, None: 6}),
    ],
)
def test_small_counts_go_together(counts: dict[str, int], shown: dict[str | None, int]) -> None:
    rows = gathered(Counter(counts).elements(), 5)
    assert {row["value"]: row["persons"] for row in rows} == shown


def test_refusals(made: Made, project: Project) -> None:
    for terms, options in (
        ((), {}),
        (("HP:0001250",), {"person": "P001"}),
        (("HP:0001250",), {"top": 21}),
        (("ICD10:G40",), {}),
        (("!HP:0001250",), {}),
        (("HP:0001250",), {"top": 0, "project": project, "purpose": "research"}),
    ):
        with pytest.raises(BadQuestion, match="profile_malformed"):
            _ask(made, *terms, **options)
    for terms, options, reason in (
        (("HP:9999999",), {}, "hpo_unknown"),
        ((), {"person": "NOBODY"}, "person_unknown"),
    ):
        with pytest.raises(NotFound, match=reason):
            _ask(made, *terms, **options)


def test_commands(made: Made, project: Project) -> None:
    folder = made.warehouse.path
    document = cad_json("similar", "HP:0001250", "-w", folder, "--measure", "lin")
    assert document == _ask(made, "HP:0001250", measure="lin")
    shown = cad("similar", "HP:0001250", "-w", folder, "--project", "P", "--purpose", "research")
    assert "features" in shown.stdout
    listed = cad_json(
        "carriers", made.variants[1], "-w", folder, "--project", "P", "--purpose", "research"
    )
    assert listed["carriers_listed"]
    assert "who could have shown it" in cad("carriers", made.variants[1], "-w", folder).stdout
    assert "founders with it" in cad("phenotype", "HP:0001250", "-w", folder).stdout
    assert cad_json("phenotype", "HP:1", "-w", folder, code=1)["reason"] == "filter_malformed"


def _packets(testdata: Path) -> tuple[list[frozenset[str]], list[str]]:
    """Features observed and the disease judged, of packets with three features or more."""
    profiles, diseases = [], []
    with gzip.open(
        testdata / "clinical" / "phenopackets.ndjson.gz", "rt", encoding="utf-8"
    ) as file:
        for line in file:
            packet = json.loads(line)["phenopacket"]
            terms = frozenset(
                one["type"]["id"]
                for one in packet.get("phenotypicFeatures", ())
                if not one.get("excluded")
            )
            judged = [
                one["diagnosis"]["disease"]["id"] for one in packet.get("interpretations", ())
            ]
            if len(terms) >= 3 and len(judged) == 1:
                profiles.append(terms)
                diseases.append(judged[0])
    return profiles, diseases


@pytest.mark.realdata
def test_packets_of_the_same_disease_are_most_alike(testdata: Path) -> None:
    with gzip.open(testdata / "clinical" / "hpo_2025-01-16" / "hp.obo.gz", "rt") as file:
        release = read_obo(file.read().splitlines(), "hp.obo")
    own = {key: term for key, term in release.terms.items() if key.startswith("HP:")}
    above = {key: set(steps) for key, steps in ancestors(own, "hp.obo").items()}
    profiles, diseases = _packets(testdata)

    def closed(term: str) -> set[str]:
        return above.get(term, {term})

    content = InformationContent.of(profiles, closed)
    index = ProfileIndex(profiles, closed, content)
    disease = np.array(diseases)
    frequent = [name for name, number in Counter(diseases).items() if number >= 5]
    queries = np.random.default_rng(4).permutation(np.flatnonzero(np.isin(disease, frequent)))[:40]
    areas: dict[Measure, list[float]] = {measure: [] for measure in MEASURES}
    first: dict[Measure, list[int]] = {measure: [] for measure in MEASURES}
    for query in queries.tolist():
        others = np.arange(len(profiles)) != query
        same = (disease == disease[query])[others]
        for measure in MEASURES:
            scores = index.scores(profiles[query], measure)[others]
            ranks = np.argsort(np.argsort(-scores, kind="stable"), kind="stable")
            first[measure].append(int(ranks[same].min()) + 1)
            n, m = same.sum(), (~same).sum()
            below = (len(scores) - ranks[same]).sum() - n * (n + 1) / 2
            areas[measure].append(float(below / (n * m)))
    for measure in MEASURES:
        assert np.mean(areas[measure]) > 0.9
        assert np.median(first[measure]) <= 2
