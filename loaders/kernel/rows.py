"""A window's calls as columns of the lake's table, and the distinct values of a column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.bearing import larger
from loaders.kernel.jit import compiled, inlined, wide
from loaders.kernel.numbers import same_bytes
from loaders.kernel.window import Window

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]

O_ALLELE, O_POS, O_SAMPLE, O_DOSAGE, O_GT, O_ALT, O_FILTER, O_FIGURES = range(8)


@compiled
def gather_calls(
    order: Ints,
    window: Window,
    ranks: Longs,
    numbers: Ints,
    stretches: Longs,
    mito: bool,
    out: Ints,
) -> int:
    """Write calls in order to the columns of `out` (the O_ numbers), without room: no figures.

    Where several records give one sample the same key, the dosages are the largest passing and the
    largest of any, and the other columns are those of the passing record with the largest dosage
    (DESIGN 5.2).

    Returns:
        How many rows there are.
    """
    calls, alleles, records = window.calls, window.alleles, window.records
    figured = len(out) > O_FIGURES
    rows = 0
    stretch = 0
    step = 0
    while step < len(order):
        call = order[step]
        allele = calls[call, w.C_ALLELE]
        code = _code_of(call, window, mito)
        best = code
        step += 1
        while (
            step < len(order)
            and ranks[calls[order[step], w.C_ALLELE]] == ranks[allele]
            and calls[order[step], w.C_COLUMN] == calls[call, w.C_COLUMN]
        ):
            more = _code_of(order[step], window, mito)
            if _passing_first(more) > _passing_first(best):
                best, call = more, order[step]
            code = larger(code, more)
            step += 1
        allele = calls[call, w.C_ALLELE]
        pos = alleles[allele, w.A_POS]
        while stretch + 1 < len(stretches) and stretches[stretch + 1, 0] <= pos:
            stretch += 1
        record = alleles[allele, w.A_RECORD]
        out[O_ALLELE, rows] = allele
        out[O_POS, rows] = pos
        out[O_SAMPLE, rows] = numbers[calls[call, w.C_COLUMN]]
        out[O_DOSAGE, rows] = code & stretches[stretch, 1]
        out[O_GT, rows] = calls[call, w.C_GT]
        out[O_ALT, rows] = calls[call, w.C_DOSE] >> 4
        out[O_FILTER, rows] = records[record, w.R_FILTER]
        if figured:
            has_figures = records[record, w.R_FLAGS] & w.FIGURED
            for figure in range(5):
                out[O_FIGURES + figure, rows] = (
                    window.figures[call, figure] if has_figures else w.MISSING
                )
        rows += 1
    return rows


@inlined
def _code_of(call: int, window: Window, mito: bool) -> int:
    """The dosage code of a call; M's one threshold serves the dose in the two-copy bits."""
    calls = window.calls
    record = window.alleles[calls[call, w.C_ALLELE], w.A_RECORD]
    state = window.states[record, calls[call, w.C_COLUMN]]
    two, one = wide(calls[call, w.C_DOSE] & 3), wide(calls[call, w.C_DOSE] >> 2 & 1)
    pass2 = 0 if state & (w.FAILS1 if mito else w.FAILS2) else two
    pass1 = 0 if state & w.FAILS1 else one
    return pass2 | two << 2 | pass1 << 4 | one << 5


@inlined
def _passing_first(code: int) -> int:
    """A number by which codes sort: by their passing dosage, then by any."""
    return (code & 3) << 2 | (code >> 2 & 3)


def number_values(values: Ints) -> tuple[Ints, Ints]:
    """Number the distinct values in the order they come: each value's number, and the values."""
    numbers, distinct = np.empty_like(values), np.empty_like(values)
    return numbers, distinct[: _number_values(values, _table_for(values), numbers, distinct)]


@compiled
def _number_values(values: Ints, table: Ints, numbers: Ints, distinct: Ints) -> int:
    found = 0
    for row in range(len(values)):
        value = values[row]
        slot = (wide(value) * _SPREAD >> 8) & (len(table) - 1)
        while table[slot] >= 0 and distinct[table[slot]] != value:
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            table[slot] = found
            distinct[found] = value
            found += 1
        numbers[row] = table[slot]
    return found


def number_texts(arena: Bytes, offset: Ints, length: Ints) -> tuple[Ints, Ints]:
    """Number distinct slices of the arena: each one's number, and the rows first to have them."""
    numbers, firsts = np.empty_like(offset), np.empty_like(offset)
    found = _number_texts(arena, offset, length, _table_for(offset), numbers, firsts)
    return numbers, firsts[:found]


@compiled
def _number_texts(
    arena: Bytes, offset: Ints, length: Ints, table: Ints, numbers: Ints, firsts: Ints
) -> int:
    found = 0
    for row in range(len(offset)):
        start, stop = offset[row], offset[row] + length[row]
        if row and start == offset[row - 1]:
            numbers[row] = numbers[row - 1]
            continue
        value = wide(length[row])
        for at in range(start, stop):
            value = value * 31 + arena[at]
        slot = (value * _SPREAD >> 8) & (len(table) - 1)
        while table[slot] >= 0:
            known = firsts[table[slot]]
            if same_bytes(arena, start, stop, arena, offset[known], offset[known] + length[known]):
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            table[slot] = found
            firsts[found] = row
            found += 1
        numbers[row] = table[slot]
    return found


_SPREAD = 0x9E3779B1


def _table_for(values: Ints) -> Ints:
    """An empty hash table, a power of two in size, that so many values leave half empty."""
    return np.full(16 << (2 * len(values) // 16).bit_length(), -1, np.int32)
