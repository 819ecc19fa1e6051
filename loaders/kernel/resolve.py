"""Known alleles by position: w(sample, p) of DESIGN 5.3, for all samples of a file in one sweep.

The samples of a file share its records, so the positions where anything changes are the same for
all of them. Between two such positions the records that bear on a position are few; their states
give each sample's code (`schemas.known`), for both ploidies, raw and passing, and why nothing
passes. Only what differs from the samples' tracks is put out, as runs.
"""

from __future__ import annotations

from loaders.kernel import words as w
from loaders.kernel.bearing import NO_CODE, set_codes
from loaders.kernel.jit import compiled, inlined, wide
from loaders.kernel.sweep import (
    BEGIN,
    BY_SITES,
    FIRST_START,
    LAST,
    MASK,
    N_ACTIVE,
    N_ROWS,
    N_SITES,
    NEXT_RECORD,
    NEXT_START,
    SHARED_BASE,
    STOP,
    TRACKS_CHANGE,
    Sweep,
    Tracks,
)
from loaders.kernel.window import Window

_FAR = 1 << 40
_DIFFERS = -2
_N_CODES = 1 << w.WHY_SHIFT


@compiled
def sweep(window: Window, tracks: Tracks, now: Sweep) -> bool:
    """Resolve positions until the last, or until `rows` may be full; returns whether it is done."""
    place = now.place
    samples = len(now.codes)
    while place[BEGIN] <= place[LAST]:
        if place[N_ROWS] + 2 * samples > len(now.rows):
            return False
        _take_records(window, now)
        _take_starts(window, now)
        if place[NEXT_START] > place[FIRST_START] or place[N_ACTIVE]:
            if place[BEGIN] >= place[TRACKS_CHANGE]:
                _set_base(tracks, now)
            _find_stop(window, now)
            shared = set_codes(window, now)
            if place[BY_SITES]:
                _note_site(shared, now)
            if shared == NO_CODE or shared != place[SHARED_BASE]:
                _extend(now)
        place[BEGIN] = place[STOP]
    for sample in range(samples):
        if now.opened[sample, 1] >= 0:
            _put(sample, now)
    return True


@inlined
def _take_records(window: Window, now: Sweep) -> None:
    """Drop active records that ended before the position and take those that start up to it.

    Active are those that bear on positions of which the starts say nothing: blocks and longer REFs;
    where only sites are known, blocks at their first base. STOP becomes the next record's POS.
    """
    place, active, records = now.place, now.active, window.records
    begin = place[BEGIN]
    last_base = w.R_POS if place[BY_SITES] else w.R_END
    kept = 0
    for slot in range(place[N_ACTIVE]):
        if records[active[slot], last_base] >= begin:
            active[kept] = active[slot]
            kept += 1
    at = place[NEXT_RECORD]
    while at < len(records) and records[at, w.R_POS] <= begin:
        end = records[at, last_base]
        covers = records[at, w.R_FLAGS] & w.BLOCK or end > records[at, w.R_POS]
        if covers and end >= begin:
            active[kept] = at
            kept += 1
        at += 1
    place[N_ACTIVE] = kept
    place[NEXT_RECORD] = at
    place[STOP] = place[LAST] + 1
    if at < len(records):
        place[STOP] = min(place[STOP], wide(records[at, w.R_POS]))


@inlined
def _take_starts(window: Window, now: Sweep) -> None:
    """Find the records that start at the position; STOP becomes no later than the next start."""
    place, starts = now.place, window.starts
    at = place[NEXT_START]
    place[FIRST_START] = at
    while at < len(starts) and starts[at, w.S_POS] == place[BEGIN]:
        at += 1
    place[NEXT_START] = at
    if at < len(starts):
        place[STOP] = min(place[STOP], wide(starts[at, w.S_POS]))


