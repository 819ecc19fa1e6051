"""The parts of a record that its samples share: alternates, INFO, FILTER, and the rows it leaves in the window."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel import words
from loaders.kernel.alleles import alt_category, normalise
from loaders.kernel.genotype import R_ALTS, R_BLOCK, R_FILTER, filter_state
from loaders.kernel.numbers import find_byte, hash_bytes, is_dot, read_int, same_bytes
from loaders.kernel.reader import INFO_TABLE, Reader, fnv1a
from loaders.kernel.window import (
    AL_LOADED, AL_NOT_CARRIED, AL_SEEN, AL_SET_ASIDE, LINE, LOADED, REFERENCE, Totals, Window, note,
)  # fmt: skip
from loaders.kernel.words import (
    ABSENT, ALLELE_MALFORMED, ALLELE_SYMBOLIC, ANY_OTHER, ASIDE, BAD, BLOCK, END_BEFORE_POS, FORMAT_ARRAY, INFO_ARRAY,
    KEPT, KEYED, MALFORMED_FIELD, MIN_DP, N_ALLELES, N_ARENA, N_CALLS, N_FILTER_TEXT, N_FILTERS, N_RECORDS, N_STARTS,
    NO_REFERENCE, OUT_OF_SCOPE, STAR,
)  # fmt: skip

Bytes = NDArray[np.uint8]

NOWHERE = 1 << 40
"""A start of the reference that covers nothing."""
S_INFO_ARRAY, S_FORMAT_ARRAY, S_UNCOVERED, S_LEN = range(4)


@njit(cache=True, nogil=True)
def open_record(text: Bytes, pos: int, reader: Reader, window: Window) -> int:
    """Take the window's next record row; its span is that of REF until more is known."""
    index = window.count[N_RECORDS]
    tabs = reader.tabs
    window.pos[index] = pos
    window.end[index] = max(pos, pos + tabs[3] - tabs[2] - 2)
    window.flags[index] = 0
    window.first_call[index] = window.count[N_CALLS]
    window.first_call[index + 1] = window.count[N_CALLS]
    window.filter[index] = _intern_filter(text, tabs[5] + 1, max(tabs[5] + 1, tabs[6]), window)
    window.count[N_RECORDS] += 1
    reader.seen[:] = 0
    return int(index)


@njit(cache=True, nogil=True)
def set_aside_early(index: int, reader: Reader, window: Window) -> None:
    """A record set aside before its alleles are read: it starts at its POS, and nothing is known of it."""
    window.flags[index] = ASIDE
    window.states[index, : len(reader.row)] = 0
    _add_start(index, window.pos[index], window)


@njit(cache=True, nogil=True)
def _intern_filter(text: Bytes, start: int, stop: int, window: Window) -> int:
    """The number of a FILTER text, new or seen before; the latest are tried first."""
    known = window.count[N_FILTERS]
    for number in range(known - 1, -1, -1):
        offset = window.filter_offset[number]
        length = window.filter_length[number]
        if same_bytes(text, start, stop, window.filter_text, offset, offset + length):
            return number
    offset = window.count[N_FILTER_TEXT]
    window.filter_text[offset : offset + stop - start] = text[start:stop]
    window.filter_offset[known] = offset
    window.filter_length[known] = stop - start
    window.count[N_FILTER_TEXT] += stop - start
    window.count[N_FILTERS] += 1
    return int(known)


@njit(cache=True, nogil=True)
def read_alts(
    text: Bytes, pos: int, index: int, trim_only: bool, reader: Reader, window: Window
) -> None:
    """Categorise the alternates and normalise those that are variants."""
    tabs, rec = reader.tabs, reader.record
    alts = 0
    block = True
    at, stop = tabs[3] + 1, tabs[4]
    if not is_dot(text, at, stop):
        while at <= stop:
            end = find_byte(text, 44, at, stop)
            category = alt_category(text, at, end, tabs[2] + 1, tabs[3])
            rec.category[alts] = category
            rec.alias[alts] = alts
            reader.allele_row[alts] = -1
            reader.carried[alts] = 0
            block = block and category == ANY_OTHER
            if category == KEYED:
                _add_allele(text, pos, index, alts, at, end, trim_only, reader, window)
            alts += 1
            at = end + 1
    rec.ints[R_ALTS] = alts
    rec.ints[R_BLOCK] = 1 if block else 0
    rec.ints[R_FILTER] = filter_state(text, tabs[5] + 1, tabs[6])


