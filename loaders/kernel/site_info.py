"""Entries of INFO by key: where each wanted one stands in each line, and its items.

Text must go on for at least eight bytes after its last line (`loaders.kernel.numbers`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel.jit import compiled
from loaders.kernel.numbers import COMMA, EQUALS, SEMICOLON, find_byte, hash_bytes, is_dot

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]


@compiled
def find_entries(
    text: Bytes, start: Longs, stop: Longs, slots: Longs, begin: Longs, end: Longs
) -> None:
    """Find the value of each wanted key in each line's INFO.

    Args:
        text: the lines.
        start: where each line's INFO begins.
        stop: where it ends.
        slots: an open hash table: hash of a key, and its number from 1 on; 0 where there is none.
        begin: key x line, filled with -1; gets where the value begins, also of an empty one.
        end: likewise where it ends.
    """
    for line in range(len(start)):
        at, last = start[line], stop[line]
        while at < last:
            until = find_byte(text, SEMICOLON, at, last)
            equals = find_byte(text, EQUALS, at, until)
            value = hash_bytes(text, at, equals)
            slot = value & (len(slots) - 1)
            while slots[slot, 1]:
                if slots[slot, 0] == value:
                    key = slots[slot, 1] - 1
                    begin[key, line] = min(equals + 1, until)
                    end[key, line] = until
                    break
                slot = (slot + 1) & (len(slots) - 1)
            at = until + 1


@compiled
def pick_items(text: Bytes, begin: Longs, end: Longs, nth: Longs) -> int:
    """Narrow values to one of their items, which commas part; returns how many lack it.

    Args:
        text: the lines.
        begin: where each value begins, -1 where there is none; changed.
        end: where each value ends; changed.
        nth: which item, from 0. A value that is a single dot has none, and lacks none either.
    """
    short = 0
    for row in range(len(begin)):
        at, last = begin[row], end[row]
        if at < 0 or is_dot(text, at, last):
            begin[row] = -1
            continue
        item = 0
        until = find_byte(text, COMMA, at, last)
        while item < nth[row] and until < last:
            at = until + 1
            until = find_byte(text, COMMA, at, last)
            item += 1
        if item < nth[row]:
            begin[row] = -1
            short += 1
        else:
            begin[row] = at
            end[row] = until
    return short


@compiled
def mark_missing(text: Bytes, begin: Longs, end: Longs) -> None:
    """Set `begin` to -1 where a value is empty or a single dot."""
    for row in range(len(begin)):
        if begin[row] >= 0 and (end[row] <= begin[row] or is_dot(text, begin[row], end[row])):
            begin[row] = -1


@compiled
def copy_spans(text: Bytes, begin: Longs, end: Longs, edges: NDArray[np.int32], out: Bytes) -> None:
    """Copy each span that `begin` does not deny to where `edges` says it begins in `out`."""
    for row in range(len(begin)):
        if begin[row] >= 0:
            at = edges[row]
            for place in range(begin[row], end[row]):
                out[at] = text[place]
                at += 1
