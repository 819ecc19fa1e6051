"""Phenotypes of a drawn cohort: groups, variants and genes recounted by a twin of the drawing."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from scipy.stats import false_discovery_control, fisher_exact

from cad.cohort.filter import parse_filter
from cad.cohort.select import CohortCache, latest_cohort
from cad.query import BaseReader, open_base
from cad.questions.phenotype import find_phenotype
from schemas.errors import BadQuestion
from tests.cad.questions.cohorts import (
    COMMON_IN_GNOMAD,
    CONSEQUENCES,
    Made,
    Person,
    phenotyped,
)

CELLS = ("cases_with", "cases_without", "controls_with", "controls_without")
COHORTS = CohortCache()
Test = Callable[[Person], bool]
Table = tuple[int, ...]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with phenotyped(tmp_path_factory.mktemp("phenotype"), seed=8) as found:
        yield found


def _ask(
    made: Made,
    *asked: str,
    purpose: str = "care",
    against: Sequence[str] = (),
    where: Sequence[str] = (),
    **options: Any,
) -> Any:
    with (
        open_base(made.warehouse, purpose) as base,
        latest_cohort(made.warehouse, COHORTS) as cohort,
    ):
        wanted, other, chosen = map(parse_filter, (asked, against, where))
        reader = BaseReader(made.warehouse, base)
        return find_phenotype(reader, cohort, wanted, chosen, against=other, **options)


def _is_told(one: Person) -> bool:
    return bool(one.terms or one.excluded or one.codes) or one.affected == "0"


def _has_seizures(one: Person) -> bool:
    return "HP:0001250" in one.closed


def _has_epilepsy(one: Person) -> bool:
    return any(code.startswith("G40") for code in one.codes)


def _is_affected(one: Person) -> bool:
    return one.affected == "1"


def _has_leukodystrophy(one: Person) -> bool:
    return one.indication == "Leucodystrophies"


QUESTIONS: dict[str, tuple[Test, Test]] = {
    "HP:0001250": (_has_seizures, _is_told),
    "HP:0002279": (_has_seizures, _is_told),
    "ICD10:G40": (_has_epilepsy, _is_told),
    "affected=1": (_is_affected, lambda one: one.affected == "0"),
    "indication=Leucodystrophies": (_has_leukodystrophy, lambda one: True),
}
"""By question: who has it, and of whom it is known that they do not."""


def _groups(
    people: Sequence[Person], asked: str, relatives: bool
) -> tuple[list[Person], list[Person]]:
    has, is_known = QUESTIONS[asked]
    kept = [one for one in people if relatives or not one.father]
    return [one for one in kept if has(one)], [
        one for one in kept if not has(one) and is_known(one)
    ]


def _table(groups: tuple[list[Person], list[Person]], variant: str) -> Table:
    cells = []
    for group in groups:
        kinds = [one.genotypes[variant] for one in group]
        carriers = sum(kind in ("het", "hom", "hemi") for kind in kinds)
        cells += [carriers, kinds.count("no")]
    return tuple(cells)


def _cells(row: dict[str, Any]) -> Table:
    return tuple(row[name] for name in CELLS)


@pytest.mark.parametrize("relatives", [False, True])
@pytest.mark.parametrize("asked", QUESTIONS)
def test_groups_and_variants_equal_what_was_drawn(made: Made, asked: str, relatives: bool) -> None:
    purpose = "research" if asked == "ICD10:G40" else "care"
    groups = _groups(made.counting(purpose), asked, relatives)
    document = _ask(made, asked, purpose=purpose, relatives=relatives)
    assert [document["cases"], document["controls"]] == [len(one) for one in groups]
    for name in ("cases", "controls"):
        assert sum(row[name] for row in document["by"]["sex"]) == document[name]
    tables = {variant: _table(groups, variant) for variant in made.variants}
    tables = {variant: table for variant, table in tables.items() if table[0] + table[2] >= 2}
    rows = {row["variant"]: row for row in document["variants"]}
    assert {variant: _cells(row) for variant, row in rows.items()} == tables
    assert document["tested"]["variants"] == len(tables)
    chances = [float(fisher_exact([one[:2], one[2:]]).pvalue) for one in tables.values()]
    adjusted = false_discovery_control(chances)
    assert [rows[one]["p"] for one in tables] == pytest.approx(chances, rel=1e-9)
    assert [rows[one]["q"] for one in tables] == pytest.approx(adjusted.tolist(), rel=1e-9)


def _frequency(people: Sequence[Person], variant: str) -> float:
    """Alleles of those known; on M homoplasmic ones alone."""
    kinds = [one.genotypes[variant] for one in people if one.genotypes[variant] != "none"]
    alleles = {"no": 0, "het": 1, "hom": 2, "hemi": 1}
    if variant.startswith("M"):
        return kinds.count("hom") / len(kinds)
    on_x = variant.startswith("X")
    copies = [
        1 if on_x and one.sex == "XY" else 2 for one in people if one.genotypes[variant] != "none"
    ]
    return sum(alleles[kind] for kind in kinds) / sum(copies)


@pytest.mark.parametrize(
    ("impacts", "max_af"), [(("HIGH", "MODERATE"), 0.6), (("HIGH",), 1.0), (("HIGH",), 0.15)]
)
def test_genes_equal_what_was_drawn(made: Made, impacts: tuple[str, ...], max_af: float) -> None:
    groups = _groups(made.people, "HP:0001250", True)
    by_gene: dict[str, list[str]] = {}
    for at, genes in CONSEQUENCES.items():
        variant = made.variants[at]
        if at == COMMON_IN_GNOMAD and max_af < 0.9:
            continue
        if _frequency(made.people, variant) <= max_af:
            for gene, impact in genes:
                if impact in impacts:
                    by_gene.setdefault(gene, []).append(variant)
    wanted = {}
    for gene, variants in by_gene.items():
        cells = []
        for group in groups:
            carries = [
                any(one.genotypes[each] not in ("none", "no") for each in variants) for one in group
            ]
            knows = [
                sum(one.genotypes[each] != "none" for each in variants) >= 0.9 * len(variants)
                for one in group
            ]
            cells += [
                sum(carries),
                sum(known and not has for known, has in zip(knows, carries, strict=True)),
            ]
        if cells[0] + cells[2] >= 2:
            wanted[gene] = (len(variants), *cells)
    document = _ask(made, "HP:0001250", relatives=True, impacts=impacts, max_af=max_af)
    rows = document["genes"]
    assert {row["gene_id"]: (row["variants"], *_cells(row)) for row in rows} == wanted
    assert document["tested"]["genes"] == len(wanted)
    assert document["qualifying"]["gnomad"] == ["gnomad 4.1"]


def test_the_planted_variant_comes_first(made: Made) -> None:
    document = _ask(made, "HP:0001250", relatives=True)
    first = document["variants"][0]
    assert (first["variant"], first["symbols"]) == (made.variants[0], ["SYM0"])
    assert first["odds_ratio"] > 1
    assert first["q"] < 0.01
    assert (document["label"], document["founders_only"]) == ("Term 1250", False)


def test_a_region_and_a_subset_narrow_what_is_asked(made: Made) -> None:
    region = "22:1005-1050"
    document = _ask(made, "HP:0001250", region=region, where=["sex=XX"])
    women = [one for one in made.people if one.sex == "XX"]
    groups = _groups(women, "HP:0001250", False)
    assert [document["cases"], document["controls"]] == [len(one) for one in groups]
    assert document["persons"] == len(women)
    assert {row["variant"] for row in document["variants"]} <= set(made.variants[1:6])
    for row in document["variants"]:
        assert _cells(row) == _table(groups, row["variant"])


def test_those_compared_with_may_be_named(made: Made) -> None:
    document = _ask(made, "indication=Leucodystrophies", against=["indication=Cardiomyopathie"])
    founders = [one for one in made.people if not one.father]
    indications = [one.indication for one in founders]
    assert document["cases"] == indications.count("Leucodystrophies")
    assert document["controls"] == indications.count("Cardiomyopathie")


def test_those_left_out_are_told(made: Made) -> None:
    left = _ask(made, "HP:0001250")["left_out"]
    others = [one for one in made.people if not _has_seizures(one)]
    assert left == {
        "case_relatives": sum(_has_seizures(one) and bool(one.father) for one in made.people),
        "control_relatives": sum(_is_told(one) and bool(one.father) for one in others),
        "untold": sum(not _is_told(one) for one in others),
    }


def test_refusals(made: Made) -> None:
    for asked, options, reason in (
        (("HP:12",), {}, "filter_malformed"),
        ((), {}, "filter_malformed"),
        (("HP:0001250",), {"impacts": ["SEVERE"]}, "consequence_unknown"),
        (("HP:0001250",), {"region": "22"}, "region_malformed"),
    ):
        with pytest.raises(BadQuestion, match=reason):
            _ask(made, *asked, **options)
