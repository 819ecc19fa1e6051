"""The order of a window's normalised alleles."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel.window import Window

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


def rank_alleles(window: Window, alleles: int) -> Longs:
    """The rank of each of the first `alleles` rows by pos, ref, alt (by bytes); equal keys share one rank."""
    order = np.argsort(window.allele_pos[:alleles], kind="stable").astype(np.int64)
    ranks = np.empty(alleles, np.int64)
    _settle_ties(
        order, ranks, window.allele_pos, window.allele_ref, window.allele_ref_length,
        window.allele_alt, window.allele_alt_length, window.arena,
    )  # fmt: skip
    return ranks


@njit(cache=True, nogil=True)
def _settle_ties(
    order: Longs, ranks: Longs, pos: Ints, ref: Longs, ref_length: Ints, alt: Longs,
    alt_length: Ints, arena: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Sort each run of equal positions by REF, then ALT (insertion: the runs are short), and number the keys."""
    for step in range(1, len(order)):
        at = step
        moving = order[step]
        while at > 0 and _comes_after(
            order[at - 1], moving, pos, ref, ref_length, alt, alt_length, arena
        ) > 0:  # fmt: skip
            order[at] = order[at - 1]
            at -= 1
        order[at] = moving
    rank = -1
    for step in range(len(order)):
        if step == 0 or _comes_after(
            order[step], order[step - 1], pos, ref, ref_length, alt, alt_length, arena
        ) != 0:  # fmt: skip
            rank += 1
        ranks[order[step]] = rank


@njit(cache=True, nogil=True)
def _comes_after(
    a: int, b: int, pos: Ints, ref: Longs, ref_length: Ints, alt: Longs, alt_length: Ints,
    arena: NDArray[np.uint8],
) -> int:  # fmt: skip
    """Above 0 where allele a sorts after b, 0 where their keys are equal."""
    if pos[a] != pos[b]:
        return int(pos[a]) - int(pos[b])
    order = _compare(arena, ref[a], ref_length[a], ref[b], ref_length[b])
    return order if order != 0 else _compare(arena, alt[a], alt_length[a], alt[b], alt_length[b])


@njit(cache=True, nogil=True)
def _compare(arena: NDArray[np.uint8], a: int, a_length: int, b: int, b_length: int) -> int:
    for step in range(min(a_length, b_length)):
        if arena[a + step] != arena[b + step]:
            return int(arena[a + step]) - int(arena[b + step])
    return int(a_length) - int(b_length)
