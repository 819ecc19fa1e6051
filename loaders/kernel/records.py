"""What a record's samples share: alternates, FILTER, and its rows in the window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.alleles import alt_category, normalise
from loaders.kernel.jit import inlined, inner, wide
from loaders.kernel.numbers import COMMA, find_byte, is_dot, pack, packed, same_bytes
from loaders.kernel.reader import Reader
from loaders.kernel.window import Window

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

NOWHERE = 1 << 40
"""A start of the reference that covers nothing."""
_PASS, _REFCALL = packed(b"PASS"), packed(b"RefCall")
_SIGNED_ALTS = 8


@inlined
def filter_state(text: Bytes, start: int, stop: int) -> int:
    """PASS or ``.`` passes; RefCall (DeepVariant) for genotypes without alternate; others fail."""
    if is_dot(text, start, stop):
        return w.PASSES
    word = pack(text, start, stop)
    if word == _PASS:
        return w.PASSES
    return w.REFCALL_ONLY if word == _REFCALL else w.FAILS


@inlined
def open_record(text: Bytes, pos: int, reader: Reader, window: Window) -> int:
    """Take the window's next record row; its span is that of REF until more is known."""
    memo, count, records = reader.memo, window.counts, window.records
    index = count[w.N_RECORDS]
    records[index, w.R_POS] = pos
    records[index, w.R_END] = max(pos, pos + memo[w.M_TABS + 3] - memo[w.M_TABS + 2] - 2)
    records[index, w.R_FLAGS] = 0
    guess = records[index - 1, w.R_FILTER] if index > 0 else 0
    start = memo[w.M_TABS + 5] + 1
    records[index, w.R_FILTER] = _filter_number(
        text, start, max(start, memo[w.M_TABS + 6]), guess, window
    )
    records[index, w.R_CALLS] = count[w.N_CALLS]
    records[index, w.R_CALLS_END] = count[w.N_CALLS]
    count[w.N_RECORDS] += 1
    memo[w.M_INFO_ARRAY] = 0
    memo[w.M_FORMAT_ARRAY] = 0
    memo[w.M_UNCOVERED] = 0
    return int(index)


@inlined
def _filter_number(text: Bytes, start: int, stop: int, guess: int, window: Window) -> int:
    """The number of a FILTER text, new or seen before; that of the record before is tried first."""
    count, filters, filter_text = window.counts, window.filters, window.filter_text
    known = count[w.N_FILTERS]
    # From -1, the guess, to the last one that is known.
    for attempt in range(-1, known):
        number = min(guess, known - 1) if attempt < 0 else attempt
        offset = filters[number, 0]
        if known and same_bytes(
            text, start, stop, filter_text, offset, offset + filters[number, 1]
        ):
            return wide(number)
    offset = count[w.N_FILTER_TEXT]
    for step in range(stop - start):
        filter_text[offset + step] = text[start + step]
    filters[known, 0] = offset
    filters[known, 1] = stop - start
    count[w.N_FILTER_TEXT] += stop - start
    count[w.N_FILTERS] += 1
    return int(known)


@inlined
def read_alts(
    text: Bytes, pos: int, index: int, trim_only: bool, reader: Reader, window: Window
) -> None:
    """Categorise the alternates and normalise those that are variants."""
    memo = reader.memo
    alts = wide(0)
    block = True
    star = -1
    memo[w.M_ALIASED] = 0
    memo[w.M_FILTER] = filter_state(text, memo[w.M_TABS + 5] + 1, memo[w.M_TABS + 6])
    signature = memo[w.M_FILTER] + 1
    at, stop = memo[w.M_TABS + 3] + 1, memo[w.M_TABS + 4]
    if not is_dot(text, at, stop):
        while at <= stop:
            end = find_byte(text, COMMA, at, stop)
            category = alt_category(text, at, end, memo[w.M_TABS + 2] + 1, memo[w.M_TABS + 3])
            signature = signature * 8 + category + 1
            memo[w.M_CATEGORY + alts] = category
            memo[w.M_ALIAS + alts] = alts
            memo[w.M_ROW + alts] = -1
            memo[w.M_CARRIED + alts] = 0
            block = block and category == w.ANY_OTHER
            if category == w.KEYED:
                _add_allele(text, pos, index, alts, at, end, trim_only, reader, window)
            elif category == w.STAR:
                if star >= 0:
                    memo[w.M_ALIAS + alts] = star
                    memo[w.M_ALIASED] = 1
                else:
                    star = alts
            alts += 1
            at = end + 1
    memo[w.M_ALTS] = alts
    memo[w.M_BLOCK] = 1 if block else 0
    # Records of one signature give one meaning to a GT; with an allele written twice, none does.
    memo[w.M_SIGNATURE] = -1 if alts > _SIGNED_ALTS or memo[w.M_ALIASED] else signature


