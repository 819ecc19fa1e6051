"""Flags of variants against textbook formulas and exact enumeration."""

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import comb, factorial, prod
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cad.build.flags import group_chance
from cad.build.hardy_weinberg import excess_heterozygosity
from cad.build.run import build_base
from cad.push import push_batch
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad, cad_json
from tests.pushed import family


def chance_of(*tables: list[list[int]]) -> float:
    """The chance of one variant: a groups x (alternate, other) table for each region."""
    return float(group_chance(np.array(tables, float)[..., None])[0])


@pytest.mark.parametrize(
    "table", [[[10, 90], [30, 70]], [[5, 195], [9, 91], [40, 160]], [[12, 988], [13, 487]]]
)
def test_one_region_is_pearsons_test_but_for_the_variance(table: list[list[int]]) -> None:
    total = np.sum(table)
    pearson = stats.chi2_contingency(np.array(table), correction=False)
    expected = stats.chi2.sf(pearson.statistic * (total - 1) / total, pearson.dof)
    assert chance_of(table) == pytest.approx(expected, rel=1e-9)


def test_two_platforms_over_regions_are_cochran_mantel_haenszel() -> None:
    tables = [[[10, 90], [30, 70]], [[20, 80], [45, 155]], [[3, 17], [9, 31]]]
    excess = variance = 0.0
    for (a, b), (c, d) in tables:
        n = a + b + c + d
        excess += a - (a + b) * (a + c) / n
        variance += (a + b) * (c + d) * (a + c) * (b + d) / (n * n * (n - 1))
    expected = stats.chi2.sf(excess**2 / variance, 1)
    assert chance_of(*tables) == pytest.approx(expected, rel=1e-9)


def test_difference_of_regions_alone_is_no_difference_of_platforms() -> None:
    # Platform A sees mostly the north, where the allele is common; within each region they agree.
    north, south = [[40, 60], [4, 6]], [[1, 99], [10, 990]]
    pooled = [[41, 159], [14, 996]]
    assert chance_of(north, south) > 0.9
    assert chance_of(pooled) < 1e-9


def test_nothing_to_compare_gives_no_chance() -> None:
    assert np.isnan(chance_of([[0, 100], [0, 50]]))
    assert np.isnan(chance_of([[3, 100], [0, 0]]))
    assert np.isnan(chance_of([[3, 100]]))


def ways(table: list[list[int]]) -> int:
    """In how many ways the alternates lie as they do among their groups' alleles."""
    return prod(comb(alternate + other, alternate) for alternate, other in table)


def exact_difference(table: list[list[int]]) -> Fraction:
    """Fisher's exact test, by enumeration of every table with these margins."""
    sizes = [sum(row) for row in table]
    carried = sum(alternate for alternate, _ in table)
    observed, total, extreme = ways(table), 0, 0
    for found in product(*(range(min(carried, size) + 1) for size in sizes)):
        if sum(found) == carried:
            here = ways([[a, size - a] for a, size in zip(found, sizes, strict=True)])
            total += here
            extreme += here if here <= observed else 0
    return Fraction(extreme, total)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 300)).map(list), min_size=2, max_size=3
    ).filter(lambda table: any(a for a, _ in table) and sum(a + b > 0 for a, b in table) > 1)
)
def test_few_carriers_prove_no_more_than_an_exact_test(table: list[list[int]]) -> None:
    if any(b for _, b in table):
        assert chance_of(table) > float(exact_difference(table)) / 10


def test_one_carrier_of_a_small_platform_is_no_proof() -> None:
    # Of 10 000 alleles known, 10 are that platform's: one in a thousand lies there by chance.
    assert chance_of([[1, 9], [0, 9990]]) == pytest.approx(0.001)
    assert chance_of([[0, 10], [1, 9989]]) == pytest.approx(0.999)
    assert chance_of([[8, 2], [0, 9990]]) < 1e-20


def exact(het: int, hom: int, reference: int) -> Fraction:
    """Enumerate every genotype count with these alleles (Haldane's distribution)."""
    persons, rare = het + hom + reference, het + 2 * hom

    def weight(h: int) -> Fraction:
        few = (rare - h) // 2
        many = persons - h - few
        ways = factorial(persons) // (factorial(few) * factorial(h) * factorial(many))
        return Fraction(ways * 2**h, comb(2 * persons, rare))

    possible = [h for h in range(rare % 2, min(rare, 2 * persons - rare) + 1, 2)]
    assert sum(weight(h) for h in possible) == 1
    return sum((weight(h) for h in possible if h >= het), Fraction(0))


@given(st.integers(0, 25), st.integers(0, 12), st.integers(0, 25))
def test_excess_of_heterozygotes_equals_enumeration(het: int, hom: int, reference: int) -> None:
    if het + hom + reference == 0:
        return
    found = excess_heterozygosity(np.array([het]), np.array([hom]), np.array([reference]))[0]
    assert found == pytest.approx(float(exact(het, hom, reference)), rel=1e-9)


def test_flags_are_columns_of_the_base(warehouse: Warehouse, tmp_path: Path) -> None:
    push_batch(warehouse, family(tmp_path / "batch").path)
    report = build_base(warehouse)
    with reading(warehouse.engine) as connection:
        files = lake_files(connection, report.commit, "base_an", purpose="care")
    rows = [row for file in files for row in pq.read_table(warehouse.path / file.path).to_pylist()]
    first = next(row for row in rows if (row["pos"], row["alt"]) == (100, "G"))
    # One platform cannot differ from itself; the founders are 0/1 and 1/1.
    assert first["p_platform"] is None
    assert first["p_excess_het"] == pytest.approx(float(exact(1, 1, 0)))
    assert first["call_rate"] == 1.0


