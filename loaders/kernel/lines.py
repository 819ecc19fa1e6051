"""Lines of a VCF to the rows of a window: one pass, every value checked on the way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.alleles import is_iupac, ref_disagrees
from loaders.kernel.info import read_info
from loaders.kernel.jit import compiled, inlined, woven
from loaders.kernel.numbers import COMMA, NEWLINE, RETURN, TAB, find_byte, read_whole, same_bytes
from loaders.kernel.reader import Reader
from loaders.kernel.records import (
    close_record,
    count_kept,
    count_set_aside,
    open_record,
    read_alts,
)
from loaders.kernel.samples import read_samples
from loaders.kernel.window import Window

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

_GOES_ON = -1


@compiled
def parse_lines(
    text: Bytes, begin: int, stop: int, reader: Reader, window: Window
) -> tuple[int, int]:
    """Parse lines from `begin` to `stop`, or until the contig changes or the window is full.

    Returns:
        The offset of the first byte not consumed, and why it stopped (NEED_MORE, NEW_CONTIG,
        WINDOW_FULL, POS_UNUSABLE, UNSORTED).
    """
    memo, tally = reader.memo, reader.tally
    while begin < stop:
        end = find_byte(text, NEWLINE, begin, stop)
        line_stop = end - 1 if end > begin and text[end - 1] == RETURN else end
        found = _find_tabs(text, begin, line_stop, memo)
        if found and not _is_at_contig(text, begin, memo, reader.contig):
            return begin, w.NEW_CONTIG
        if not _has_room(text, line_stop - begin, reader, window):
            return begin, w.WINDOW_FULL
        tally[w.LINE] += 1
        if found < 2:
            memo[w.M_REASON] = w.LINE_MALFORMED
            count_set_aside(text, memo, tally)
        else:
            why = _parse_line(text, line_stop, found, reader, window)
            if why != _GOES_ON:
                return begin, why
        begin = end + 1
    return begin, w.NEED_MORE


@compiled
def skip_lines(text: Bytes, begin: int, stop: int, reader: Reader) -> tuple[int, int]:
    """Count the lines of a contig that is not counted; a line without a tab belongs to none."""
    memo, tally = reader.memo, reader.tally
    while begin < stop:
        end = find_byte(text, NEWLINE, begin, stop)
        found = _find_tabs(text, begin, end, memo)
        if found and not _is_at_contig(text, begin, memo, reader.contig):
            return begin, w.NEW_CONTIG
        tally[w.LINE] += 1
        memo[w.M_REASON] = w.CONTIG_NOT_COUNTED if found else w.LINE_MALFORMED
        count_set_aside(text, memo, tally)
        begin = end + 1
    return begin, w.NEED_MORE


@inlined
def _find_tabs(text: Bytes, begin: int, stop: int, memo: Longs) -> int:
    """Note the first nine tabs, the line's stop for missing ones; returns how many there are."""
    found = 0
    at = begin
    for number in range(9):
        at = find_byte(text, TAB, at, stop)
        memo[w.M_TABS + number] = at
        found += at < stop
        at = min(at + 1, stop)
    return found


@woven
def _is_at_contig(text: Bytes, begin: int, memo: Longs, contig: Bytes) -> bool:
    return same_bytes(text, begin, memo[w.M_TABS], contig, 0, len(contig))


@woven
def _has_room(text: Bytes, line_bytes: int, reader: Reader, window: Window) -> bool:
    """Whether one more line surely fits; its tabs have been found."""
    memo, counts, samples = reader.memo, window.counts, len(reader.lengths)
    alternates = min(_count_alternates(text, memo), w.MAX_ALLELES)
    # On M a sample may carry every alternate, elsewhere two at most.
    calls = samples * (alternates if reader.values[w.T_MITO] != 0 else 2)
    # Each alternate is written with its own REF.
    bases = alternates * (memo[w.M_TABS + 3] - memo[w.M_TABS + 2]) + line_bytes
    return bool(
        counts[w.N_RECORDS] + samples + 1 < len(window.records)
        and counts[w.N_STARTS] + w.MAX_ALLELES + 1 < len(window.starts)
        and counts[w.N_ALLELES] + w.MAX_ALLELES < len(window.alleles)
        and counts[w.N_CALLS] + calls < len(window.calls)
        and counts[w.N_ARENA] + bases < len(window.arena)
        and counts[w.N_FILTERS] + 1 < len(window.filters)
        and counts[w.N_FILTER_TEXT] + line_bytes < len(window.filter_text)
    )


