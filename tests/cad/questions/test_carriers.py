"""Carriers of each variant of a drawn cohort, counted by a twin from what was drawn."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from scipy.stats import false_discovery_control, fisher_exact
from scipy.stats.contingency import odds_ratio

from cad.cohort.filter import parse_filter
from cad.cohort.select import CohortCache, latest_cohort
from cad.query import BaseReader, open_base
from cad.questions.carriers import find_carriers
from schemas.errors import BadQuestion
from tests.cad.questions.cohorts import Made, Person, closure, phenotyped

CELLS = ("carriers_with", "carriers_without", "others_with", "others_without")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with phenotyped(tmp_path_factory.mktemp("carriers")) as found:
        yield found


COHORTS = CohortCache()


def _ask(made: Made, variant: str, *where: str, purpose: str = "care", **options: Any) -> Any:
    with (
        open_base(made.warehouse, purpose) as base,
        latest_cohort(made.warehouse, COHORTS) as cohort,
    ):
        reader, options = BaseReader(made.warehouse, base), {"level": "term", **options}
        return find_carriers(reader, cohort, variant, parse_filter(where), **options)


def _count(people: Sequence[Person], variant: str) -> dict[str, int]:
    kinds = [one.genotypes[variant] for one in people]
    forms = {name: kinds.count(name) for name in ("het", "hom", "hemi")}
    return {
        "carriers": sum(forms.values()),
        **forms,
        "callable": len(kinds) - kinds.count("none"),
    }


@pytest.mark.parametrize("purpose", ["care", "research"])
def test_carriers_of_every_variant_equal_what_was_drawn(made: Made, purpose: str) -> None:
    people = made.counting(purpose)
    for variant in made.variants:
        document = _ask(made, variant, purpose=purpose)
        wanted = _count(people, variant)
        assert {name: document[name] for name in wanted} == wanted
        assert document["persons"] == len(people)
        for name, rows in document["by"].items():
            values = {one.value(name) for one in people}
            counts = {
                value: _count([one for one in people if one.value(name) == value], variant)
                for value in values
            }
            counts = {value: count for value, count in counts.items() if count["callable"]}
            assert {row.pop("value"): row for row in rows} == counts


def _tables(
    people: Sequence[Person], variant: str, level: str = "term"
) -> dict[str, tuple[int, ...]]:
    """By feature that is tested: its 2 x 2 table, of those told of who could have shown it."""
    told = [
        one for one in people if one.genotypes[variant] != "none" and (one.terms or one.excluded)
    ]
    carriers = [one for one in told if one.genotypes[variant] != "no"]
    others = [one for one in told if one.genotypes[variant] == "no"]
    systems = {"HP:0000707", "HP:0001626"}
    terms = {term for one in told for term in one.closed}
    tables = {}
    for term in terms & systems if level == "organ-system" else terms:
        with_it = [sum(term in one.closed for one in some) for some in (carriers, others)]
        if 2 <= sum(with_it) < len(told):
            tables[term] = (
                with_it[0], len(carriers) - with_it[0], with_it[1], len(others) - with_it[1],
            )  # fmt: skip
    return tables


@pytest.mark.parametrize("level", ["term", "organ-system"])
def test_enrichment_equals_scipy_on_tables_of_callable_persons(made: Made, level: str) -> None:
    for variant in made.variants:
        document = _ask(made, variant, level=level)
        tables = _tables(made.people, variant, level)
        rows = {row["hpo_id"]: row for row in document["enrichment"]}
        assert document["tested"] == len(tables)
        assert {term for term, table in tables.items() if table[0]} == rows.keys()
        chances = {
            term: float(fisher_exact([table[:2], table[2:]]).pvalue)
            for term, table in tables.items()
        }
        adjusted = dict(zip(chances, false_discovery_control([*chances.values()]), strict=True))
        for term, row in rows.items():
            assert tuple(row[name] for name in CELLS) == tables[term]
            assert row["p"] == pytest.approx(chances[term], rel=1e-9)
            assert row["q"] == pytest.approx(adjusted[term], rel=1e-9)
            if variant not in made.variants[:2]:
                continue
            wanted = odds_ratio([tables[term][:2], tables[term][2:]])
            low, high = wanted.confidence_interval(0.95)
            assert (row["ci_low"], row["ci_high"] or float("inf")) == pytest.approx((low, high))
            if row["odds_ratio"] is not None:
                assert row["odds_ratio"] == pytest.approx(wanted.statistic, rel=1e-6)


def test_the_planted_feature_comes_first(made: Made) -> None:
    first = _ask(made, made.variants[0])["enrichment"][0]
    assert "HP:0001250" in closure(first["hpo_id"]) or first["hpo_id"] == "HP:0000707"
    assert first["q"] < 0.05
    assert first["label"].startswith("Term ")


def test_only_persons_asked_for_count(made: Made) -> None:
    variant = made.variants[1]
    document = _ask(made, variant, "platform=AURAGEN", "HP:0000707")
    people = [
        one for one in made.people if one.platform == "AURAGEN" and "HP:0000707" in one.closed
    ]
    wanted = _count(people, variant)
    assert {name: document[name] for name in wanted} == wanted
    assert document["where"] == ["platform=AURAGEN", "HP:0000707"]
    with pytest.raises(BadQuestion, match="filter_malformed"):
        _ask(made, variant, "mood=good")


def test_a_variant_nobody_carries_has_no_enrichment(made: Made) -> None:
    document = _ask(made, "22-1000-A-T")
    assert (document["carriers"], document["enrichment"]) == (0, [])
    assert document["callable"] == _count(made.people, "22-1000-A-G")["callable"]


def test_no_answer_names_a_person(made: Made) -> None:
    for variant in made.variants:
        text = str(_ask(made, variant))
        assert not [one.person_id for one in made.people if one.person_id in text]
