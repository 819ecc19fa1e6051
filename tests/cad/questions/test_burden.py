"""Question 3: gene burden, against a recount person by person and other implementations."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, false_discovery_control, fisher_exact
from sqlalchemy import Connection

from cad.cohort.filter import parse_filter
from cad.cohort.select import latest_cohort
from cad.commit import open_session
from cad.query import BaseReader, open_base
from cad.questions.burden import Rules, find_burden
from cad.registry.analyses import insert_analysis
from cad.statistics.firth import firth_logistic
from loaders.lake_writer import LakeWriter
from schemas.analyses import ANALYSIS_TABLES
from schemas.errors import BadQuestion, NotFound
from tests.cli import cad, cad_json
from tests.planted import PERSONS, SITES, Planted

GENES = ("ONE", "TWO", "THREE")
RULES = Rules(
    masks=("lof", "lof+missense", "missense"), max_af=0.2, min_score=0.4, min_callable=0.8
)


def ask(planted: Planted, rules: Rules = RULES, controls: Sequence[str] = ()) -> dict[str, Any]:
    warehouse = planted.warehouse
    with open_base(warehouse, "care") as base, latest_cohort(warehouse) as cohort:
        return find_burden(
            BaseReader(warehouse, base), cohort, GENES, parse_filter(["affected=1"]),
            parse_filter(controls), rules,
        )  # fmt: skip


def founder_frequency(planted: Planted, at: int) -> float:
    """AF among those without a declared parent, cell by cell."""
    founders = [one for one in PERSONS if not planted.sheet[one]["father_id"]]
    passing = [planted.cells[one, at][0] for one in founders if planted.passes(one, at)]
    return sum(map(sum, passing)) / sum(map(len, passing))


def in_mask(at: int, mask: str) -> bool:
    site = SITES[at]
    missense = site.impact == "MODERATE" and round(site.score, 4) >= RULES.min_score  # type: ignore[operator]
    return (mask != "missense" and site.impact == "HIGH") or (mask != "lof" and missense)


def origin(planted: Planted, person: str, at: int) -> str:
    """The parent an allele came from, sentence by sentence."""
    said = {}
    for parent in ("father", "mother"):
        name = planted.sheet[person][f"{parent}_id"]
        if not name or not planted.passes(name, at):
            said[parent] = "no word"
        else:
            said[parent] = "carries" if planted.dosage(name, at) else "clear"
    for parent, other in (("father", "mother"), ("mother", "father")):
        if said[parent] == "carries" and said[other] != "carries":
            return parent
        if said[parent] == "no word" and said[other] == "clear":
            return parent
    return "unknown"


def is_biallelic(planted: Planted, person: str, sites: Sequence[int]) -> tuple[bool, bool]:
    """Whether both copies are changed, and whether that is known by no parent alone."""
    hets = []
    for at in sites:
        alleles, _ = planted.cells[person, at]
        if planted.dosage(person, at) and all(alleles):
            return True, False
        if planted.dosage(person, at):
            hets.append(at)
    pairs = [{origin(planted, person, one) for one in pair} for pair in combinations(hets, 2)]
    if {"father", "mother"} in pairs:
        return True, False
    return (True, True) if any("unknown" in pair for pair in pairs) else (False, False)


@pytest.mark.parametrize("model", ["dominant", "recessive"])
@pytest.mark.parametrize("mask", ["lof", "lof+missense", "missense"])
def test_tables_are_those_of_a_recount(planted: Planted, mask: str, model: str) -> None:
    tests = [t for t in ask(planted)["tests"] if (t["mask"], t["model"]) == (mask, model)]
    assert [one["gene"] for one in tests] == list(GENES)
    for test in tests:
        sites = [
            at for at, site in enumerate(SITES)
            if site.symbol == test["gene"] and in_mask(at, mask)
            and any(sum(planted.cells[one, at][0]) for one in PERSONS)
            and founder_frequency(planted, at) <= RULES.max_af
        ]  # fmt: skip
        assert test["variants"] == ["-".join(map(str, SITES[at].key)) for at in sites]
        rows = {True: [0, 0, 0], False: [0, 0, 0]}
        unphased = 0
        for person in PERSONS:
            row = rows[planted.sheet[person]["affected"] == "1"]
            share = np.mean([planted.passes(person, at) for at in sites]) if sites else 1.0
            if share < RULES.min_callable:
                row[2] += 1
                continue
            if model == "dominant":
                carries = any(planted.dosage(person, at) for at in sites)
            else:
                carries, unknown = is_biallelic(planted, person, sites)
                unphased += unknown
            row[0 if carries else 1] += 1
        found = [[test[group][name] for name in ("carriers", "others")] for group in
                 ("cases", "controls")]  # fmt: skip
        assert found == [rows[True][:2], rows[False][:2]]
        assert list(test["not_callable"].values()) == [rows[True][2], rows[False][2]]
        assert test["unphased"] == (unphased if model == "recessive" else None)
        if rows[True][0] + rows[False][0]:
            assert test["p"] == pytest.approx(fisher_exact(found).pvalue, rel=1e-9)


def test_the_cohort_shows_what_the_tests_are_about(planted: Planted) -> None:
    tests = ask(planted)["tests"]
    assert sum(one["unphased"] or 0 for one in tests) > 3
    assert sum(one["cases"]["carriers"] for one in tests if one["model"] == "recessive") > 5
    assert any(one["not_callable"]["cases"] for one in tests)
    told = {one["q"] is not None for one in tests if one["p"] is not None}
    assert told == {True}
    for key in {(one["mask"], one["model"]) for one in tests}:
        own = [t for t in tests if (t["mask"], t["model"]) == key and t["p"] is not None]
        expected = false_discovery_control([one["p"] for one in own])
        assert [one["q"] for one in own] == pytest.approx(expected)


def test_only_chosen_controls_are_compared(planted: Planted) -> None:
    answer = ask(planted, controls=["founder=1", "sex=XX"])
    expected = [
        one for one, row in planted.sheet.items()
        if row["sex"] == "XX" and not row["father_id"] and row["affected"] != "1"
    ]  # fmt: skip
    assert answer["controls"] == {"where": ["founder=1", "sex=XX"], "persons": len(expected)}


def newton_firth(outcome: NDArray[Any], design: NDArray[Any], free: Sequence[int]) -> Any:
    """Firth's estimate by the modified score (Heinze and Schemper 2002), columns `free` alone."""
    beta = np.zeros(design.shape[1])
    for _ in range(500):
        chance = 1 / (1 + np.exp(-design @ beta))
        weight = chance * (1 - chance)
        whole = np.linalg.inv(design.T @ (design * weight[:, None]))
        leverage = weight * np.einsum("ij,jk,ik->i", design, whole, design)
        score = design.T @ (outcome - chance + leverage * (0.5 - chance))
        part = design[:, free]
        step = np.linalg.inv(part.T @ (part * weight[:, None])) @ score[free]
        beta[free] += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-11:
            break
    chance = 1 / (1 + np.exp(-design @ beta))
    information = design.T @ (design * (chance * (1 - chance))[:, None])
    likelihood = np.log(np.where(outcome > 0, chance, 1 - chance)).sum()
    penalised = likelihood + 0.5 * np.linalg.slogdet(information)[1]
    # Each observation stands beside its contrary, both weighed by half its leverage.
    augmented = design.T @ (design * (chance * (1 - chance) * (1 + leverage))[:, None])
    return beta, np.sqrt(np.diag(np.linalg.inv(augmented))), penalised