@inlined
def _add_allele(
    text: Bytes,
    pos: int,
    index: int,
    alt: int,
    start: int,
    stop: int,
    trim_only: bool,
    reader: Reader,
    window: Window,
) -> None:
    """Normalise an alternate into the arena; one equal to an earlier one becomes its alias."""
    memo, count, alleles, arena = reader.memo, window.counts, window.alleles, window.arena
    row, room = count[w.N_ALLELES], count[w.N_ARENA]
    ref_start, ref_stop = memo[w.M_TABS + 2] + 1, memo[w.M_TABS + 3]
    bases_start = NOWHERE if trim_only else memo[w.M_BASES_START]
    new_pos, ref_length, alt_length, uncovered = normalise(
        text, ref_start, ref_stop, start, stop, pos, reader.bases, bases_start, arena, room
    )
    length = ref_length + alt_length
    for other in range(alt):
        twin = memo[w.M_ROW + other]
        if (
            twin < 0
            or alleles[twin, w.A_POS] != new_pos
            or alleles[twin, w.A_REF_LENGTH] != ref_length
            or alleles[twin, w.A_ALT_LENGTH] != alt_length
        ):
            continue
        first = wide(alleles[twin, w.A_TEXT])
        if same_bytes(arena, room, room + length, arena, first, first + length):
            memo[w.M_ALIAS + alt] = memo[w.M_ALIAS + other]
            memo[w.M_ALIASED] = 1
    alleles[row, w.A_RECORD] = index
    alleles[row, w.A_POS] = new_pos
    alleles[row, w.A_TEXT] = room
    alleles[row, w.A_REF_LENGTH] = ref_length
    alleles[row, w.A_ALT_LENGTH] = alt_length
    count[w.N_ALLELES] += 1
    count[w.N_ARENA] = room + length
    memo[w.M_ROW + alt] = row
    if uncovered:
        memo[w.M_UNCOVERED] = 1


@inlined
def note(tally: Longs, at: int) -> None:
    """Count the line at hand at a place of the tally, and keep its number while there are few."""
    if tally[at] < w.EXAMPLES:
        tally[at + 1 + tally[at]] = tally[w.LINE]
    tally[at] += 1


@inner
def count_set_aside(text: Bytes, memo: Longs, tally: Longs) -> None:
    """Count a line under the memo's reason, its alternates as set aside; the tabs are found."""
    note(tally, w.Y_ASIDE + memo[w.M_REASON] * (1 + w.EXAMPLES))
    at, stop = memo[w.M_TABS + 3] + 1, memo[w.M_TABS + 4]
    while at <= stop and memo[w.M_TABS + 3] < stop:
        end = find_byte(text, COMMA, at, stop)
        category = alt_category(text, at, end, at, at)
        if category != w.STAR and category != w.ANY_OTHER:
            tally[w.AL_SEEN] += 1
            tally[w.AL_SET_ASIDE] += 1
        at = end + 1


