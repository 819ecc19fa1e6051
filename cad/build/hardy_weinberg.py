"""The exact test of Hardy-Weinberg proportions (Wigginton, Cutler and Abecasis 2005)."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


def excess_heterozygosity(het: Longs, hom: Longs, reference: Longs) -> Floats:
    """The chance of as many heterozygotes or more, given the allele counts; one-sided.

    Args:
        het: heterozygotes.
        hom: homozygotes of the alternate allele.
        reference: homozygotes of the reference allele.

    >>> excess_heterozygosity(np.array([100]), np.array([0]), np.array([0])).round(4)
    array([0.])
    >>> excess_heterozygosity(np.array([1]), np.array([0]), np.array([99])).tolist()
    [1.0]
    """
    cases = zip(het.tolist(), hom.tolist(), reference.tolist(), strict=True)
    return np.array([_chance(*case) for case in cases], float)


@lru_cache(maxsize=100_000)
def _chance(het: int, hom: int, reference: int) -> float:
    persons = het + hom + reference
    rare = min(2 * hom + het, 2 * reference + het)
    possible = np.arange(rare % 2, rare + 1, 2)
    few = (rare - possible) // 2
    many = persons - possible - few
    # As in `cad.frequency`: readers that ask for no flag need not wait for scipy.
    gammaln = import_module("scipy.special").gammaln
    log_weight = (
        possible * np.log(2.0) - gammaln(possible + 1) - gammaln(few + 1) - gammaln(many + 1)
    )
    if het <= possible[0]:
        return 1.0
    weight = np.exp(log_weight - log_weight.max())
    return float(weight[possible >= het].sum() / weight.sum())
