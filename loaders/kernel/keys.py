"""The order of a window's normalised alleles, and of the calls of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.jit import compiled, inner, wide

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]


def rank_alleles(alleles: Ints, arena: Bytes) -> Longs:
    """The rank of each allele by pos, ref, alt (by bytes); equal keys share one rank."""
    order = np.argsort(alleles[:, w.A_POS], kind="stable").astype(np.int64)
    ranks = np.empty(len(alleles), np.int64)
    _rank_ties(order, alleles, arena, ranks)
    return ranks


@compiled
def _rank_ties(order: Longs, alleles: Ints, arena: Bytes, ranks: Longs) -> None:
    """Sort runs of equal positions, which are short, by REF, then ALT, and number the keys."""
    for step in range(1, len(order)):
        at = step
        moving = order[step]
        while at > 0 and _comes_after(order[at - 1], moving, alleles, arena) > 0:
            order[at] = order[at - 1]
            at -= 1
        order[at] = moving
    rank = -1
    for step in range(len(order)):
        if step == 0 or _comes_after(order[step], order[step - 1], alleles, arena) != 0:
            rank += 1
        ranks[order[step]] = rank


@inner
def _comes_after(a: int, b: int, alleles: Ints, arena: Bytes) -> int:
    """Above 0 where allele a sorts after b, 0 where their keys are equal."""
    if alleles[a, w.A_POS] != alleles[b, w.A_POS]:
        return wide(alleles[a, w.A_POS]) - wide(alleles[b, w.A_POS])
    a_ref, b_ref = alleles[a, w.A_TEXT], alleles[b, w.A_TEXT]
    a_alt, b_alt = a_ref + alleles[a, w.A_REF_LENGTH], b_ref + alleles[b, w.A_REF_LENGTH]
    order = _compare(arena, a_ref, a_alt, b_ref, b_alt)
    if order != 0:
        return order
    return _compare(
        arena, a_alt, a_alt + alleles[a, w.A_ALT_LENGTH], b_alt, b_alt + alleles[b, w.A_ALT_LENGTH]
    )


@inner
def _compare(arena: Bytes, a: int, a_stop: int, b: int, b_stop: int) -> int:
    for step in range(min(a_stop - a, b_stop - b)):
        if arena[a + step] != arena[b + step]:
            return wide(arena[a + step]) - wide(arena[b + step])
    return wide((a_stop - a) - (b_stop - b))


def order_calls(
    calls: Ints, alleles: Ints, ranks: Longs, sample_ranks: Longs, span: tuple[int, int]
) -> Ints:
    """Rows of the calls of alleles in a span (first, last position) by key, sample, and as read.

    A counting sort by sample and one by key. As calls of one record are in the order of the
    columns, the first is only needed where that is not the order of the samples, or where several
    records have one key.
    """
    pos = alleles[calls[:, w.C_ALLELE], w.A_POS]
    rows = np.flatnonzero((pos >= span[0]) & (pos <= span[1])).astype(np.int32)
    n_ranks = int(ranks.max(initial=-1)) + 1
    if n_ranks < len(ranks) or bool(np.any(np.diff(sample_ranks) < 0)):
        rows = _sorted_by(sample_ranks, len(sample_ranks), w.C_COLUMN, calls, rows)
    return _sorted_by(ranks, n_ranks, w.C_ALLELE, calls, rows)


def _sorted_by(keys: Longs, n_keys: int, column: int, calls: Ints, rows: Ints) -> Ints:
    """Rows of calls by the key of one of their columns, equal ones in the order they had."""
    ordered = np.empty_like(rows)
    _count_sort(keys, column, calls, rows, np.zeros(n_keys + 1, np.int64), ordered)
    return ordered


@compiled
def _count_sort(
    keys: Longs, column: int, calls: Ints, rows: Ints, place: Longs, ordered: Ints
) -> None:
    for row in rows:
        place[keys[calls[row, column]] + 1] += 1
    for number in range(1, len(place)):
        place[number] += place[number - 1]
    for row in rows:
        number = keys[calls[row, column]]
        ordered[place[number]] = row
        place[number] += 1
