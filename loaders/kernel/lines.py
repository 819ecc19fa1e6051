"""Lines of a VCF to the rows of a window: one pass over the bytes, every value checked on the way."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel import words
from loaders.kernel.alleles import alt_category, is_iupac, ref_disagrees
from loaders.kernel.numbers import find_byte, read_int, same_bytes
from loaders.kernel.reader import Reader
from loaders.kernel.records import close_record, open_record, read_alts, read_info, set_aside_early
from loaders.kernel.samples import read_samples
from loaders.kernel.window import AL_SEEN, AL_SET_ASIDE, LINE, MAX_ALLELES, Totals, Window, note
from loaders.kernel.words import (
    ALT_MALFORMED, ANY_OTHER, BAD, KEPT, LAST_POS, LINE_MALFORMED, N_ALLELES, N_ARENA, N_CALLS, N_FILTER_TEXT,
    N_FILTERS, N_RECORDS, N_STARTS, NEED_MORE, NEW_CONTIG, OUT_OF_SCOPE, POS_BEYOND_CONTIG, POS_UNUSABLE, REF_ALPHABET,
    REF_MISMATCH, STAR, SYMBOLIC, UNSORTED, WINDOW_FULL, Y_PAR,
)  # fmt: skip

Bytes = NDArray[np.uint8]

_ENDS_FILE = -1
_GOES_BACK = -2


@njit(cache=True, nogil=True)
def parse_lines(
    text: Bytes, begin: int, stop: int, reader: Reader, window: Window, totals: Totals
) -> tuple[int, int]:
    """Parse whole lines from `begin` until the contig changes or the window is full.

    Returns:
        The offset of the first byte not consumed, and why it stopped (NEED_MORE, NEW_CONTIG, WINDOW_FULL, POS_UNUSABLE, UNSORTED).
    """
    while begin < stop:
        end = find_byte(text, 10, begin, stop)
        if end >= stop:
            return begin, NEED_MORE
        line_stop = end - 1 if end > begin and text[end - 1] == 13 else end
        tab = find_byte(text, 9, begin, line_stop)
        if not same_bytes(text, begin, tab, reader.contig, 0, len(reader.contig)):
            return begin, NEW_CONTIG
        if not _has_room(window, len(reader.row), line_stop - begin):
            return begin, WINDOW_FULL
        totals.lines[LINE] += 1
        outcome = _parse_line(text, begin, line_stop, reader, window, totals)
        if outcome == _ENDS_FILE:
            return begin, POS_UNUSABLE
        if outcome == _GOES_BACK:
            return begin, UNSORTED
        begin = end + 1
    return begin, NEED_MORE


@njit(cache=True, nogil=True)
def skip_lines(
    text: Bytes, begin: int, stop: int, reader: Reader, totals: Totals
) -> tuple[int, int]:
    """Count the lines of a contig that is not counted."""
    while begin < stop:
        end = find_byte(text, 10, begin, stop)
        if end >= stop:
            return begin, NEED_MORE
        tab = find_byte(text, 9, begin, end)
        if not same_bytes(text, begin, tab, reader.contig, 0, len(reader.contig)):
            return begin, NEW_CONTIG
        totals.lines[LINE] += 1
        _find_tabs(text, begin, end, reader)
        _count_set_aside(text, words.CONTIG_NOT_COUNTED, reader, totals)
        begin = end + 1
    return begin, NEED_MORE


@njit(cache=True, nogil=True)
def _has_room(window: Window, samples: int, line_bytes: int) -> bool:
    """Whether one more line surely fits."""
    count = window.count
    return bool(
        count[N_RECORDS] + samples + 1 < len(window.pos)
        and count[N_STARTS] + MAX_ALLELES + 1 < len(window.start_pos)
        and count[N_ALLELES] + MAX_ALLELES < len(window.allele_pos)
        and count[N_CALLS] + 2 * samples + MAX_ALLELES < len(window.call_allele)
        and count[N_ARENA] + 4 * line_bytes < len(window.arena)
        and count[N_FILTERS] + 1 < len(window.filter_offset)
        and count[N_FILTER_TEXT] + line_bytes < len(window.filter_text)
    )


@njit(cache=True, nogil=True)
def _find_tabs(text: Bytes, begin: int, stop: int, reader: Reader) -> int:
    """Note the first nine tabs (the line's stop where there are fewer); returns how many there are."""
    found = 0
    at = begin
    while found < 9:
        at = find_byte(text, 9, at, stop)
        if at >= stop:
            break
        reader.tabs[found] = at
        found += 1
        at += 1
    for rest in range(found, 9):
        reader.tabs[rest] = stop
    return found


@njit(cache=True, nogil=True)
def _count_set_aside(text: Bytes, reason: int, reader: Reader, totals: Totals) -> None:
    """Count a line under a reason, and its alternates as set aside; the tabs have been found."""
    note(totals.aside, totals.aside_examples, reason, totals.lines[LINE])
    at, stop = reader.tabs[3] + 1, reader.tabs[4]
    while at <= stop and reader.tabs[3] < stop:
        end = find_byte(text, 44, at, stop)
        category = alt_category(text, at, end, 0, 0)
        if category != STAR and category != ANY_OTHER:
            totals.lines[AL_SEEN] += 1
            totals.lines[AL_SET_ASIDE] += 1
        at = end + 1


@njit(cache=True, nogil=True)
def _parse_line(
    text: Bytes, begin: int, stop: int, reader: Reader, window: Window, totals: Totals
) -> int:
    """Parse one line into the window; 0, or why its POS ends the reading of the file."""
    tabs = reader.tabs
    found = _find_tabs(text, begin, stop, reader)
    if found < 2:
        _count_set_aside(text, LINE_MALFORMED, reader, totals)
        return 0
    good, pos = read_int(text, tabs[0] + 1, tabs[1])
    if not good or pos < 0:
        return _ENDS_FILE
    if pos < window.count[LAST_POS]:
        return _GOES_BACK
    window.count[LAST_POS] = pos
    if pos > reader.rules[words.T_LENGTH] or pos == 0:
        _count_set_aside(text, POS_BEYOND_CONTIG, reader, totals)
        return 0
    early = _check_shape(text, stop, found, reader)
    index = open_record(text, pos, reader, window)
    if early != KEPT:
        _count_set_aside(text, early, reader, totals)
        set_aside_early(index, reader, window)
        return 0
    _read_record(text, pos, stop, index, reader, window, totals)
    return 0


@njit(cache=True, nogil=True)
def _check_shape(text: Bytes, stop: int, found: int, reader: Reader) -> int:
    """LINE_MALFORMED, REF_ALPHABET or KEPT."""
    tabs = reader.tabs
    if found < 9:
        return LINE_MALFORMED
    columns = 1
    for at in range(tabs[8] + 1, stop):
        columns += text[at] == 9
    alternates = 1
    for at in range(tabs[3] + 1, tabs[4]):
        alternates += text[at] == 44
    if columns != len(reader.columns) or alternates >= MAX_ALLELES:
        return LINE_MALFORMED
    return KEPT if is_iupac(text, tabs[2] + 1, tabs[3]) else REF_ALPHABET


@njit(cache=True, nogil=True)
def _read_record(
    text: Bytes, pos: int, stop: int, index: int, reader: Reader, window: Window, totals: Totals
) -> None:
    """Read a line of the right shape, and decide what becomes of it."""
    tabs = reader.tabs
    disagrees = ref_disagrees(
        text, tabs[2] + 1, tabs[3], pos, reader.bases, reader.bases_start
    )
    first_allele, first_call = window.count[N_ALLELES], window.count[N_CALLS]
    read_alts(text, pos, index, disagrees, reader, window)
    reason = REF_MISMATCH if disagrees else KEPT
    if reason == KEPT:
        reason = read_info(text, pos, index, reader, window)
    if reason == KEPT:
        reason = read_samples(text, stop, reader, window)
    if reason == KEPT:
        reason = _out_of_scope(pos, reader)
    if reason != KEPT:
        window.count[N_CALLS] = first_call
        _count_set_aside(text, reason, reader, totals)
    close_record(index, first_allele, reason, reader, window, totals)


@njit(cache=True, nogil=True)
def _out_of_scope(pos: int, reader: Reader) -> int:
    """Y_PAR, SYMBOLIC or ALT_MALFORMED where nothing of the record can be counted, else KEPT."""
    rules = reader.rules
    if (rules[words.T_YPAR1_START] <= pos <= rules[words.T_YPAR1_END]) or (
        rules[words.T_YPAR2_START] <= pos <= rules[words.T_YPAR2_END]
    ):
        return Y_PAR
    rec = reader.record
    symbolic = 0
    bad = 0
    other = 0
    for alt in range(rec.ints[0]):
        symbolic += rec.category[alt] == OUT_OF_SCOPE
        bad += rec.category[alt] == BAD
        other += rec.category[alt] == words.KEYED
    if other or not (symbolic or bad):
        return KEPT
    return SYMBOLIC if symbolic else ALT_MALFORMED
