"""Depth as differences: callable rows and tracks to changes of AN, by page and stratum.

A figure has four parts: an, an_raw, persons, assayed. Within a page of 16 000 positions every
figure starts from 0, so that pages are independent of each other.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from schemas.contigs import PAGE_SIZE

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Octets = NDArray[np.uint8]

PARTS: Final = 4
_FEW: Final = 1024
"""Up to so many offsets of a page are sorted; beyond, the page is walked through."""
_VERY_FEW: Final = 16
"""So many are sorted by hand."""


class Changes(NamedTuple):
    """Changes of the figures, one row each, sorted by page, stratum and offset.

    `value` is N x 4.
    """

    page: Ints
    stratum: Ints
    offset: Ints
    value: Ints


class Rows(NamedTuple):
    """Rows to count, sorted by start, none across a page or a stretch.

    A row says `code` where its member's other rows say `replaced`; of a track it says what is
    known at all.
    """

    start: Ints
    end: Ints
    code: Octets
    replaced: Octets
    member: Ints
    is_track: Octets


class Members(NamedTuple):
    """How often each member counts in which strata, and under which sex.

    Member m has the slots `first[m]` to `first[m + 1]` of `stratum` and `times`.
    """

    first: Longs
    stratum: Ints
    times: Ints
    sex: Octets


class Contig(NamedTuple):
    """Where the region classes of a contig begin, and the copies by class and sex."""

    start: Longs
    region: Octets
    copies: Longs


def no_changes() -> Changes:
    """No change at all."""
    empty = np.zeros(0, np.int32)
    return Changes(empty, empty, empty, np.zeros((0, PARTS), np.int32))


class _Steps(NamedTuple):
    """Steps of one page, those of a stratum next to each other: where, and of which row.

    A row's change counts `times`, which is negative where its run has ended. Steps of stratum k lie
    from `first[k]` to before `first[k + 1]`.
    """

    offset: Ints
    row: Ints
    times: Ints
    first: Longs


@njit(cache=True, nogil=True)
def count_changes(rows: Rows, members: Members, contig: Contig, n_strata: int) -> Changes:
    """Sum what the rows change, in each stratum of their members; strata are below `n_strata`."""
    out = Changes(
        np.empty(1024, np.int32),
        np.empty(1024, np.int32),
        np.empty(1024, np.int32),
        np.empty((1024, PARTS), np.int32),
    )
    filled = 0
    sums = np.zeros((PAGE_SIZE, PARTS), np.int32)
    marks = np.zeros(PAGE_SIZE, np.uint8)
    first = 0
    while first < len(rows.start):
        page = (rows.start[first] - 1) // PAGE_SIZE
        after = first
        while after < len(rows.start) and (rows.start[after] - 1) // PAGE_SIZE == page:
            after += 1
        change = _row_changes(rows, members, contig, first, after)
        steps = _steps(rows, change, members, first, n_strata)
        if filled + len(steps.offset) > len(out.page):
            out = _grown(out, filled, max(2 * len(out.page), filled + len(steps.offset)))
        filled = _sum_page(page, steps, change, sums, marks, out, filled)
        first = after
    return Changes(out.page[:filled], out.stratum[:filled], out.offset[:filled], out.value[:filled])


@njit(cache=True, nogil=True)
def _row_changes(rows: Rows, members: Members, contig: Contig, first: int, after: int) -> Ints:
    """What each row of one page changes of the four figures while it lasts."""
    start, _, code, replaced, member, is_track = rows
    sex, begins, regions, copies_of = members.sex, contig.start, contig.region, contig.copies
    change = np.empty((after - first, PARTS), np.int32)
    for at in range(first, after):
        region = regions[np.searchsorted(begins, start[at], "right") - 1]
        copies = copies_of[region, sex[member[at]]]
        now, before = passing(code[at], copies), passing(replaced[at], copies)
        change[at - first, 0] = now - before
        change[at - first, 1] = known(code[at], copies) - known(replaced[at], copies)
        change[at - first, 2] = int(now > 0) - int(before > 0)
        change[at - first, 3] = is_track[at]
    return change


@njit(cache=True, nogil=True)
def _steps(rows: Rows, change: Ints, members: Members, first: int, n_strata: int) -> _Steps:
    """Where the rows of one page begin and end to count, by stratum."""
    start, end, _, _, member, _ = rows
    slots, stratum_of, times_of, _ = members
    begins = np.zeros(n_strata + 1, np.int64)
    for row in range(len(change)):
        if _is_some(change, row):
            one = member[first + row]
            steps = 1 + int(_end(start[first + row], end[first + row]) < PAGE_SIZE)
            for slot in range(slots[one], slots[one + 1]):
                begins[stratum_of[slot] + 1] += steps
    begins = np.cumsum(begins)
    room = begins[n_strata]
    offset, of_row = np.empty(room, np.int32), np.empty(room, np.int32)
    times = np.empty(room, np.int32)
    place = begins.copy()
    for row in range(len(change)):
        if not _is_some(change, row):
            continue
        one = member[first + row]
        begin = (start[first + row] - 1) % PAGE_SIZE
        ends = _end(start[first + row], end[first + row])
        for slot in range(slots[one], slots[one + 1]):
            stratum = stratum_of[slot]
            at = place[stratum]
            offset[at], of_row[at], times[at] = begin, row, times_of[slot]
            at += 1
            if ends < PAGE_SIZE:
                offset[at], of_row[at], times[at] = ends, row, -times_of[slot]
                at += 1
            place[stratum] = at
    return _Steps(offset, of_row, times, begins)


@njit(cache=True, nogil=True)
def _is_some(values: Ints, row: int) -> bool:
    """Whether any of the four figures of a row is not 0."""
    one, two, three, four = values[row, 0], values[row, 1], values[row, 2], values[row, 3]
    return bool((one | two | three | four) != 0)


@njit(cache=True, nogil=True)
def _end(start: int, end: int) -> int:
    """The offset in its page after the last one of a row."""
    return int((start - 1) % PAGE_SIZE + end - start + 1)


@njit(cache=True, nogil=True)
def _sum_page(
    page: int, steps: _Steps, change: Ints, sums: Ints, marks: Octets, out: Changes, filled: int
) -> int:
    """Add up the steps of one page by stratum and offset.

    And put out those that come to anything.
    """
    offset, of_row, times, first = steps
    pages, strata, offsets, values = out
    touched = np.empty(PAGE_SIZE, np.int32)
    for number in range(len(first) - 1):
        n_touched = 0
        for step in range(first[number], first[number + 1]):
            at = offset[step]
            if not marks[at]:
                marks[at] = 1
                touched[n_touched] = at
                n_touched += 1
            for part in range(PARTS):
                sums[at, part] += times[step] * change[of_row[step], part]
        if n_touched > _FEW:
            touched[:n_touched] = np.flatnonzero(marks)
        elif n_touched > _VERY_FEW:
            touched[:n_touched].sort()
        else:
            _sort(touched, n_touched)
        for place in range(n_touched):
            at = touched[place]
            if _is_some(sums, at):
                pages[filled], strata[filled], offsets[filled] = page, number, at
                for part in range(PARTS):
                    values[filled, part] = sums[at, part]
                filled += 1
            for part in range(PARTS):
                sums[at, part] = 0
            marks[at] = 0
    return filled


@njit(cache=True, nogil=True)
def _sort(values: Ints, size: int) -> None:
    """Sort the first few in place, which NumPy's way takes longer to begin with."""
    for at in range(1, size):
        value, before = values[at], at - 1
        while before >= 0 and values[before] > value:
            values[before + 1] = values[before]
            before -= 1
        values[before + 1] = value