@njit(cache=True, nogil=True)
def _add_allele(
    text: Bytes, pos: int, index: int, alt: int, start: int, stop: int, trim_only: bool,
    reader: Reader, window: Window,
) -> None:  # fmt: skip
    """Normalise one alternate into the arena; an alternate equal to an earlier one becomes its alias."""
    tabs = reader.tabs
    row, room = window.count[N_ALLELES], window.count[N_ARENA]
    new_pos, ref_length, alt_length, next_room, uncovered = normalise(
        text, tabs[2] + 1, tabs[3], start, stop, pos, reader.bases,
        NOWHERE if trim_only else reader.bases_start, window.arena, room,
    )  # fmt: skip
    for other in range(alt):
        twin = reader.allele_row[other]
        if (
            twin >= 0
            and window.allele_pos[twin] == new_pos
            and window.allele_ref_length[twin] == ref_length
            and same_bytes(
                window.arena, room, next_room, window.arena, window.allele_ref[twin],
                window.allele_alt[twin] + window.allele_alt_length[twin],
            )
        ):  # fmt: skip
            reader.record.alias[alt] = reader.record.alias[other]
    window.allele_record[row] = index
    window.allele_pos[row] = new_pos
    window.allele_ref[row] = room
    window.allele_ref_length[row] = ref_length
    window.allele_alt[row] = room + ref_length
    window.allele_alt_length[row] = alt_length
    window.count[N_ALLELES] += 1
    window.count[N_ARENA] = next_room
    reader.allele_row[alt] = row
    if uncovered:
        reader.seen[S_UNCOVERED] = 1


@njit(cache=True, nogil=True)
def read_info(text: Bytes, pos: int, index: int, reader: Reader, window: Window) -> int:
    """Read what a block says in INFO (END, MIN_DP, MinDP) and check the lengths of declared arrays.

    Returns:
        KEPT, or the reason number of a defect of a block's END or depth.
    """
    tabs, rec = reader.tabs, reader.record
    rec.info_depth[:] = np.nan
    rec.listed[:] = 0
    at, stop = tabs[6] + 1, tabs[7]
    while at <= stop:
        end = find_byte(text, 59, at, stop)
        equals = find_byte(text, 61, at, end)
        if equals < end:
            if rec.ints[R_BLOCK]:
                reason = _read_block_info(text, at, equals, end, pos, index, reader, window)
                if reason != KEPT:
                    return reason
            _check_info_array(text, at, equals, end, reader)
        at = end + 1
    return KEPT


@njit(cache=True, nogil=True)
def _read_block_info(
    text: Bytes, at: int, equals: int, end: int, pos: int, index: int, reader: Reader, window: Window
) -> int:
    """END (69 78 68), MIN_DP and MinDP of a block."""
    length = equals - at
    is_end = length == 3 and text[at] == 69 and text[at + 1] == 78 and text[at + 2] == 68
    is_min_dp = length == 6 and hash_bytes(text, at, equals) == _MIN_DP_HASH
    is_mindp = length == 5 and hash_bytes(text, at, equals) == _MINDP_HASH
    if not (is_end or is_min_dp or is_mindp):
        return KEPT
    if not is_end:
        reader.record.listed[MIN_DP] = 1
    if is_dot(text, equals + 1, end):
        return KEPT
    good, value = read_int(text, equals + 1, end)
    if not good:
        return MALFORMED_FIELD
    if not is_end:
        reader.record.info_depth[0 if is_min_dp else 1] = value
    elif value < pos:
        return END_BEFORE_POS
    else:
        window.end[index] = min(value, np.int64(reader.rules[words.T_LENGTH]))
    return KEPT


_MIN_DP_HASH = fnv1a(b"MIN_DP")
_MINDP_HASH = fnv1a(b"MinDP")


@njit(cache=True, nogil=True)
def _check_info_array(text: Bytes, at: int, equals: int, end: int, reader: Reader) -> None:
    alts = reader.record.ints[R_ALTS]
    if alts == 0 or is_dot(text, equals + 1, end):
        return
    value = hash_bytes(text, at, equals)
    slot = value % INFO_TABLE
    while reader.info_number[slot]:
        if reader.info_hash[slot] == value:
            wanted = alts + (1 if reader.info_number[slot] == 2 else 0)
            count = 1
            for byte in text[equals + 1 : end]:
                count += byte == 44
            if count != wanted:
                reader.seen[S_INFO_ARRAY] = 1
            return
        slot = (slot + 1) % INFO_TABLE


