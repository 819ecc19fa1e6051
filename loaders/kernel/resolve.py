"""Known alleles by position: w(sample, p) of DESIGN 5.3, for all samples of a file in one sweep.

The samples of a file share its records, so the positions where anything changes are the same for all of them. Between two such
positions the records that bear on a position are few; their states give each sample's code (`schemas.known`), for both ploidies,
raw and passing. Only what differs from the samples' tracks is put out, as runs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel.words import (
    ABSENT, BLOCK, CALLS1, CALLS2, KNOWN1, KNOWN2, PASS1, PASS2,
)  # fmt: skip

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Facts(NamedTuple):
    """A window's records, sorted by position, and what the samples' tracks say.

    Shapes: R records, S samples, P pairs of a start position and a variant record (sorted by position), C calls (grouped by
    record), B breakpoints, T stretches, K runs of all tracks back to back.
    """

    pos: Ints
    end: Ints
    flags: Bytes
    states: Bytes
    """R x S."""
    start_pos: Ints
    start_record: Ints
    first_call: Longs
    """R + 1: where each record's calls begin."""
    call_key: Longs
    call_column: Ints
    call_dosage: Bytes
    breaks: Longs
    """Ascending positions where something may change, the first being where the sweep begins, the last one past its end."""
    stretch_start: Longs
    stretch_mask: Bytes
    track_first: Longs
    """Number of tracks + 1: where each track's runs begin."""
    track_start: Ints
    track_end: Ints
    track_code: Bytes
    sample_track: Longs
    """S: the track of each sample, -1 for none."""
    by_sites: Bytes
    """S: whether the sample's track is the file's own site list."""
    sites: bool


class Runs(NamedTuple):
    """Runs put out: sample, start, end, code, replaced code; only `size[0]` rows are filled. Sites: position and code."""

    sample: Ints
    start: Ints
    end: Ints
    code: Bytes
    replaced: Bytes
    site_pos: Ints
    site_code: Bytes
    size: Longs


@njit(cache=True, nogil=True)
def code_of_state(state: int) -> int:
    """The code of one record's state on its own."""
    known2, known1 = state & KNOWN2, 1 if state & KNOWN1 else 0
    pass2 = known2 if state & PASS2 else 0
    pass1 = known1 if state & PASS1 else 0
    return int(pass2 | known2 << 2 | pass1 << 4 | known1 << 5)


@njit(cache=True, nogil=True)
def sweep(facts: Facts) -> Runs:
    """Resolve every position from the first breakpoint to before the last."""
    samples = facts.states.shape[1]
    alone = np.empty(256, np.uint8)
    for state in range(256):
        alone[state] = code_of_state(state)
    runs = _new_runs(4 * len(facts.breaks) + 1024, len(facts.start_pos) + len(facts.pos) + 1)
    codes = np.zeros(samples, np.uint8)
    base = np.zeros(samples, np.uint8)
    present = np.zeros(samples, np.uint8)
    opened = (
        np.zeros(samples, np.int32), np.full(samples, -1, np.int32), np.zeros(samples, np.uint8),
        np.zeros(samples, np.uint8),
    )  # fmt: skip
    active = np.empty(64, np.int64)
    n_active = 0
    next_record = 0
    next_start = 0
    stretch = 0
    track_at = facts.track_first[:-1].copy()
    for step in range(len(facts.breaks) - 1):
        begin, last = facts.breaks[step], facts.breaks[step + 1] - 1
        while (
            stretch + 1 < len(facts.stretch_start) and facts.stretch_start[stretch + 1] <= begin
        ):
            stretch += 1
        mask = facts.stretch_mask[stretch]
        while next_record < len(facts.pos) and facts.pos[next_record] <= begin:
            if n_active == len(active):
                active = np.concatenate((active, np.empty(n_active, np.int64)))
            if facts.flags[next_record] & BLOCK or facts.end[next_record] > facts.pos[next_record]:
                active[n_active] = next_record
                n_active += 1
            next_record += 1
        kept = 0
        for slot in range(n_active):
            if facts.end[active[slot]] >= begin:
                active[kept] = active[slot]
                kept += 1
        n_active = kept
        while next_start < len(facts.start_pos) and facts.start_pos[next_start] < begin:
            next_start += 1
        group = next_start
        while group < len(facts.start_pos) and facts.start_pos[group] == begin:
            group += 1
        _set_base(facts, begin, mask, track_at, base)
        said = _set_codes(
            facts, begin, next_start, group, active[:n_active], alone, codes, present
        )
        if facts.sites and said:
            runs = _note_site(facts, runs, begin, mask, codes, base)
        if said:
            runs = _extend(runs, begin, last, mask, codes, base, present, opened)
        next_start = group
    for sample in range(samples):
        if opened[1][sample] >= 0:
            runs = _put(runs, sample, opened)
    return runs