@njit(cache=True, nogil=True)
def _grown(changes: Changes, filled: int, size: int) -> Changes:
    bigger = Changes(
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.empty((size, PARTS), np.int32),
    )
    bigger.page[:filled] = changes.page[:filled]
    bigger.stratum[:filled] = changes.stratum[:filled]
    bigger.offset[:filled] = changes.offset[:filled]
    bigger.value[:filled] = changes.value[:filled]
    return bigger


@njit(cache=True, nogil=True)
def passing(code: int, copies: int) -> int:
    """Passing alleles of a code at a ploidy of 0, 1 or 2 (`schemas.known`)."""
    if copies == 2:
        return int(code & 3)
    return int(code >> 4 & 1) if copies == 1 else 0


@njit(cache=True, nogil=True)
def known(code: int, copies: int) -> int:
    """Known alleles of a code at a ploidy of 0, 1 or 2."""
    if copies == 2:
        return int(code >> 2 & 3)
    return int(code >> 5 & 1) if copies == 1 else 0


@njit(cache=True, nogil=True)
def add_changes(a: Changes, b: Changes) -> Changes:
    """The sum of two sorted lists of changes; rows that come to nothing vanish."""
    out = _grown(a, 0, len(a.page) + len(b.page))
    i = j = filled = 0
    while i < len(a.page) or j < len(b.page):
        order = _order(a, i, b, j)
        source, at = (a, i) if order <= 0 else (b, j)
        out.page[filled], out.stratum[filled] = source.page[at], source.stratum[at]
        out.offset[filled] = source.offset[at]
        some = False
        for part in range(PARTS):
            figure = source.value[at, part] + (b.value[j, part] if order == 0 else 0)
            out.value[filled, part] = figure
            some = some or figure != 0
        filled += some
        i += order <= 0
        j += order >= 0
    return Changes(out.page[:filled], out.stratum[:filled], out.offset[:filled], out.value[:filled])