@woven
def _parse_line(text: Bytes, stop: int, found: int, reader: Reader, window: Window) -> int:
    """Parse one line into the window; why its POS ends the reading of the file, if it does."""
    memo, count = reader.memo, window.counts
    pos = read_whole(text, memo[w.M_TABS] + 1, memo[w.M_TABS + 1])
    if pos < 0:
        return w.POS_UNUSABLE
    if pos < count[w.LAST_POS]:
        return w.UNSORTED
    count[w.LAST_POS] = pos
    if pos > reader.values[w.T_LENGTH] or pos == 0:
        memo[w.M_REASON] = w.POS_BEYOND_CONTIG
        count_set_aside(text, memo, reader.tally)
        return _GOES_ON
    index = open_record(text, pos, reader, window)
    first_allele = count[w.N_ALLELES]
    reason = _read_record(text, pos, stop, found, index, reader, window)
    memo[w.M_REASON] = reason
    close_record(index, first_allele, reader, window)
    if reason == w.KEPT:
        count_kept(memo, reader.tally)
    else:
        count_set_aside(text, memo, reader.tally)
    return _GOES_ON


@woven
def _read_record(
    text: Bytes, pos: int, stop: int, found: int, index: int, reader: Reader, window: Window
) -> int:
    """Read the columns of a line; KEPT, or the least number of the reasons to set it aside."""
    memo, bases = reader.memo, reader.bases
    shape = _check_shape(text, stop, found, memo, len(reader.columns))
    if shape != w.KEPT and not _has_alleles(text, found, memo):
        return shape
    ref_start, ref_stop = memo[w.M_TABS + 2] + 1, memo[w.M_TABS + 3]
    disagrees = ref_disagrees(text, ref_start, ref_stop, pos, bases, memo[w.M_BASES_START])
    read_alts(text, pos, index, disagrees, reader, window)
    if shape == w.LINE_MALFORMED:
        return w.LINE_MALFORMED
    if disagrees:
        return w.REF_MISMATCH
    reason = read_info(text, index, reader, window)
    reason = min(reason, read_samples(text, stop, index, reader, window))
    return reason if reason != w.KEPT else _out_of_scope(pos, memo, reader.values)


@woven
def _check_shape(text: Bytes, stop: int, found: int, memo: Longs, samples: int) -> int:
    """LINE_MALFORMED, REF_ALPHABET or KEPT."""
    columns = 1
    for at in range(memo[w.M_TABS + 8] + 1, stop):
        columns += text[at] == TAB
    if found < 9 or columns != samples or _count_alternates(text, memo) >= w.MAX_ALLELES:
        return w.LINE_MALFORMED
    return w.KEPT if is_iupac(text, memo[w.M_TABS + 2] + 1, memo[w.M_TABS + 3]) else w.REF_ALPHABET


@woven
def _has_alleles(text: Bytes, found: int, memo: Longs) -> bool:
    """Whether a line of the wrong shape has a REF and alternates that can be read."""
    return (
        found >= 4
        and _count_alternates(text, memo) < w.MAX_ALLELES
        and is_iupac(text, memo[w.M_TABS + 2] + 1, memo[w.M_TABS + 3])
    )


@inlined
def _count_alternates(text: Bytes, memo: Longs) -> int:
    alternates = 1
    for at in range(memo[w.M_TABS + 3] + 1, memo[w.M_TABS + 4]):
        alternates += text[at] == COMMA
    return alternates


@inlined
def _out_of_scope(pos: int, memo: Longs, values: Floats) -> int:
    """Y_PAR, SYMBOLIC or ALT_MALFORMED where nothing of the record can be counted, else KEPT."""
    if (values[w.T_YPAR1_START] <= pos <= values[w.T_YPAR1_END]) or (
        values[w.T_YPAR2_START] <= pos <= values[w.T_YPAR2_END]
    ):
        return w.Y_PAR
    reason = w.KEPT
    for alt in range(memo[w.M_ALTS]):
        category = memo[w.M_CATEGORY + alt]
        if category == w.OUT_OF_SCOPE:
            reason = w.SYMBOLIC
        elif category == w.BAD:
            reason = min(reason, w.ALT_MALFORMED)
        else:
            return w.KEPT
    return reason
