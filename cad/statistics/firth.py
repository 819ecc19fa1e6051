"""Logistic regression with Firth's penalty: finite where carriers are few or all of one group.

Penalised by Jeffreys' prior (Firth 1993; Heinze and Schemper 2002), as `logistf` in R does; the
chance is that of the penalised likelihood ratio.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PRECISION: Final = 1e-6
"""Of score and step. Where groups are separated the likelihood is too flat for a finer one."""
_ITERATIONS: Final = 200


@dataclass(frozen=True)
class Firth:
    """The effect of one exposure.

    Attributes:
        beta: logarithm of the odds ratio.
        se: its standard error (Wald), of the observations as the penalty augments them.
        p: chance by the penalised likelihood ratio.
        converged: whether the fit came to its end; its figures are of no use where it did not.
        covariates: those that were fitted beside it.
    """

    beta: float
    se: float
    p: float
    converged: bool
    covariates: tuple[str, ...]


def firth_logistic(
    outcome: NDArray[np.bool_],
    exposure: NDArray[np.bool_],
    covariates: Sequence[tuple[str, Floats]] = (),
) -> Firth | None:
    """Fit an outcome by an exposure and covariates, one element per person.

    A covariate that those before it give, with the intercept, is left out.

    Returns:
        None where nothing can be fitted: the outcome or the exposure is the same in everybody, or
        the covariates give the exposure.
    """
    if outcome.all() or not outcome.any() or not len(outcome):
        return None
    names, columns = _independent(len(outcome), covariates)
    whole = np.column_stack([*columns, exposure.astype(np.float64)])
    if np.linalg.matrix_rank(whole) < whole.shape[1]:
        return None
    made: Any = import_module("firthmodels").FirthLogisticRegression(
        backend="numpy", max_iter=_ITERATIONS, gtol=_PRECISION, xtol=_PRECISION
    )
    design = np.column_stack([exposure.astype(np.float64), *columns[1:]])
    with warnings.catch_warnings():
        # Whether it converged is said in the answer.
        warnings.simplefilter("ignore")
        made.fit(design, outcome.astype(np.int64)).lrt(0)
    figures = float(made.coef_[0]), float(made.bse_[0]), float(made.lrt_pvalues_[0])
    converged = bool(made.converged_) and all(map(math.isfinite, figures))
    return Firth(*figures, converged, tuple(names))


def _independent(
    rows: int, covariates: Sequence[tuple[str, Floats]]
) -> tuple[list[str], list[Floats]]:
    """The intercept and the covariates that add to those before them."""
    names: list[str] = []
    columns = [np.ones(rows)]
    for name, values in covariates:
        tried = np.column_stack([*columns, values])
        if np.linalg.matrix_rank(tried) == tried.shape[1]:
            names.append(name)
            columns.append(np.asarray(values, np.float64))
    return names, columns
