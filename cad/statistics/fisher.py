"""Fisher's exact test of many 2 x 2 tables at once, with the odds ratio and its exact interval.

Given its margins, the first cell of a table follows the non-central hypergeometric distribution,
whose one parameter is the odds ratio (Fisher 1935; Cornfield 1956). Weights are made step by step
from the observed cell, so that no factorial loses digits.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

_TIE: Final = 1e-10
"""Tables whose chances differ by less, as a share, are as likely as one another.

Ties are exact; rounding moves them by far less than this.
"""
_WIDEST: Final = 700.0
"""Logarithms of odds ratios are sought up to this: exp of more overflows."""
_STEPS: Final = 70
"""Halvings of twice that, which come to less than the last digit of a ratio."""


class OddsRatios(NamedTuple):
    """Odds ratios of tables, and the bounds of their intervals.

    Attributes:
        ratio: the conditional maximum-likelihood estimate, not ad/bc; 0 and infinity where the
            first cell is the least and the greatest that the margins allow, NaN where only one
            value is.
        low: lower bound; 0 where there is none.
        high: upper bound; infinity where there is none.
    """

    ratio: Floats
    low: Floats
    high: Floats


def fisher_exact(tables: ArrayLike) -> Floats:
    """Chances of tables as unlikely as these or more, given the margins; two-sided.

    Equals `scipy.stats.fisher_exact`, which takes one table at a time.

    Args:
        tables: n x 4 counts: with both, with the first only, with the second only, with neither.

    Returns:
        n chances; below 1e-300 they may be 0.

    >>> fisher_exact([[8, 2, 1, 5], [0, 0, 3, 4]]).round(6).tolist()
    [0.034965, 1.0]
    """
    chances: Floats = _two_sided(_checked(tables), _TIE)
    return chances


def odds_ratios(tables: ArrayLike, confidence: float = 0.95) -> OddsRatios:
    """Conditional maximum-likelihood odds ratios with exact (Clopper-Pearson like) intervals.

    Equals `scipy.stats.contingency.odds_ratio` of kind conditional and its two-sided interval,
    which are R's `fisher.test`'s. Costs a hundred times a test: ask it of what is shown.

    Args:
        tables: as of `fisher_exact`.
        confidence: of the interval.

    >>> odds_ratios([[8, 2, 1, 5]]).ratio.round(4).tolist()
    [15.4658]
    """
    found = _conditional(_checked(tables), (1 - confidence) / 2, _WIDEST, _STEPS)
    return OddsRatios(*(np.ascontiguousarray(column) for column in found.T))


def _checked(tables: ArrayLike) -> Longs:
    counts = np.ascontiguousarray(tables, np.int64).reshape(-1, 4)
    if (counts < 0).any():
        raise ValueError("a table has a negative count")
    return counts


@njit(cache=True, nogil=True)
def _two_sided(tables: Longs, tie: float) -> Any:
    chances = np.empty(len(tables))
    for at in range(len(tables)):
        a, b, c, d = tables[at]
        total = 1.0
        rare = 1.0
        weight = 1.0
        for x in range(a, min(a + b, a + c)):
            weight *= (a + b - x) * (a + c - x) / ((x + 1.0) * (d - a + x + 1.0))
            total += weight
            rare += weight if weight <= 1.0 + tie else 0.0
        weight = 1.0
        for x in range(a, max(0, a - d), -1):
            weight *= x * (d - a + x * 1.0) / ((a + b - x + 1.0) * (a + c - x + 1.0))
            total += weight
            rare += weight if weight <= 1.0 + tie else 0.0
        chances[at] = min(1.0, rare / total)
    return chances


@njit(cache=True, nogil=True)
def _conditional(tables: Longs, tail: float, widest: float, steps: int) -> Any:
    """Ratio, lower and upper bound of each table."""
    found = np.empty((len(tables), 3))
    for at in range(len(tables)):
        a, b, c, d = tables[at]
        least, most = max(0, a - d), min(a + b, a + c)
        weights = _log_weights(a, b, c, d, least, most)
        found[at] = np.nan, 0.0, np.inf
        if least == most:
            continue
        if a > least:
            found[at, 1] = _solve(weights, a - least, 1, tail, widest, steps)
        if a < most:
            found[at, 2] = _solve(weights, a - least, 2, 1 - tail, widest, steps)
        if a == least:
            found[at, 0] = 0.0
        elif a == most:
            found[at, 0] = np.inf
        else:
            found[at, 0] = _solve(weights, a - least, 0, a - least, widest, steps)
    return found


@njit(cache=True, nogil=True)
def _log_weights(a: int, b: int, c: int, d: int, least: int, most: int) -> Any:
    """Logarithms of the weights of all tables with the same margins, at an odds ratio of 1."""
    weights = np.zeros(most - least + 1)
    for x in range(least, most):
        ratio = (a + b - x) * (a + c - x) / ((x + 1.0) * (d - a + x + 1.0))
        weights[x - least + 1] = weights[x - least] + np.log(ratio)
    return weights


@njit(cache=True, nogil=True)
def _solve(
    weights: Floats, observed: int, what: int, wanted: float, widest: float, steps: int
) -> float:
    """The odds ratio at which a figure, which grows with it, is the wanted one."""
    low, high = -widest, widest
    for _ in range(steps):
        middle = (low + high) / 2
        if _figure(weights, observed, what, middle) < wanted:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


@njit(cache=True, nogil=True)
def _figure(weights: Floats, observed: int, what: int, log_ratio: float) -> float:
    """Of the first cell at an odds ratio: 0 its mean, 1 P(X >= observed), 2 P(X > observed)."""
    top = -np.inf
    for x in range(len(weights)):
        top = max(top, weights[x] + x * log_ratio)
    total = 0.0
    part = 0.0
    for x in range(len(weights)):
        weight = np.exp(weights[x] + x * log_ratio - top)
        total += weight
        if what == 0:
            part += weight * x
        elif x > observed or (what == 1 and x == observed):
            part += weight
    return part / total