@njit(cache=True, nogil=True)
def close_record(
    index: int, first_allele: int, reason: int, reader: Reader, window: Window, totals: Totals
) -> None:
    """Leave the record's flags, states and start positions in the window, and count the line and its alleles."""
    rec = reader.record
    kept = len(reader.row)
    if reason != KEPT:
        window.flags[index] = ASIDE
        window.end[index] = max(
            window.pos[index], window.pos[index] + reader.tabs[3] - reader.tabs[2] - 2
        )
        window.states[index, :kept] = 0
    else:
        window.flags[index] = BLOCK if rec.ints[R_BLOCK] else 0
        window.states[index, :kept] = reader.row
        _count_kept(reader, totals)
    if not window.flags[index] & BLOCK:
        _add_start(index, window.pos[index], window)
        for row in range(first_allele, window.count[N_ALLELES]):
            if window.allele_pos[row] != window.pos[index]:
                _add_start(index, window.allele_pos[row], window)
    elif reader.seen[S_LEN]:
        _split_by_length(index, reader, window)
    window.first_call[index + 1] = window.count[N_CALLS]


@njit(cache=True, nogil=True)
def _add_start(index: int, pos: int, window: Window) -> None:
    row = window.count[N_STARTS]
    window.start_pos[row] = pos
    window.start_record[row] = index
    window.count[N_STARTS] += 1


@njit(cache=True, nogil=True)
def _count_kept(reader: Reader, totals: Totals) -> None:
    rec, line = reader.record, totals.lines[LINE]
    loaded = False
    symbolic = False
    bad = False
    for alt in range(rec.ints[R_ALTS]):
        category = rec.category[alt]
        if category == STAR or category == ANY_OTHER:
            continue
        totals.lines[AL_SEEN] += 1
        symbolic = symbolic or category == OUT_OF_SCOPE
        bad = bad or category == BAD
        if category != KEYED:
            totals.lines[AL_SET_ASIDE] += 1
        elif reader.carried[alt]:
            totals.lines[AL_LOADED] += 1
            loaded = True
        else:
            totals.lines[AL_NOT_CARRIED] += 1
    totals.lines[LOADED if loaded else REFERENCE] += 1
    warnings = (
        (INFO_ARRAY, reader.seen[S_INFO_ARRAY] != 0),
        (FORMAT_ARRAY, reader.seen[S_FORMAT_ARRAY] != 0),
        (ALLELE_SYMBOLIC, symbolic),
        (ALLELE_MALFORMED, bad),
        (NO_REFERENCE, reader.seen[S_UNCOVERED] != 0),
    )
    for number, said in warnings:
        if said:
            note(totals.warned, totals.warned_examples, number, line)


@njit(cache=True, nogil=True)
def _split_by_length(index: int, reader: Reader, window: Window) -> None:
    """A block whose FORMAT/LEN differs between samples (VCF 4.5) becomes one row for each length.

    In each row the samples of another length are absent; those without LEN keep the span of INFO/END or REF.
    """
    kept = len(reader.row)
    pos = window.pos[index]
    length_limit = np.int64(reader.rules[words.T_LENGTH])
    plain_end = window.end[index]
    current = index
    first = True
    done = 0
    while done < kept:
        length = 0
        for sample in range(kept):
            if reader.lengths[sample] >= 0:
                length = reader.lengths[sample]
                break
        if not first:
            current = window.count[N_RECORDS]
            window.count[N_RECORDS] += 1
            window.pos[current] = pos
            window.flags[current] = BLOCK
            window.filter[current] = window.filter[index]
            window.first_call[current] = window.count[N_CALLS]
            window.first_call[current + 1] = window.count[N_CALLS]
        window.end[current] = plain_end if length == 0 else min(pos + length - 1, length_limit)
        for sample in range(kept):
            if reader.lengths[sample] == length:
                window.states[current, sample] = reader.row[sample]
                reader.lengths[sample] = -1
                done += 1
            else:
                window.states[current, sample] = ABSENT
        first = False
