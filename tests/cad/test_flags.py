"""Flags of variants against textbook formulas and exact enumeration."""

from fractions import Fraction
from math import comb, factorial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cad.build.flags import platform_chance
from cad.build.hardy_weinberg import excess_heterozygosity
from cad.build.run import build_base
from cad.push import push_batch
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.warehouse import Warehouse
from tests.pushed import family


def chance_of(*tables: list[list[int]]) -> float:
    """The chance of one variant: a groups x (alternate, other) table for each region."""
    return float(platform_chance(np.array(tables, float)[..., None])[0])


@pytest.mark.parametrize(
    "table", [[[10, 90], [30, 70]], [[5, 195], [9, 91], [40, 160]], [[1, 999], [3, 497]]]
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