@inlined
def count_kept(memo: Longs, tally: Longs) -> None:
    """Count a line that is kept, its alternates and its warnings."""
    loaded = False
    symbolic = False
    bad = False
    for alt in range(memo[w.M_ALTS]):
        category = memo[w.M_CATEGORY + alt]
        if category == w.STAR or category == w.ANY_OTHER:
            continue
        tally[w.AL_SEEN] += 1
        symbolic = symbolic or category == w.OUT_OF_SCOPE
        bad = bad or category == w.BAD
        if category != w.KEYED:
            tally[w.AL_SET_ASIDE] += 1
        elif memo[w.M_CARRIED + alt]:
            tally[w.AL_LOADED] += 1
            loaded = True
        else:
            tally[w.AL_NOT_CARRIED] += 1
    tally[w.LOADED if loaded else w.REFERENCE] += 1
    if memo[w.M_INFO_ARRAY]:
        note(tally, w.Y_WARNED + w.INFO_ARRAY * (1 + w.EXAMPLES))
    if memo[w.M_FORMAT_ARRAY]:
        note(tally, w.Y_WARNED + w.FORMAT_ARRAY * (1 + w.EXAMPLES))
    if symbolic:
        note(tally, w.Y_WARNED + w.ALLELE_SYMBOLIC * (1 + w.EXAMPLES))
    if bad:
        note(tally, w.Y_WARNED + w.ALLELE_MALFORMED * (1 + w.EXAMPLES))
    if memo[w.M_UNCOVERED]:
        note(tally, w.Y_WARNED + w.NO_REFERENCE * (1 + w.EXAMPLES))


@inlined
def close_record(index: int, first_allele: int, reader: Reader, window: Window) -> None:
    """Leave the record in the window; where it is set aside, nothing is known or called."""
    memo, count, records = reader.memo, window.counts, window.records
    pos = wide(records[index, w.R_POS])
    if memo[w.M_REASON] != w.KEPT:
        records[index, w.R_FLAGS] = w.ASIDE
        records[index, w.R_END] = max(pos, pos + memo[w.M_TABS + 3] - memo[w.M_TABS + 2] - 2)
        window.states[index] = 0
        count[w.N_CALLS] = records[index, w.R_CALLS]
    records[index, w.R_CALLS_END] = count[w.N_CALLS]
    if records[index, w.R_FLAGS] & w.BLOCK:
        if memo[w.M_LISTED + w.LEN]:
            _split_by_length(index, reader, window)
        return
    first_start = count[w.N_STARTS]
    _add_start(index, pos, first_start, window)
    for row in range(first_allele, count[w.N_ALLELES]):
        _add_start(index, wide(window.alleles[row, w.A_POS]), first_start, window)


@inlined
def _add_start(index: int, pos: int, first: int, window: Window) -> None:
    """Note that a record starts at `pos`, once."""
    count, starts = window.counts, window.starts
    row = count[w.N_STARTS]
    for other in range(first, row):
        if starts[other, w.S_POS] == pos:
            return
    starts[row, w.S_POS] = pos
    starts[row, w.S_RECORD] = index
    count[w.N_STARTS] += 1


@inner
def _split_by_length(index: int, reader: Reader, window: Window) -> None:
    """A block whose FORMAT/LEN differs between samples (VCF 4.5) becomes one row for each length.

    In each row the samples of another length are absent; those without LEN keep the span of
    INFO/END or REF.
    """
    lengths, row, count = reader.lengths, reader.row, window.counts
    records, states = window.records, window.states
    kept = len(lengths)
    for sample in range(kept):
        row[sample] = states[index, sample]
    pos, plain_end = records[index, w.R_POS], records[index, w.R_END]
    current = index
    done = 0
    while done < kept:
        length = 0
        for sample in range(kept):
            if lengths[sample] >= 0:
                length = lengths[sample]
                break
        if done:
            current = count[w.N_RECORDS]
            count[w.N_RECORDS] += 1
            for column in range(records.shape[1]):
                records[current, column] = records[index, column]
        end = plain_end if length == 0 else min(pos + length - 1, wide(reader.values[w.T_LENGTH]))
        records[current, w.R_END] = end
        for sample in range(kept):
            states[current, sample] = w.ABSENT
            if lengths[sample] == length:
                states[current, sample] = row[sample]
                lengths[sample] = -1
                done += 1
