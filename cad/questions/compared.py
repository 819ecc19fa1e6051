"""Carriers among cases and controls: who is in the table, its tests, and their figures as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cad.cohort.genotypes import Known
from cad.statistics.firth import Firth, firth_logistic
from cad.statistics.fisher import fisher_exact, odds_ratios

Document = dict[str, Any]
Flags = NDArray[np.bool_]
Covariates = Sequence[tuple[str, NDArray[np.float64]]]


def callable_share(known: Known, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """By member: the share of some positions with a known passing allele; 1 of none at all."""
    if not len(places):
        return np.ones(len(known.passing))
    share: NDArray[np.float64] = (known.passing[:, places] > 0).mean(axis=1)
    return share


def compare_groups(
    carries: Flags, cases: Flags, controls: Flags, in_table: Flags, covariates: Covariates
) -> Document:
    """Compare carriers among cases and controls, of those who are in the table.

    All are over the same persons. Fisher's test and the conditional odds ratio with its exact
    interval; Firth's regression of being a case on carrying, beside the covariates, of those of
    whom all are known. Infinite bounds, and figures of a table without a carrier, are None.
    """
    rows = [
        (int((carries & own).sum()), int((own & ~carries).sum()))
        for own in (cases & in_table, controls & in_table)
    ]
    firth = None
    if any(carrying for carrying, _ in rows):
        own = in_table & (cases | controls)
        for _, values in covariates:
            own = own & np.isfinite(values)
        beside = [(name, values[own]) for name, values in covariates]
        firth = firth_logistic(cases[own], carries[own], beside)
    return {
        "cases": {"carriers": rows[0][0], "others": rows[0][1]},
        "controls": {"carriers": rows[1][0], "others": rows[1][1]},
        "not_callable": {
            "cases": int((cases & ~in_table).sum()),
            "controls": int((controls & ~in_table).sum()),
        },
        **_fisher(rows),
        "firth": _firth_document(firth),
    }


def _fisher(rows: Sequence[tuple[int, int]]) -> Document:
    """Fisher's test and the odds ratio of a table; nothing is told where nobody carries."""
    if not any(carrying for carrying, _ in rows):
        return {"p": None, "q": None, "odds_ratio": None, "odds_low": None, "odds_high": None}
    table = [figure for row in rows for figure in row]
    ratio = odds_ratios(table)
    return {
        "p": float(fisher_exact(table)[0]),
        "q": None,
        "odds_ratio": _finite(ratio.ratio[0]),
        "odds_low": _finite(ratio.low[0]),
        "odds_high": _finite(ratio.high[0]),
    }


def _finite(value: float) -> float | None:
    """A number as JSON knows it: none for infinity."""
    return float(value) if math.isfinite(value) else None


def _firth_document(found: Firth | None) -> Document | None:
    if found is None:
        return None
    return {
        "beta": _finite(found.beta),
        "se": _finite(found.se),
        "p": _finite(found.p),
        "converged": found.converged,
        "covariates": list(found.covariates),
    }
