"""The arrays that the kernels fill: a window of consecutive records of one contig."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel import words

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]

EXAMPLES: Final = 5
MAX_ALLELES: Final = 1024


class Window(NamedTuple):
    """Columns of records, start positions, alleles and calls; `count` says how far each is filled.

    records: one row per record. starts: one row per variant record and position it starts at (POS and the normalised
    POS of its alleles). alleles: one row per keyed allele of a record. calls: one row per sample and allele called.
    """

    count: NDArray[np.int64]
    pos: Ints
    end: Ints
    flags: Bytes
    filter: Ints
    first_call: NDArray[np.int64]
    states: NDArray[np.uint8]
    start_pos: Ints
    start_record: Ints
    allele_record: Ints
    allele_pos: Ints
    allele_ref: NDArray[np.int64]
    allele_ref_length: Ints
    allele_alt: NDArray[np.int64]
    allele_alt_length: Ints
    arena: Bytes
    call_allele: Ints
    call_column: Ints
    call_dosage: Bytes
    call_gt: Ints
    call_alt: Ints
    call_dp: Ints
    call_gq: Ints
    call_ad_ref: Ints
    call_ad_alt: Ints
    call_vaf: NDArray[np.float32]
    filter_offset: Ints
    filter_length: Ints
    filter_text: Bytes


class Totals(NamedTuple):
    """What a file's lines added up to: counts and example line numbers by reason, over all windows."""

    lines: NDArray[np.int64]
    """loaded, reference, line number, alleles seen, alleles loaded, not carried, set aside."""
    aside: NDArray[np.int64]
    aside_examples: NDArray[np.int64]
    warned: NDArray[np.int64]
    warned_examples: NDArray[np.int64]


LOADED, REFERENCE, LINE, AL_SEEN, AL_LOADED, AL_NOT_CARRIED, AL_SET_ASIDE = range(7)


def new_totals(header_lines: int) -> Totals:
    """Totals of a file of which only the header has been read."""
    lines = np.zeros(7, np.int64)
    lines[LINE] = header_lines
    return Totals(
        lines,
        np.zeros(len(words.SET_ASIDE), np.int64),
        np.zeros((len(words.SET_ASIDE), EXAMPLES), np.int64),
        np.zeros(len(words.WARNINGS), np.int64),
        np.zeros((len(words.WARNINGS), EXAMPLES), np.int64),
    )


def new_window(records: int, samples: int) -> Window:
    """An empty window with room for about `records` records of `samples` kept samples."""
    calls = 2 * records + 2 * samples + (1 << 21)
    alleles = records * 2 + MAX_ALLELES

    def ints(size: int) -> Ints:
        return np.empty(size, np.int32)

    def longs(size: int) -> NDArray[np.int64]:
        return np.empty(size, np.int64)

    def octets(size: int) -> Bytes:
        return np.empty(size, np.uint8)

    return Window(
        np.zeros(8, np.int64),
        ints(records), ints(records), octets(records), ints(records), longs(records + 1),
        np.empty((records, max(samples, 1)), np.uint8),
        ints(alleles + records), ints(alleles + records),
        ints(alleles), ints(alleles), longs(alleles), ints(alleles), longs(alleles), ints(alleles),
        octets(alleles * 16 + (1 << 22)),
        ints(calls), ints(calls), octets(calls), ints(calls), ints(calls), ints(calls), ints(calls),
        ints(calls), ints(calls), np.empty(calls, np.float32),
        ints(4096), ints(4096), octets(1 << 20),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def note(
    counts: NDArray[np.int64], examples: NDArray[np.int64], reason: int, line: int
) -> None:
    """Count a line under a reason, and keep its number while there are few."""
    if counts[reason] < EXAMPLES:
        examples[reason, counts[reason]] = line
    counts[reason] += 1


def filled(window: Window, name: str, counter: int) -> NDArray[Any]:
    """The filled part of one of the window's columns."""
    column: NDArray[Any] = getattr(window, name)
    return column[: window.count[counter]]
