"""Rows of GT alone, the fast way: a genotype that was read once is known by its bytes from then on.

What a GT such as ``0|1`` says depends on the kinds of the alternates and on FILTER, the record's
*signature*, and on nothing else where FORMAT lists GT alone. So each genotype of one or three bytes
is read once per signature, in the general way, and kept in a slot of a small table; its bytes must
be those of the slot, else it is read anew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.genotype import judge, read_genotype
from loaders.kernel.jit import inlined, inner, load_word
from loaders.kernel.numbers import TAB, find_byte
from loaders.kernel.reader import Reader
from loaders.kernel.window import Window

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

P_BYTES, P_STATE, P_GT, P_ALT_A, P_DOSE_A, P_ALT_B, P_DOSE_B = range(7)
_ONE_BYTE = 512
_EMPTY, _OTHER_WIDTH = -1, -2


@inlined
def read_plain(text: Bytes, at: int, stop: int, index: int, reader: Reader, window: Window) -> bool:
    """Read the sample columns of a line whose FORMAT is GT; False where one has a defect."""
    memo, plain, columns, calls = reader.memo, reader.plain, reader.columns, window.calls
    if memo[w.M_PLAIN_SIGNATURE] != memo[w.M_SIGNATURE]:
        memo[w.M_PLAIN_SIGNATURE] = memo[w.M_SIGNATURE]
        plain[:, P_BYTES] = _EMPTY
    row = window.states[index]
    n_calls = window.counts[w.N_CALLS]
    for column in range(len(columns)):
        word = load_word(text, at)
        left = stop - at
        if left == 1 or (left > 1 and (word >> 8 & 0xFF) == TAB):
            word &= 0xFF
            slot = _ONE_BYTE + (word & 0x7F)
            width = 1
        elif left == 3 or (left > 3 and (word >> 24 & 0xFF) == TAB):
            word &= 0xFFFFFF
            slot = (word & 0xF) | (word >> 12 & 0xF0) | (word >> 6 & 0x100)
            width = 3
        else:
            word = _OTHER_WIDTH
            slot = 0
            width = find_byte(text, TAB, at, stop) - at
        if plain[slot, P_BYTES] != word:
            if not _fill_slot(text, at, at + width, slot, word, memo, reader.values, plain):
                return False
        kept = columns[column]
        if kept >= 0:
            row[kept] = plain[slot, P_STATE]
            if plain[slot, P_ALT_A] >= 0:
                n_calls = _add(kept, slot, P_ALT_A, n_calls, memo, plain, calls)
            if plain[slot, P_ALT_B] >= 0:
                n_calls = _add(kept, slot, P_ALT_B, n_calls, memo, plain, calls)
        at += width + 1
    window.counts[w.N_CALLS] = n_calls
    return True


@inlined
def _add(kept: int, slot: int, place: int, row: int, memo: Longs, plain: Longs, calls: Ints) -> int:
    alt = plain[slot, place]
    calls[row, w.C_ALLELE] = memo[w.M_ROW + alt]
    calls[row, w.C_COLUMN] = kept
    calls[row, w.C_GT] = plain[slot, P_GT]
    calls[row, w.C_DOSE] = plain[slot, place + 1]
    memo[w.M_CARRIED + alt] = 1
    return row + 1


@inner
def _fill_slot(
    text: Bytes,
    start: int,
    stop: int,
    slot: int,
    word: int,
    memo: Longs,
    values: Floats,
    plain: Longs,
) -> bool:
    """Read a genotype in the general way and keep what it says; False where it has a defect."""
    if read_genotype(text, start, stop, memo, values) != w.KEPT:
        return False
    judge(memo, values)
    a, b = memo[w.M_KNOWN_A], memo[w.M_KNOWN_B]
    alone = 4 if memo[w.M_STATE] & w.KNOWN1 else 0
    plain[slot, P_BYTES] = word if word != _OTHER_WIDTH else _EMPTY
    plain[slot, P_STATE] = memo[w.M_STATE]
    plain[slot, P_GT] = (memo[w.M_A] + 2) << 17 | (memo[w.M_B] + 2) << 1 | memo[w.M_PHASED]
    plain[slot, P_ALT_A] = -1
    plain[slot, P_ALT_B] = -1
    if a > 0 and memo[w.M_CATEGORY + a - 1] == w.KEYED:
        plain[slot, P_ALT_A] = a - 1
        plain[slot, P_DOSE_A] = alone | (2 if a == b else 1) | a << 4
    if b > 0 and b != a and memo[w.M_CATEGORY + b - 1] == w.KEYED:
        plain[slot, P_ALT_B] = b - 1
        plain[slot, P_DOSE_B] = alone | 1 | b << 4
    return True
