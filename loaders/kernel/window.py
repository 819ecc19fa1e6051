"""The arrays that the kernels fill: a window of consecutive records of one contig."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]
Longs = NDArray[np.int64]


class Window(NamedTuple):
    """Tables of records, start positions, alleles and calls, their columns named in `words`."""

    counts: Longs
    """How far each table is filled, and the last POS read."""
    records: Ints
    """One row per record: POS, last position, flags, FILTER's number, first call, past its last."""
    states: Words
    """One row per record, one state per kept sample."""
    starts: Ints
    """One row per variant record and position it starts at: POS and its alleles' normalised POS."""
    alleles: Ints
    """One row per keyed allele: record, normalised POS, place in the arena, REF's, ALT's length."""
    arena: Bytes
    calls: Ints
    """One row per sample and allele called: allele, sample, GT, dose and number of the ALT."""
    figures: Ints
    """By call, where the record's flags say so: depth, quality, reads of REF and ALT, fraction."""
    filters: Ints
    """Distinct FILTERs: offset and length in their text."""
    filter_text: Bytes


def new_window(records: int, samples: int) -> Window:
    """An empty window with room for about `records` records of `samples` kept samples."""
    calls = 2 * records + 2 * samples + (1 << 21)
    alleles = 2 * records + w.MAX_ALLELES
    return Window(
        np.zeros(w.N_COUNTS, np.int64),
        np.empty((records, 6), np.int32),
        np.empty((records, max(samples, 1)), np.uint16),
        np.empty((alleles + records, 2), np.int32),
        np.empty((alleles, 5), np.int32),
        np.empty(alleles * 16 + (1 << 22), np.uint8),
        np.empty((calls, 4), np.int32),
        np.empty((calls, 5), np.int32),
        np.empty((max(4096, records // 4), 2), np.int32),
        np.empty(max(1 << 20, 8 * records), np.uint8),
    )


def filled(window: Window) -> Window:
    """The window's tables as far as they are filled (`counts` and the texts as they are)."""
    count = window.counts
    return window._replace(
        records=window.records[: count[w.N_RECORDS]],
        states=window.states[: count[w.N_RECORDS]],
        starts=window.starts[: count[w.N_STARTS]],
        alleles=window.alleles[: count[w.N_ALLELES]],
        calls=window.calls[: count[w.N_CALLS]],
        figures=window.figures[: count[w.N_CALLS]],
        filters=window.filters[: count[w.N_FILTERS]],
    )


_COUNTED: Final = ("records", "starts", "alleles", "arena", "calls", "filters", "filter_text")
"""The tables that `counts` counts, in its order."""


def retain(old: Window, keep: NDArray[np.bool_], new: Window) -> None:
    """Move records with all that is theirs to the front of `new`, which may be `old` itself."""
    full = filled(old)
    is_allele = keep[full.alleles[:, w.A_RECORD]]
    is_call = is_allele[full.calls[:, w.C_ALLELE]]
    tables: dict[str, NDArray[Any]] = {
        "records": full.records[keep],
        "states": full.states[keep],
        "starts": full.starts[keep[full.starts[:, w.S_RECORD]]],
        "alleles": full.alleles[is_allele],
        "calls": full.calls[is_call],
        "figures": full.figures[is_call],
    }
    _renumber(tables, keep, is_allele, is_call)
    lengths = tables["alleles"][:, w.A_REF_LENGTH] + tables["alleles"][:, w.A_ALT_LENGTH]
    tables["arena"] = _pack(old.arena, tables["alleles"], w.A_TEXT, lengths)
    used, numbers = np.unique(tables["records"][:, w.R_FILTER], return_inverse=True)
    tables["records"][:, w.R_FILTER] = numbers
    tables["filters"] = full.filters[used]
    tables["filter_text"] = _pack(old.filter_text, tables["filters"], 0, tables["filters"][:, 1])
    for name, rows in tables.items():
        getattr(new, name)[: len(rows)] = rows
    new.counts[: w.LAST_POS] = [len(tables[name]) for name in _COUNTED]
    new.counts[w.LAST_POS] = old.counts[w.LAST_POS]


def _renumber(
    tables: dict[str, NDArray[Any]],
    keep: NDArray[np.bool_],
    is_allele: NDArray[np.bool_],
    is_call: NDArray[np.bool_],
) -> None:
    """Change numbers of records, alleles and calls to those they have among the kept ones."""
    records, alleles, calls = (
        np.concatenate(([0], np.cumsum(kept))) for kept in (keep, is_allele, is_call)
    )
    for column in (w.R_CALLS, w.R_CALLS_END):
        tables["records"][:, column] = calls[tables["records"][:, column]]
    tables["starts"][:, w.S_RECORD] = records[tables["starts"][:, w.S_RECORD]]
    tables["alleles"][:, w.A_RECORD] = records[tables["alleles"][:, w.A_RECORD]]
    tables["calls"][:, w.C_ALLELE] = alleles[tables["calls"][:, w.C_ALLELE]]


def _pack(text: Bytes, rows: Ints, column: int, length: Ints) -> Bytes:
    """The slices of a text that rows name in a column, back to back; the column is changed."""
    offset = np.cumsum(length) - length
    moved = np.repeat(rows[:, column] - offset, length)
    rows[:, column] = offset
    return text[moved + np.arange(len(moved))]