@pytest.mark.parametrize("case", range(12))
def test_firth_equals_an_independent_implementation(case: int) -> None:
    rng = np.random.default_rng(case)
    rows = 60 + 20 * case
    sex, site = rng.random(rows) < 0.5, rng.random(rows) < 0.3
    exposure = rng.random(rows) < 0.12
    outcome = rng.random(rows) < 0.2 + 0.4 * exposure + 0.1 * sex
    if case >= 4:
        outcome |= exposure  # every carrier is a case: without the penalty there is no estimate
    if case >= 8:
        outcome = exposure  # and every case a carrier
    given = [("sex", sex.astype(float)), ("site", site.astype(float))]
    again = [*given, ("no site", 1.0 - site), ("all", np.ones(rows))]
    found = firth_logistic(outcome, exposure, again)
    assert found is not None
    assert (found.converged, found.covariates) == (True, ("sex", "site"))
    design = np.column_stack([np.ones(rows), exposure, sex, site]).astype(float)
    beta, se, full = newton_firth(outcome.astype(float), design, [0, 1, 2, 3])
    _, _, null = newton_firth(outcome.astype(float), design, [0, 2, 3])
    assert found.beta == pytest.approx(beta[1], rel=1e-5, abs=1e-7)
    assert found.se == pytest.approx(se[1], rel=1e-5)
    assert found.p == pytest.approx(chi2.sf(2 * (full - null), 1), rel=1e-4)


