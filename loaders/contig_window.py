"""A window of records of one contig on its way to the lake: what is settled is put out, the rest stays for the next round.

A record bears on positions before its own (a left-aligned indel) and after it (a deletion, a block). So a window that fills up
is settled up to a frontier well behind its last record; records that reach beyond stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.callable_rows import SampleTracks, callable_table, resolve
from loaders.calls import calls_table
from loaders.jobs import Runs
from loaders.kernel import words
from loaders.kernel.keys import rank_alleles
from loaders.kernel.window import Window, new_window

MARGIN: Final = 100_000
"""How far behind the last record the frontier lies, in bases: farther than indels shift in any known repeat."""
STATE_BYTES: Final = 64 << 20
MAX_RECORDS: Final = 1 << 19


class ShiftBeyondWindow(Exception):
    """An indel moved left of what was settled already; the file must be read again with a wider margin."""


@dataclass
class ContigWindow:
    """One contig being read. `numbers` are the kept samples' numbers, by column of the window's states."""

    contig: str
    length: int
    numbers: NDArray[np.int32]
    tracks: SampleTracks
    stretches: tuple[tuple[int, int, int], ...]
    """First position, mask of known codes, mask of dosage codes."""
    margin: int = MARGIN
    settled: int = 0
    """Positions up to here have been put out."""
    carried_over: int = 0
    """Records kept from the last round."""
    window: Window = field(init=False)
    sites: list[Runs] = field(default_factory=list)

    def __post_init__(self) -> None:
        samples = len(self.numbers)
        self.window = new_window(
            max(4096, min(MAX_RECORDS, STATE_BYTES // max(1, samples))), samples
        )

    def settle(self, *, final: bool) -> tuple[pa.Table, pa.Table]:
        """Put out the calls and callable rows of all positions that nothing to come can change.

        Raises:
            ShiftBeyondWindow: a new record starts at a position that was put out already.
        """
        count = self.window.count
        self._check_shift()
        frontier = self.length + 1 if final else int(count[words.LAST_POS]) - self.margin
        if frontier <= self.settled + 1 and not final:
            self._regrow()
            return pa.table({}), pa.table({})
        self._fail_outside_bed()
        ranks = rank_alleles(self.window, int(count[words.N_ALLELES]))
        runs, sites = resolve(
            self.window, ranks, self.tracks, self.stretches, self.settled + 1, frontier - 1
        )
        self.sites.append(sites)
        calls = calls_table(
            self.contig, self.window, ranks, self.numbers, self.stretches, self.settled + 1, frontier - 1
        )
        rows = callable_table(self.contig, runs, self.numbers)
        self.settled = frontier - 1
        self._retain(self.window.end[: count[words.N_RECORDS]] >= frontier, len(self.window.pos))
        return calls, rows

    def _check_shift(self) -> None:
        window, count = self.window, self.window.count
        starts = window.start_pos[: count[words.N_STARTS]]
        records = window.start_record[: count[words.N_STARTS]]
        if self.settled and bool(
            np.any((starts <= self.settled) & (records >= self.carried_over))
        ):
            raise ShiftBeyondWindow

    def _fail_outside_bed(self) -> None:
        """In a `bed` file a record that starts nowhere in the sample's BED does not pass (5.3)."""
        if self.tracks.beds is None:
            return
        window, records = self.window, int(self.window.count[words.N_RECORDS])
        starts = window.start_pos[: window.count[words.N_STARTS]]
        owner = window.start_record[: window.count[words.N_STARTS]]
        for bed, samples in self.tracks.beds:
            inside = _covers(bed, window.pos[:records])
            inside[owner[_covers(bed, starts)]] = True
            outside = np.flatnonzero(~inside)
            window.states[np.ix_(outside, samples)] &= ~(words.PASS1 | words.PASS2) & 0xFF

    def _regrow(self) -> None:
        """Double the window: its records lie too close together for any to be settled."""
        records = int(self.window.count[words.N_RECORDS])
        self._retain(np.ones(records, bool), 2 * len(self.window.pos))

    def _retain(self, keep: NDArray[np.bool_], capacity: int) -> None:
        """Move the records to keep into a fresh window."""
        old, kept = self.window, np.flatnonzero(keep)
        self.carried_over = len(kept)
        new = new_window(capacity, len(self.numbers))
        new_index = np.cumsum(keep) - 1
        for name in ("pos", "end", "flags", "filter"):
            getattr(new, name)[: len(kept)] = getattr(old, name)[kept]
        new.states[: len(kept)] = old.states[kept]
        starts = _rows_of(keep, old.start_record, old.count[words.N_STARTS])
        new.start_pos[: len(starts)] = old.start_pos[starts]
        new.start_record[: len(starts)] = new_index[old.start_record[starts]]
        alleles = _rows_of(keep, old.allele_record, old.count[words.N_ALLELES])
        new_allele = np.full(int(old.count[words.N_ALLELES]), -1, np.int64)
        new_allele[alleles] = np.arange(len(alleles))
        arena = int(old.count[words.N_ARENA])
        if len(alleles):
            first = int(old.allele_ref[alleles[0]])
            new.arena[: arena - first] = old.arena[first:arena]
            arena -= first
            new.allele_ref[: len(alleles)] = old.allele_ref[alleles] - first
            new.allele_alt[: len(alleles)] = old.allele_alt[alleles] - first
        else:
            arena = 0
        new.allele_record[: len(alleles)] = new_index[old.allele_record[alleles]]
        for name in ("allele_pos", "allele_ref_length", "allele_alt_length"):
            getattr(new, name)[: len(alleles)] = getattr(old, name)[alleles]
        owner = old.allele_record[old.call_allele[: old.count[words.N_CALLS]]]
        calls = np.flatnonzero(keep[owner])
        new.call_allele[: len(calls)] = new_allele[old.call_allele[calls]]
        for name in ("column", "dosage", "gt", "alt", "dp", "gq", "ad_ref", "ad_alt", "vaf"):
            getattr(new, f"call_{name}")[: len(calls)] = getattr(old, f"call_{name}")[calls]
        new.first_call[: len(kept) + 1] = np.searchsorted(
            new_index[owner[calls]], np.arange(len(kept) + 1)
        )
        for name in ("offset", "length", "text"):
            getattr(new, f"filter_{name}")[:] = getattr(old, f"filter_{name}")
        new.count[:] = (
            len(kept), len(starts), len(alleles), arena, len(calls), old.count[words.N_FILTERS],
            old.count[words.LAST_POS], old.count[words.N_FILTER_TEXT],
        )  # fmt: skip
        self.window = new


def _rows_of(
    keep: NDArray[np.bool_], records: NDArray[np.int32], filled: int
) -> NDArray[np.int64]:
    """Rows whose record is kept."""
    return np.flatnonzero(keep[records[:filled]])


def _covers(runs: Runs, pos: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each position lies in one of the runs."""
    if not len(runs.start):
        return np.zeros(len(pos), bool)
    at = np.searchsorted(runs.start, pos, side="right") - 1
    inside: NDArray[np.bool_] = (at >= 0) & (pos <= runs.end[at])
    return inside