@njit(cache=True, nogil=True)
def _order(a: Changes, i: int, b: Changes, j: int) -> int:
    """Below 0 where row i of a comes first, above 0 where row j of b does, 0 where both are one."""
    if i == len(a.page) or j == len(b.page):
        return 1 if i == len(a.page) else -1
    if a.page[i] != b.page[j]:
        return int(a.page[i]) - int(b.page[j])
    if a.stratum[i] != b.stratum[j]:
        return int(a.stratum[i]) - int(b.stratum[j])
    return int(a.offset[i]) - int(b.offset[j])


@njit(cache=True, nogil=True)
def figures_at(changes: Changes, pos: Ints, place: Ints) -> Ints:
    """The four figures at ascending positions: positions x strata x 4.

    Stratum k stands at `place[k]`, and is left out where that is -1 or `place` ends before.
    """
    strata = 0
    for one in place:
        strata = max(strata, one + 1)
    out = np.zeros((len(pos), strata, PARTS), np.int32)
    page_of, offset_of = (pos - 1) // PAGE_SIZE, (pos - 1) % PAGE_SIZE
    # By name: a tuple of arrays handed on row by row costs twenty times as much as the sums.
    pages, strata_of, offsets, values = changes
    row = first = stop = 0
    page_at = -1
    while row < len(pages):
        page, stratum = pages[row], strata_of[row]
        if page != page_at:
            page_at = page
            first = np.searchsorted(page_of, page)
            stop = np.searchsorted(page_of, page, "right")
        column = place[stratum] if stratum < len(place) else -1
        at = first if column >= 0 else stop
        an, an_raw, persons, assayed = 0, 0, 0, 0
        while row < len(pages) and pages[row] == page and strata_of[row] == stratum:
            offset = offsets[row]
            while at < stop and offset_of[at] < offset:
                _put(out, at, column, an, an_raw, persons, assayed)
                at += 1
            an += values[row, 0]
            an_raw += values[row, 1]
            persons += values[row, 2]
            assayed += values[row, 3]
            row += 1
        while at < stop:
            _put(out, at, column, an, an_raw, persons, assayed)
            at += 1
    return out


@njit(cache=True, nogil=True)
def _put(out: Ints, at: int, column: int, an: int, an_raw: int, persons: int, assayed: int) -> None:
    out[at, column, 0], out[at, column, 1] = an, an_raw
    out[at, column, 2], out[at, column, 3] = persons, assayed