def test_firth_fits_nothing_where_nothing_differs() -> None:
    yes, some = np.ones(9, bool), np.arange(9) < 4
    assert firth_logistic(yes, some) is None
    assert firth_logistic(some, yes) is None
    assert firth_logistic(some, ~some, [("same", some.astype(float))]) is None


def test_the_command_answers_as_the_function_and_refuses(planted: Planted, tmp_path: Any) -> None:
    (tmp_path / "genes.txt").write_text("# three\nONE\nTWO\n\nTHREE\n")
    words = ("burden", "--genes", tmp_path / "genes.txt", "-w", planted.warehouse.path)
    asked = ("--cases", "affected=1", "--max-af", 0.2, "--min-score", 0.4, "--min-callable", 0.8)
    masks = ("--mask", "lof", "--mask", "lof+missense", "--mask", "missense")
    assert cad_json(*words, *asked, *masks) == ask(planted)
    assert "lof+missense" in cad(*words, *asked).stdout
    for more, reason in (
        ((), "filter_malformed"),
        (("--cases", "affected=1", "--mask", "all"), "request_malformed"),
        (("--cases", "affected=1", "--score", "revel"), "annotation_unknown"),
        (("--cases", "affected=1"), "request_malformed"),
    ):
        assert cad_json(*words, *more, code=1)["reason"] == reason
    with pytest.raises(BadQuestion):
        ask(planted, Rules(covariates=("colour",)))
    with pytest.raises(NotFound):
        ask(planted, Rules(score="cadd"))


def keep_scores(planted: Planted, scores: dict[int, float], component: int) -> None:
    """Commit scores of a component as `cad analyse pca` does."""
    warehouse = planted.warehouse
    rows = pa.Table.from_pydict(
        {
            "sample": list(scores), "component": [component] * len(scores),
            "score": list(scores.values()), "founder": [True] * len(scores),
        },
        ANALYSIS_TABLES["analysis_pca"],
    )  # fmt: skip
    with open_session(warehouse, "analyse") as session:
        with LakeWriter("analysis_pca", session.staging / "analysis_pca.parquet") as writer:
            writer.write(rows)
        file = writer.written
        assert file is not None
        row = {
            "name": "pca", "purpose": "care", "project": None, "base_commit": 1,
            "persons": len(scores), "parameters": {}, "versions": {}, "seconds": 0.0,
        }  # fmt: skip

        def apply(connection: Connection, commit_no: int) -> None:
            placed = [(file, session.lake_path(file))]
            insert_analysis(connection, commit_no, row, placed, {PERSONS[0]: None})

        session.commit(apply, [file])


def test_components_are_covariates_and_who_has_no_score_is_left_out(planted: Planted) -> None:
    rules = replace(RULES, masks=("lof",), models=("dominant",), min_callable=0.0)
    with pytest.raises(BadQuestion, match="covariate_unknown"):
        ask(planted, replace(rules, covariates=("pc1",)))
    with latest_cohort(planted.warehouse) as cohort:
        members = cohort.members("care")
        numbers, persons = members.sample_no.tolist(), members.persons
    rng = np.random.default_rng(4)
    told = {number: float(rng.normal()) for number in numbers[3:]}
    keep_scores(planted, told, component=1)
    (found,) = (
        one
        for one in ask(planted, replace(rules, covariates=("pc1",)))["tests"]
        if one["gene"] == "ONE"
    )
    places = {"-".join(map(str, site.key)): at for at, site in enumerate(SITES)}
    own = [places[one] for one in found["variants"]]
    kept = [at for at, number in enumerate(numbers) if number in told]
    carries = np.array(
        [any(planted.dosage(persons[at], place) for place in own) for at in kept], bool
    )
    affected = np.array([planted.sheet[persons[at]]["affected"] == "1" for at in kept], bool)
    scores = np.array([told[numbers[at]] for at in kept])
    expected = firth_logistic(affected, carries, [("pc1", scores)])
    assert expected is not None
    firth = found["firth"]
    assert (firth["beta"], firth["p"]) == pytest.approx((expected.beta, expected.p), rel=1e-6)
    assert firth["covariates"] == ["pc1"]
    # Fisher's table is of everybody, with a score or without.
    assert sum(found["cases"].values()) + sum(found["controls"].values()) == len(persons)