@inlined
def _set_base(tracks: Tracks, now: Sweep) -> None:
    """What each sample's track says at the position, and where that may change."""
    place, begin = now.place, now.place[BEGIN]
    change = wide(_FAR)
    for row in range(len(tracks.stretches)):
        if tracks.stretches[row, 0] <= begin:
            place[MASK] = tracks.stretches[row, 1]
        else:
            change = min(change, tracks.stretches[row, 0])
    for track in range(len(now.track_at)):
        at, end = now.track_at[track], tracks.first[track + 1]
        while at < end and tracks.runs[at, 1] < begin:
            at += 1
        now.track_at[track] = at
        now.said[track] = 0
        if at < end and tracks.runs[at, 0] <= begin:
            now.said[track] = tracks.runs[at, 2] & place[MASK]
            change = min(change, wide(tracks.runs[at, 1]) + 1)
        elif at < end:
            change = min(change, wide(tracks.runs[at, 0]))
    place[TRACKS_CHANGE] = change
    for sample in range(len(now.base)):
        now.base[sample] = now.said[tracks.of_sample[sample]]
    place[SHARED_BASE] = now.base[0]
    for sample in range(len(now.base)):
        if now.base[sample] != now.base[0]:
            place[SHARED_BASE] = _DIFFERS


@inlined
def _find_stop(window: Window, now: Sweep) -> None:
    """STOP is where what records and tracks say may change: the run at hand ends before it."""
    place = now.place
    stop = min(place[STOP], place[TRACKS_CHANGE])
    if place[NEXT_START] > place[FIRST_START] or place[BY_SITES]:
        stop = place[BEGIN] + 1
    for slot in range(place[N_ACTIVE]):
        stop = min(stop, wide(window.records[now.active[slot], w.R_END]) + 1)
    place[STOP] = stop


@inlined
def _note_site(shared: int, now: Sweep) -> None:
    """What a site's list says is the commonest; it is the base of all samples there."""
    place = now.place
    code = wide(shared)
    if shared == NO_CODE:
        code = _commonest(now)
        now.base[:] = code
    place[SHARED_BASE] = code
    now.sites[place[N_SITES], 0] = place[BEGIN]
    now.sites[place[N_SITES], 1] = code
    place[N_SITES] += 1


@inlined
def _commonest(now: Sweep) -> int:
    """The commonest code, and why the most samples with that code fail; the lowest of several."""
    codes = now.codes
    now.counts[:_N_CODES] = 0
    any_told = wide(0)
    for sample in range(len(codes)):
        now.counts[codes[sample] & (_N_CODES - 1)] += 1
        any_told |= codes[sample]
    code = _most(now, _N_CODES)
    if any_told < _N_CODES:
        return code
    now.counts[:] = 0
    for sample in range(len(codes)):
        if wide(codes[sample]) & (_N_CODES - 1) == code:
            now.counts[codes[sample] >> w.WHY_SHIFT] += 1
    return code | _most(now, len(now.counts)) << w.WHY_SHIFT


@inlined
def _most(now: Sweep, bins: int) -> int:
    """The lowest of the first bins that counted most."""
    best = wide(0)
    for other in range(1, bins):
        if now.counts[other] > now.counts[best]:
            best = wide(other)
    return best


@inlined
def _extend(now: Sweep) -> None:
    """Lengthen or open the run of each sample whose code is not what its track says."""
    opened, begin = now.opened, now.place[BEGIN]
    for sample in range(len(now.codes)):
        code, base = now.codes[sample], now.base[sample]
        if code == base or not now.present[sample]:
            continue
        end = opened[sample, 1]
        if end != begin - 1 or opened[sample, 2] != code or opened[sample, 3] != base:
            if end >= 0:
                _put(sample, now)
            opened[sample, 0] = begin
            opened[sample, 2] = code
            opened[sample, 3] = base
        opened[sample, 1] = now.place[STOP] - 1


@inlined
def _put(sample: int, now: Sweep) -> None:
    row = now.place[N_ROWS]
    now.rows[row, 0] = sample
    for column in range(4):
        now.rows[row, column + 1] = now.opened[sample, column]
    now.place[N_ROWS] += 1
