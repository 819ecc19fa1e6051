"""A window of one contig's records: what is settled goes to the lake, the rest stays.

A record bears on positions before its own (a left-aligned indel) and after it (a deletion, a
block). So a window that fills up is settled up to a frontier well behind its last record; records
that reach beyond stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.callable_rows import SampleTracks, callable_table, resolve
from loaders.calls import calls_tables
from loaders.jobs import Runs
from loaders.kernel import words
from loaders.kernel.keys import rank_alleles
from loaders.kernel.window import Window, filled, new_window, retain

MARGIN: Final = 100_000
"""Bases from the frontier to the last record: farther than indels shift in known repeats."""
STATE_BYTES: Final = 64 << 20
MAX_RECORDS: Final = 1 << 19
MIN_RECORDS: Final = 4096


class ShiftBeyondWindowError(Exception):
    """An indel moved left of what was settled: the file must be read with a wider margin."""


@dataclass
class ContigWindow:
    """One contig being read.

    `numbers` are the kept samples' numbers, by column of the window's states.
    """

    contig: str
    length: int
    numbers: NDArray[np.int32]
    tracks: SampleTracks
    known_stretches: NDArray[np.int64]
    """Where each stretch of one region class starts, and which bits of what is told count."""
    call_stretches: NDArray[np.int64]
    """Where each stretch starts, and which bits of dosage codes count."""
    margin: int = MARGIN
    records: int = 0
    """Room for so many records, or 0 for what suits the number of samples."""
    settled: int = 0
    """Positions up to here have been put out."""
    carried_over: int = 0
    """Records kept from the last round."""
    window: Window = field(init=False)
    sites: list[Runs] = field(default_factory=list)

    def __post_init__(self) -> None:
        samples = len(self.numbers)
        records = self.records or min(MAX_RECORDS, STATE_BYTES // (2 * max(1, samples)))
        self.window = new_window(max(self.records or MIN_RECORDS, records, samples + 2), samples)

    def settle(self, *, final: bool) -> Iterator[tuple[str, pa.Table]]:
        """Put out the calls and callable rows of all positions that nothing to come can change.

        Yields:
            Names of tables of the lake, and rows of theirs.

        Raises:
            ShiftBeyondWindowError: a new record starts at a position that was put out already.
        """
        self._check_shift()
        frontier = self.length + 1
        if not final:
            frontier = min(frontier, int(self.window.counts[words.LAST_POS]) - self.margin)
            if frontier <= self.settled + 1:
                self._regrow()
                return
        self._fail_outside_bed()
        full = filled(self.window)
        ranks = rank_alleles(full.alleles, full.arena)
        span = (self.settled + 1, frontier - 1)
        for calls in calls_tables(
            self.contig, full, ranks, self.numbers, self.call_stretches, span
        ):
            yield "calls", calls
        rows, sites = resolve(full, ranks, self.tracks, self.known_stretches, span)
        self.sites.append(sites)
        yield "callable", callable_table(self.contig, rows, self.numbers)
        self.settled = frontier - 1
        keep = full.records[:, words.R_END] >= frontier
        self.carried_over = int(np.count_nonzero(keep))
        retain(self.window, keep, self.window)

    def discard(self) -> None:
        """Forget all records: there is no sample to keep anything of."""
        self.window.counts[: words.LAST_POS] = 0

    def _check_shift(self) -> None:
        starts = filled(self.window).starts
        new = starts[:, words.S_RECORD] >= self.carried_over
        if self.settled and bool(np.any(new & (starts[:, words.S_POS] <= self.settled))):
            raise ShiftBeyondWindowError

    def _fail_outside_bed(self) -> None:
        """In a `bed` file a record that starts nowhere in the sample's BED does not pass (5.3)."""
        full = filled(self.window)
        starts, owner = full.starts[:, words.S_POS], full.starts[:, words.S_RECORD]
        for number, bed in enumerate(self.tracks.beds):
            inside = _covers(bed, full.records[:, words.R_POS])
            inside[owner[_covers(bed, starts)]] = True
            outside = np.flatnonzero(~inside)
            if len(outside):
                samples = np.flatnonzero(self.tracks.of_sample == number)
                full.states[np.ix_(outside, samples)] |= words.OUTSIDE_BED

    def _regrow(self) -> None:
        """Double the window: its records lie too close together for any to be settled."""
        bigger = new_window(2 * len(self.window.records), len(self.numbers))
        retain(self.window, np.ones(int(self.window.counts[words.N_RECORDS]), bool), bigger)
        self.window = bigger


def _covers(runs: Runs, pos: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each position lies in one of the runs."""
    if not len(runs.start):
        return np.zeros(len(pos), bool)
    at = np.searchsorted(runs.start, pos, side="right") - 1
    inside: NDArray[np.bool_] = (at >= 0) & (pos <= runs.end[at])
    return inside
