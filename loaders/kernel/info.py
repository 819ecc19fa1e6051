"""INFO of a line: a block's end and depth, and the lengths of arrays by allele."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.jit import inlined, wide
from loaders.kernel.numbers import (
    COMMA,
    EQUALS,
    SEMICOLON,
    find_byte,
    hash_bytes,
    is_dot,
    pack,
    packed,
    read_whole,
)
from loaders.kernel.reader import Reader
from loaders.kernel.window import Window

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

_END, _MIN_DP, _MINDP = packed(b"END"), packed(b"MIN_DP"), packed(b"MinDP")


@inlined
def read_info(text: Bytes, index: int, reader: Reader, window: Window) -> int:
    """Read a block's END, MIN_DP and MinDP, and check the lengths of arrays by allele.

    Returns:
        KEPT, or the least reason number of a defect of a block's END or depth.
    """
    memo = reader.memo
    for field in range(w.N_FIELDS):
        memo[w.M_LISTED + field] = 0
    reason = w.KEPT
    block = memo[w.M_BLOCK]
    if block:
        reader.values[w.V_INFO_MIN_DP] = np.nan
        reader.values[w.V_INFO_MINDP] = np.nan
    at, stop = memo[w.M_TABS + 6] + 1, memo[w.M_TABS + 7]
    while at < stop:
        end = find_byte(text, SEMICOLON, at, stop)
        equals = find_byte(text, EQUALS, at, end)
        if block:
            found = _read_block_entry(text, at, equals, end, index, reader, window.records)
            reason = min(reason, found)
        if equals < end and memo[w.M_ALTS] > 0:
            _check_array(text, at, equals, end, memo, reader.info)
        at = end + 1
    return reason


@inlined
def _read_block_entry(
    text: Bytes, at: int, equals: int, end: int, index: int, reader: Reader, records: Ints
) -> int:
    """One INFO entry of a block; KEPT, or the reason number of a defect."""
    memo, values = reader.memo, reader.values
    key = pack(text, at, equals)
    if key != _END and key != _MIN_DP and key != _MINDP:
        return w.KEPT
    if key != _END:
        memo[w.M_LISTED + w.MIN_DP] = 1
    if equals + 1 >= end or is_dot(text, equals + 1, end):
        return w.KEPT
    value = read_whole(text, equals + 1, end)
    if value < 0:
        return w.MALFORMED_FIELD
    if key != _END:
        values[w.V_INFO_MIN_DP if key == _MIN_DP else w.V_INFO_MINDP] = value
    elif value < records[index, w.R_POS]:
        return w.END_BEFORE_POS
    else:
        records[index, w.R_END] = min(value, wide(values[w.T_LENGTH]))
    return w.KEPT


@inlined
def _check_array(text: Bytes, at: int, equals: int, end: int, memo: Longs, info: Longs) -> None:
    """Note where an array by allele has a wrong length; a single dot says nothing."""
    value = hash_bytes(text, at, equals)
    slot = value & (len(info) - 1)
    while info[slot, 1]:
        if info[slot, 0] == value:
            if not is_dot(text, equals + 1, end):
                wanted = memo[w.M_ALTS] + info[slot, 1] - 1
                found = 1
                for place in range(equals + 1, end):
                    found += text[place] == COMMA
                if found != wanted:
                    memo[w.M_INFO_ARRAY] = 1
            return
        slot = (slot + 1) & (len(info) - 1)
