"""What the records that bear on one position say of each sample: cases a, b and c of DESIGN 5.3."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.jit import inlined, wide
from loaders.kernel.sweep import FIRST_START, MASK, N_ACTIVE, NEXT_START, Sweep
from loaders.kernel.window import Window

Words = NDArray[np.uint16]

NO_CODE: Final = -1
_WHY2 = 0b11111 << w.WHY_SHIFT
_WHY1 = 0b11111 << (w.WHY_SHIFT + 5)
_AT_TWO, _AT_ONE = 0b00_11_11 | _WHY2, 0b11_00_00 | _WHY1
_SINGLE_BITS = 0b11_00_00 | _WHY2 | _WHY1
_CRITERIA2 = (w.BAD_FILTER, w.BAD_QUALITY, w.BAD_DEPTH2, w.BAD_BALANCE, w.OUTSIDE_BED)
_CRITERIA1 = (w.BAD_FILTER, w.BAD_QUALITY, w.BAD_DEPTH1, 0, w.OUTSIDE_BED)


def _told_of(state: int) -> int:
    """What one record's state tells on its own: code and why; 0 for an absent record."""
    if state & w.ABSENT:
        return 0
    known2, known1 = state & w.KNOWN2, 1 if state & w.KNOWN1 else 0
    pass2 = 0 if state & w.FAILS2 else known2
    pass1 = 0 if state & w.FAILS1 else known1
    why = 0
    for place, (bad2, bad1) in enumerate(zip(_CRITERIA2, _CRITERIA1, strict=True)):
        why |= bool(known2 and state & bad2) << place
        why |= bool(known1 and state & bad1) << place + 5
    return pass2 | known2 << 2 | pass1 << 4 | known1 << 5 | why << w.WHY_SHIFT


ALONE: Final = np.array([_told_of(state) for state in range(w.N_STATES)], np.uint16)
"""What each state tells on its own, packed as `schemas.known` says: the code, then why."""


@inlined
def larger(a: int, b: int) -> int:
    """The larger of each of two codes' four numbers, and why either fails."""
    return max(a & 0b0011, b & 0b0011) | max(a & 0b1100, b & 0b1100) | ((a | b) & _SINGLE_BITS)


@inlined
def _settled(told: int) -> int:
    """What several records tell: where an allele passes, why others fail does not matter."""
    if told & 0b00_00_11:
        told &= ~_WHY2
    if told & 0b01_00_00:
        told &= ~_WHY1
    return told


@inlined
def set_codes(window: Window, now: Sweep) -> int:
    """Each sample's code and why: (a) of records that start here, else (b, c) of covering ones.

    Returns:
        What all samples share, or NO_CODE where they may differ.
    """
    starting = now.place[NEXT_START] - now.place[FIRST_START]
    if starting > 1:
        _set_from_starts(window, now)
        return NO_CODE
    if starting == 0 and now.place[N_ACTIVE] > 1:
        _set_from_cover(window, now)
        return NO_CODE
    record = now.active[0]
    if starting:
        record = wide(window.starts[now.place[FIRST_START], w.S_RECORD])
    shared = _shared_code(window.states, record, now.place[MASK])
    if shared != NO_CODE:
        now.present[:] = 1
        now.codes[:] = shared
        return shared
    for sample in range(len(now.codes)):
        state = window.states[record, sample]
        now.codes[sample] = ALONE[state] & now.place[MASK]
        now.present[sample] = 0 if state & w.ABSENT else 1
    return NO_CODE


@inlined
def _shared_code(states: Words, record: int, mask: int) -> int:
    """What is told of all samples alike, NO_CODE where states differ in bits that count."""
    counting = w.ABSENT
    if mask & _AT_TWO:
        counting |= w.KNOWN2 | w.FAILS2
    if mask & _AT_ONE:
        counting |= w.KNOWN1 | w.FAILS1
    first = states[record, 0]
    differing = first & w.ABSENT
    for sample in range(1, states.shape[1]):
        differing |= states[record, sample] ^ first
    return NO_CODE if differing & counting else wide(ALONE[first] & mask)


@inlined
def _set_from_cover(window: Window, now: Sweep) -> None:
    """5.3b and c: blocks and records that call an alternate, else the other variant records."""
    for sample in range(len(now.codes)):
        strong, weak, strong_at = 0, 0, 0
        now.present[sample] = 0
        for slot in range(now.place[N_ACTIVE]):
            record = now.active[slot]
            state = wide(window.states[record, sample])
            if state & w.ABSENT:
                continue
            now.present[sample] = 1
            code = wide(ALONE[state])
            # The bits of the ploidies at which this record is one of case b.
            at = _AT_TWO if state & w.CALLS2 else 0
            at |= _AT_ONE if state & w.CALLS1 else 0
            if window.records[record, w.R_FLAGS] & w.BLOCK:
                at = _AT_TWO | _AT_ONE
            strong_at |= at
            strong = larger(strong, code & at)
            weak = larger(weak, code & ~at)
        told = _settled(strong & strong_at | weak & ~strong_at)
        now.codes[sample] = told & now.place[MASK]


@inlined
def _set_from_starts(window: Window, now: Sweep) -> None:
    """5.3a with several records: the most alleles known in one, or called by all of them."""
    first, last = now.place[FIRST_START], now.place[NEXT_START]
    spans, calls = now.spans, window.calls
    for pair in range(first, last):
        spans[pair - first, 1] = window.records[window.starts[pair, w.S_RECORD], w.R_CALLS]
    for sample in range(len(now.codes)):
        known = 0
        for pair in range(first, last):
            record = window.starts[pair, w.S_RECORD]
            known = larger(known, wide(ALONE[window.states[record, sample]]))
            # A record's calls are in the order of the samples, so each sample's begin where those
            # of the one before end.
            at = spans[pair - first, 1]
            spans[pair - first, 0] = at
            while at < window.records[record, w.R_CALLS_END] and calls[at, w.C_COLUMN] == sample:
                at += 1
            spans[pair - first, 1] = at
        called = _count_called(sample, window, now)
        now.present[sample] = 1
        now.codes[sample] = _settled(larger(known, called)) & now.place[MASK]


@inlined
def _count_called(sample: int, window: Window, now: Sweep) -> int:
    """What a sample's records call together, as a code: each key once, with its largest dosage."""
    first, pairs = now.place[FIRST_START], now.place[NEXT_START] - now.place[FIRST_START]
    pass2, raw2, once = 0, 0, 0
    for pair in range(pairs):
        for call in range(now.spans[pair, 0], now.spans[pair, 1]):
            key = now.ranks[window.calls[call, w.C_ALLELE]]
            dosage = 0
            seen = False
            for other in range(pairs):
                state = window.states[window.starts[first + other, w.S_RECORD], sample]
                for rival in range(now.spans[other, 0], now.spans[other, 1]):
                    if now.ranks[window.calls[rival, w.C_ALLELE]] == key:
                        seen = seen or other < pair
                        dosage = larger(dosage, _dosage_code(window.calls[rival, w.C_DOSE], state))
            if not seen:
                pass2 += dosage & 3
                raw2 += dosage >> 2 & 3
                once |= dosage & 0b11_00_00
    return min(pass2, 2) | min(raw2, 2) << 2 | once


@inlined
def _dosage_code(dose: int, state: int) -> int:
    """The dosage code of a call with that dose in a record with that state."""
    two, one = wide(dose & 3), wide(dose >> 2 & 1)
    pass2, pass1 = (0 if state & w.FAILS2 else two), (0 if state & w.FAILS1 else one)
    return pass2 | two << 2 | pass1 << 4 | one << 5
