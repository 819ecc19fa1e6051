"""Genotypes of M: bands of heteroplasmy in place of ploidy (DESIGN 5.7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.genotype import (
    depth_of,
    filters_pass,
    is_depth_listed,
    known_allele,
    sum_of_depths,
)
from loaders.kernel.jit import inner

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@inner
def judge_mito(memo: Longs, values: Floats) -> None:
    """Set a genotype's state and each alternate's dose: 1 heteroplasmic, 2 homoplasmic.

    An alternate written twice has one dose, the larger, under the first of its writings.
    """
    a, b = known_allele(memo[w.M_A], memo), known_allele(memo[w.M_B], memo)
    memo[w.M_KNOWN_A], memo[w.M_KNOWN_B] = a, b
    calls = _set_doses(memo, values)
    depth = depth_of(memo, values)
    memo[w.M_STATE] = 0
    if not (a >= 0 or b >= 0 or calls) or (not calls and depth == 0):
        return
    state = w.KNOWN1 | (w.CALLS1 if calls else 0)
    if not filters_pass(memo, calls):
        state |= w.BAD_FILTER
    if is_depth_listed(memo) and not depth >= values[w.T_MIN_DP_MITO]:
        state |= w.BAD_DEPTH1
    memo[w.M_STATE] = state


@inner
def _set_doses(memo: Longs, values: Floats) -> bool:
    """Set each alternate's dose and fraction; returns whether any, ``*`` among them, is called.

    An alternate whose fraction calls it is carried, whatever GT says.
    """
    calls = False
    for alt in range(memo[w.M_ALTS]):
        memo[w.M_DOSE + alt] = 0
        values[w.V_FRACTION + alt] = np.nan
        category = memo[w.M_CATEGORY + alt]
        if category != w.KEYED and category != w.STAR:
            continue
        first = memo[w.M_ALIAS + alt]
        fraction = _fraction_of(alt, memo, values)
        dose = 0
        if np.isnan(fraction):
            dose = 2 if memo[w.M_A] == alt + 1 or memo[w.M_B] == alt + 1 else 0
        elif fraction >= values[w.T_MIN_VAF]:
            dose = 2 if fraction >= values[w.T_HOM_VAF] else 1
            memo[w.M_CARRIED + alt] = 1
        if first == alt or dose > memo[w.M_DOSE + first]:
            memo[w.M_DOSE + first] = dose
            values[w.V_FRACTION + first] = fraction
        calls = calls or dose > 0
    return calls


@inner
def _fraction_of(alt: int, memo: Longs, values: Floats) -> float:
    """The allele fraction of an alternate: AF, VAF, HL, else AD over its sum, else NaN."""
    for source in range(3):
        if not np.isnan(values[w.V_FIELD + w.AF + source]):
            fraction = values[w.V_FRACTIONS + source * w.MAX_ALLELES + alt]
            if not np.isnan(fraction):
                return float(fraction)
    if memo[w.M_LISTED + w.AD] and not np.isnan(values[w.V_AD + 1 + alt]):
        total = sum_of_depths(memo, values)
        if total > 0:
            return float(values[w.V_AD + 1 + alt] / total)
    return np.nan
