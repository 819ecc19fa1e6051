"""Flags: what a reader should distrust of a variant; they never change a count.

Three are chances under a hypothesis, worked out when the base is built (`cad.build.flags`) and kept
in it as they are. As many variants may be tested as the base holds, and some chances are small by
chance alone; so a flag is raised where the chance times that number (Bonferroni) is below 5 %. The
fourth is a rate.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FLAG_FIELDS: Final = ("p_platform", "p_pipeline", "p_excess_het", "call_rate")
"""The columns of `schemas.tables.BASE_AN` that flags are made of, in the order of `FLAGS`."""
FLAGS: Final = (
    "platform_difference",
    "pipeline_difference",
    "excess_heterozygosity",
    "low_call_rate",
)
CHANCES: Final = 3
"""So many of them, the first, rest on a chance."""
P_CORRECTED: Final = 0.05
"""A flag is raised where the corrected chance is below this."""
LOW_CALL_RATE: Final = 0.9
"""A call rate below this is flagged, as for a site of gnomAD."""

Floats = NDArray[np.float64]


def corrected_chances(values: Floats, variants: int) -> Floats:
    """The chances of `FLAG_FIELDS` in the last dimension, corrected; NaN where there is none.

    >>> corrected_chances(np.array([0.25, 0.75, np.nan, 0.5]), 2).tolist()
    [0.5, 1.0, nan]
    """
    corrected: Floats = np.minimum(values[..., :CHANCES] * max(variants, 1), 1.0)
    return corrected


def raised_flags(values: Floats, variants: int) -> NDArray[np.bool_]:
    """Which of `FLAGS` are raised, in the last dimension, by the values of `FLAG_FIELDS`.

    `variants` are those of the base of the purpose. What was not tested is not raised.
    """
    low = values[..., CHANCES:] < LOW_CALL_RATE
    raised: NDArray[np.bool_] = np.concatenate(
        [corrected_chances(values, variants) < P_CORRECTED, low], axis=-1
    )
    return raised


def raised_names(values: Floats, variants: int) -> list[list[str]]:
    """The flags that are raised, by variant; `values` are variant x `FLAG_FIELDS`."""
    return [
        [name for name, is_raised in zip(FLAGS, row, strict=True) if is_raised]
        for row in raised_flags(values, variants).tolist()
    ]


def flags_document(values: Floats, variants: int) -> list[dict[str, Any]]:
    """The flags of one variant, raised or not: the chance or rate, and the chance corrected.

    Both are None where nothing was tested.
    """
    corrected = [*corrected_chances(values, variants).tolist(), np.nan]
    return [
        {"flag": name, "raised": is_raised, "value": _known(value), "corrected": _known(after)}
        for name, is_raised, value, after in zip(
            FLAGS, raised_flags(values, variants).tolist(), values.tolist(), corrected, strict=True
        )
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
