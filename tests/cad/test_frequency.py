"""Frequencies from counts: gnomAD's values, scipy's own function, the mitochondrion's rules."""

import numpy as np
import pytest
from scipy.stats import gamma

from cad.frequency import allele_count, allele_frequency, counted_alleles, faf95


@pytest.mark.parametrize(
    ("ac", "an", "expected"),
    [(2, 100_000, 3.553615e-6), (10, 250_000, 2.170162e-5), (100, 251_000, 3.352162e-4)],
)
def test_faf95_is_gnomads(ac: int, an: int, expected: float) -> None:
    assert faf95(np.array([ac]), np.array([an]))[0] == pytest.approx(expected, abs=1e-9, rel=1e-6)


def test_faf95_is_the_gamma_quantile_to_the_last_digit() -> None:
    ac = np.array([2, 3, 4095, 4096, 4097, 20_000, 500_000, 2])
    an = np.array([10, 9_999, 8192, 8192, 8195, 40_000, 500_001, 4])
    assert faf95(ac, an).tolist() == (gamma.ppf(0.05, ac) / an).tolist()
    assert (
        faf95(ac.reshape(2, 4), an.reshape(2, 4)).tolist() == faf95(ac, an).reshape(2, 4).tolist()
    )


def test_faf95_without_evidence_is_zero() -> None:
    assert faf95(np.array([0, 1, 5]), np.array([10, 10, 0])).tolist() == [0, 0, 0]
    assert faf95(np.array([], np.int64), np.array([], np.int64)).tolist() == []


def test_frequency_of_nothing_known_is_undefined() -> None:
    fractions = allele_frequency(np.array([1, 0, 0]), np.array([4, 4, 0]))
    assert fractions[:2].tolist() == [0.25, 0.0]
    assert np.isnan(fractions[2])


def test_alleles_are_counted_by_the_contigs_rule() -> None:
    het, hom, hemi = np.array([1, 0]), np.array([2, 3]), np.array([4, 0])
    ac = allele_count("X", het, hom, hemi)
    assert ac.tolist() == [9, 6]
    assert counted_alleles("X", ac, hom).tolist() == [9, 6]
    on_m = allele_count("M", het, hom, np.zeros(2, int))
    assert on_m.tolist() == [3, 3]
    assert counted_alleles("M", on_m, hom).tolist() == [2, 3]
