"""Runs laid over a table of members by positions, compiled."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

ASSAYED: Final = 1 << 6
"""Beside a code of `schemas.known`: the member's assay covers the position."""
KNOWN: Final = np.uint8(ASSAYED - 1)


@njit(cache=True, nogil=True)
def overlay(
    codes: NDArray[np.uint8],
    positions: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    code: NDArray[np.uint8],
    member: NDArray[np.int64],
) -> None:
    """Let each run's code stand at the positions it covers, in its member's row of `codes`.

    Whether the member was assayed there stays as it is. Positions are ascending, the runs of one
    member do not overlap.
    """
    for run in range(len(start)):
        at = np.searchsorted(positions, start[run])
        while at < len(positions) and positions[at] <= end[run]:
            codes[member[run], at] = (codes[member[run], at] & 64) | code[run]
            at += 1