def forty(path: Path, platform: str, pipeline: dict[str, str], genotype: str) -> Path:
    """A batch of forty persons and five sites: at the first all have this genotype.

    At the second all are heterozygous, at each other site one person is.
    """
    made = BatchDir(path)
    made.manifest |= {"batch_id": f"{platform}-1", "platform": platform, "pipeline": pipeline}
    names = [f"{platform}{n}" for n in range(40)]
    lines = [
        f"chr22 {100 + n} . A G . {'q10' if n == 3 else 'PASS'} . GT "
        + " ".join(genotype if n == 0 else "0/1" if n in (1, at) else "0/0" for at in range(40))
        for n in range(5)
    ]
    made.add("all.vcf", vcf(*names, lines=tuple(lines)))
    made.sheet("sample_id|person_id|sex|region", *(f"{n}|P-{n}|XX|IDF" for n in names))
    return made.write()


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two platforms of one pipeline and a third of another, in one region.

    22-100-A-G is carried by all of the third platform and nobody else, 22-103 passes nowhere.
    """
    folder = tmp_path_factory.mktemp("flagged")
    config = WarehouseConfig(conjunctions=(("pipeline",), ("region", "pipeline")))
    settings = Settings(threads=1, init=config)
    with Warehouse.create(folder / "w", "GRCh38", settings=settings) as warehouse:
        for platform, version, genotype in zip("ABC", "112", ("0/0", "0/0", "0/1"), strict=True):
            pipeline = {"name": "gatk", "version": version}
            push_batch(warehouse, forty(folder / platform, platform, pipeline, genotype))
        build_base(warehouse)
        yield warehouse


def raised(warehouse: Warehouse, variant: str) -> list[str]:
    answer = cad_json("variant", variant, "-w", warehouse.path)
    return [flag["flag"] for flag in answer["flags"] if flag["raised"]]


def test_flags_are_raised_beyond_chance(flagged: Warehouse) -> None:
    assert raised(flagged, "22-100-A-G") == ["platform_difference", "pipeline_difference"]
    assert raised(flagged, "22-101-A-G") == ["excess_heterozygosity"]
    assert raised(flagged, "22-102-A-G") == []
    assert raised(flagged, "22-103-A-G") == ["low_call_rate"]
    answer = cad_json("variant", "22-102-A-G", "-w", flagged.path)
    platforms, pipelines, founders, rate = answer["flags"]
    # Three carriers, one of each platform; five variants are in the base.
    assert platforms["value"] == pytest.approx(chance_of([[1, 79], [1, 79], [1, 79]]))
    assert pipelines["value"] == pytest.approx(chance_of([[2, 158], [1, 79]]))
    assert founders["value"] == pytest.approx(float(exact(3, 0, 117)))
    assert (rate["value"], platforms["corrected"]) == (1, 1)
    strata = {row["stratum"] for row in answer["frequencies"]}
    assert {"pipeline=gatk 1", "region=IDF,pipeline=gatk 2"} <= strata


@pytest.mark.parametrize("versions", ["12", "11"])
def test_two_pipelines_on_one_platform(versions: str, tmp_path: Path) -> None:
    """One platform that changed its pipeline: all carry a variant by the new one, nobody before."""
    config = WarehouseConfig(conjunctions=(("pipeline",),))
    settings = Settings(threads=1, init=config)
    with Warehouse.create(tmp_path / "w", "GRCh38", settings=settings) as warehouse:
        for night, version, genotype in zip("AB", versions, ("0/0", "0/1"), strict=True):
            batch = forty(tmp_path / night, night, {"name": "gatk", "version": version}, genotype)
            manifest = json.loads((batch / "manifest.json").read_text())
            (batch / "manifest.json").write_text(json.dumps({**manifest, "platform": "ONE"}))
            push_batch(warehouse, batch)
        build_base(warehouse)
        changed = versions == "12"
        differing = {"platform_difference", "pipeline_difference"}
        expected_flags = {"pipeline_difference"} if changed else set()
        assert differing & set(raised(warehouse, "22-100-A-G")) == expected_flags
        assert raised(warehouse, "22-102-A-G") == []
        platforms, pipelines, *_ = cad_json("variant", "22-100-A-G", "-w", warehouse.path)["flags"]
        assert platforms["value"] is None, "one platform cannot differ from itself"
        expected = chance_of([[0, 80], [40, 40]]) if changed else None
        assert pipelines["value"] == (pytest.approx(expected) if changed else None)


def test_flags_change_no_count(flagged: Warehouse) -> None:
    (row,) = cad_json("variant", "22-100-A-G", "-w", flagged.path, "--stratum", "all")[
        "frequencies"
    ]
    assert (row["ac"], row["an"], row["n_het"]) == (40, 240, 40)


def test_flags_in_words(flagged: Warehouse) -> None:
    shown = cad("variant", "22-100-A-G", "-w", flagged.path).stdout.splitlines()
    at = shown.index("flags, which change no count:")
    assert shown[at + 1].startswith("  platforms differ in its frequency beyond chance")
    assert "corrected for the variants of the base" in shown[at + 1]
    assert shown[at + 2].startswith("  pipelines differ in its frequency beyond chance")
    low = cad("variant", "22-103-A-G", "-w", flagged.path).stdout
    assert "low call rate: of the persons assayed here 0.0% have" in low
    assert "no flag is raised" in cad("variant", "22-102-A-G", "-w", flagged.path).stdout
    region = cad("region", "22:90-110", "-w", flagged.path).stdout.splitlines()
    by_variant = {line.split()[0]: line for line in region}
    assert by_variant["22-100-A-G"].rstrip().endswith("platforms, pipelines")
    assert by_variant["22-101-A-G"].rstrip().endswith("heterozygotes")