@njit(cache=True, nogil=True)
def _new_runs(rows: int, sites: int) -> Runs:
    return Runs(
        np.empty(rows, np.int32), np.empty(rows, np.int32), np.empty(rows, np.int32),
        np.empty(rows, np.uint8), np.empty(rows, np.uint8), np.empty(sites, np.int32),
        np.empty(sites, np.uint8), np.zeros(2, np.int64),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _set_base(facts: Facts, begin: int, mask: int, track_at: Longs, base: Bytes) -> None:
    """What each sample's track says at `begin` (tracks have breakpoints at their borders)."""
    for track in range(len(facts.track_first) - 1):
        while (
            track_at[track] < facts.track_first[track + 1]
            and facts.track_end[track_at[track]] < begin
        ):
            track_at[track] += 1
    for sample in range(len(base)):
        track = facts.sample_track[sample]
        base[sample] = 0
        if track >= 0:
            at = track_at[track]
            if at < facts.track_first[track + 1] and facts.track_start[at] <= begin:
                base[sample] = facts.track_code[at] & mask


@njit(cache=True, nogil=True)
def _set_codes(
    facts: Facts, begin: int, first: int, group: int, active: Longs, alone: Bytes, codes: Bytes,
    present: Bytes,
) -> bool:  # fmt: skip
    """Each sample's code where records say anything: (a) variant records that start here, else (b, c) those that cover it."""
    present[:] = 1
    if group - first == 1:
        row = facts.states[facts.start_record[first]]
        for sample in range(len(codes)):
            codes[sample] = alone[row[sample]]
        return True
    if group > first:
        _set_from_group(facts, first, group, codes)
        return True
    if facts.sites:
        kept = 0
        starting = np.empty(len(active), np.int64)
        for record in active:
            if facts.pos[record] == begin and facts.flags[record] & BLOCK:
                starting[kept] = record
                kept += 1
        active = starting[:kept]
    if len(active) == 0:
        return False
    if len(active) == 1:
        row = facts.states[active[0]]
        for sample in range(len(codes)):
            present[sample] = 0 if row[sample] & ABSENT else 1
            codes[sample] = alone[row[sample] & 0x7F]
        return True
    for sample in range(len(codes)):
        _set_from_cover(facts, active, sample, codes, present)
    return True


@njit(cache=True, nogil=True)
def _set_from_group(facts: Facts, first: int, group: int, codes: Bytes) -> None:
    """5.3a with several records: the larger of the most known alleles in one record and the alternates called by all."""
    samples = len(codes)
    best = np.zeros((samples, 4), np.int64)
    n_calls = 0
    for pair in range(first, group):
        record = facts.start_record[pair]
        n_calls += facts.first_call[record + 1] - facts.first_call[record]
        for sample in range(samples):
            code = code_of_state(facts.states[record, sample])
            _raise_to(best[sample], code & 3, code >> 2 & 3, code >> 4 & 1, code >> 5 & 1)
    where = np.empty(n_calls, np.int64)
    order_key = np.empty(n_calls, np.int64)
    owner = np.empty(n_calls, np.int64)
    at = 0
    for pair in range(first, group):
        record = facts.start_record[pair]
        for call in range(facts.first_call[record], facts.first_call[record + 1]):
            where[at] = call
            owner[at] = record
            order_key[at] = facts.call_key[call] * samples + facts.call_column[call]
            at += 1
    called = np.zeros((samples, 4), np.int64)
    order = np.argsort(order_key)
    dose = np.zeros(4, np.int64)
    for rank in range(n_calls):
        call = where[order[rank]]
        sample = facts.call_column[call]
        state = facts.states[owner[order[rank]], sample]
        dose2, dose1 = facts.call_dosage[call] & 3, facts.call_dosage[call] >> 2
        _raise_to(dose, dose2 if state & PASS2 else 0, dose2, dose1 if state & PASS1 else 0, dose1)
        if rank + 1 == n_calls or order_key[order[rank + 1]] != order_key[order[rank]]:
            called[sample] += dose
            dose[:] = 0
    for sample in range(samples):
        _raise_to(best[sample], called[sample, 0], called[sample, 1], called[sample, 2], called[sample, 3])
        b = best[sample]
        codes[sample] = (
            min(b[0], 2) | min(b[1], 2) << 2 | min(b[2], 1) << 4 | min(b[3], 1) << 5
        )


@njit(cache=True, nogil=True)
def _raise_to(best: Longs, pass2: int, raw2: int, pass1: int, raw1: int) -> None:
    best[0] = max(best[0], pass2)
    best[1] = max(best[1], raw2)
    best[2] = max(best[2], pass1)
    best[3] = max(best[3], raw1)


@njit(cache=True, nogil=True)
def _set_from_cover(
    facts: Facts, active: Longs, sample: int, codes: Bytes, present: Bytes
) -> None:
    """5.3b and c with several records: blocks and records that call an alternate, else the other variant records."""
    strong = np.zeros(4, np.int64)
    weak = np.zeros(4, np.int64)
    strong2, strong1, any_record = False, False, False
    for record in active:
        state = facts.states[record, sample]
        if state & ABSENT:
            continue
        any_record = True
        block = facts.flags[record] & BLOCK
        code = code_of_state(state)
        if block or state & CALLS2:
            strong2 = True
            _raise_to(strong, code & 3, code >> 2 & 3, 0, 0)
        else:
            _raise_to(weak, code & 3, code >> 2 & 3, 0, 0)
        if block or state & CALLS1:
            strong1 = True
            _raise_to(strong, 0, 0, code >> 4 & 1, code >> 5 & 1)
        else:
            _raise_to(weak, 0, 0, code >> 4 & 1, code >> 5 & 1)
    two = strong if strong2 else weak
    one = strong if strong1 else weak
    codes[sample] = two[0] | two[1] << 2 | one[2] << 4 | one[3] << 5
    present[sample] = 1 if any_record else 0


@njit(cache=True, nogil=True)
def _note_site(
    facts: Facts, runs: Runs, begin: int, mask: int, codes: Bytes, base: Bytes
) -> Runs:
    """The site's own code is the commonest among the samples; it is the base of those that use the site list."""
    counts = np.zeros(64, np.int64)
    for sample in range(len(codes)):
        if facts.by_sites[sample]:
            counts[codes[sample] & mask] += 1
    code = np.argmax(counts)
    for sample in range(len(codes)):
        if facts.by_sites[sample]:
            base[sample] = code
    runs.site_pos[runs.size[1]] = begin
    runs.site_code[runs.size[1]] = code
    runs.size[1] += 1
    return runs


@njit(cache=True, nogil=True)
def _extend(
    runs: Runs, begin: int, last: int, mask: int, codes: Bytes, base: Bytes, present: Bytes,
    opened: tuple[Ints, Ints, Bytes, Bytes],
) -> Runs:  # fmt: skip
    """Lengthen or open the run of each sample whose code is not what its track says."""
    start, end, code, replaced = opened
    for sample in range(len(codes)):
        ours = codes[sample] & mask
        if ours == base[sample] or not present[sample]:
            continue
        if end[sample] == begin - 1 and code[sample] == ours and replaced[sample] == base[sample]:
            end[sample] = last
            continue
        if end[sample] >= 0:
            runs = _put(runs, sample, opened)
        start[sample], end[sample] = begin, last
        code[sample], replaced[sample] = ours, base[sample]
    return runs


@njit(cache=True, nogil=True)
def _put(runs: Runs, sample: int, opened: tuple[Ints, Ints, Bytes, Bytes]) -> Runs:
    row = runs.size[0]
    if row == len(runs.start):
        bigger = _new_runs(2 * row, len(runs.site_pos))
        bigger.sample[:row], bigger.start[:row], bigger.end[:row] = runs.sample, runs.start, runs.end
        bigger.code[:row], bigger.replaced[:row] = runs.code, runs.replaced
        bigger.site_pos[:], bigger.site_code[:] = runs.site_pos, runs.site_code
        bigger.size[:] = runs.size
        runs = bigger
    runs.sample[row] = sample
    runs.start[row], runs.end[row] = opened[0][sample], opened[1][sample]
    runs.code[row], runs.replaced[row] = opened[2][sample], opened[3][sample]
    runs.size[0] += 1
    return runs
