"""Callable rows: where a sample's known alleles differ from what its tracks say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.jobs import Runs
from loaders.kernel import words
from loaders.kernel import resolve as kernel
from loaders.kernel.window import Window
from schemas.contigs import PAGE_SIZE
from schemas.tables import CALLABLE

EMPTY: Final = Runs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint8))


@dataclass(frozen=True)
class SampleTracks:
    """The kept samples' tracks on one contig.

    `runs` are the distinct tracks, `of_sample` says which one each sample has (-1 for none), `by_sites` whether the file's own
    site list serves instead; `beds` are the file's distinct BEDs with the samples they hold for, None unless the file is `bed`.
    """

    runs: tuple[Runs, ...]
    of_sample: NDArray[np.int64]
    by_sites: NDArray[np.uint8]
    beds: tuple[tuple[Runs, NDArray[np.int64]], ...] | None
    sites: bool


def resolve(
    window: Window,
    ranks: NDArray[np.int64],
    tracks: SampleTracks,
    stretches: tuple[tuple[int, int, int], ...],
    first: int,
    last: int,
) -> tuple[kernel.Runs, Runs]:
    """Resolve the positions from `first` to `last`: runs that differ from the tracks, and the file's sites."""
    count = window.count
    records, starts = int(count[words.N_RECORDS]), int(count[words.N_STARTS])
    calls = int(count[words.N_CALLS])
    order = np.argsort(window.start_pos[:starts], kind="stable")
    starts_from = np.searchsorted(window.start_pos[:starts][order], first)
    order = order[starts_from:]
    firsts = np.cumsum([0, *(len(runs.start) for runs in tracks.runs)]).astype(np.int64)
    facts = kernel.Facts(
        window.pos[:records],
        window.end[:records],
        window.flags[:records],
        window.states[:records],
        window.start_pos[order],
        window.start_record[order],
        window.first_call[: records + 1],
        ranks[window.call_allele[:calls]],
        window.call_column[:calls],
        window.call_dosage[:calls],
        _breaks(window, tracks, stretches, first, last),
        np.array([start for start, _, _ in stretches], np.int64),
        np.array([mask for _, mask, _ in stretches], np.uint8),
        firsts,
        _joined(tracks.runs, "start", np.int32),
        _joined(tracks.runs, "end", np.int32),
        _joined(tracks.runs, "code", np.uint8),
        tracks.of_sample,
        tracks.by_sites,
        tracks.sites,
    )
    runs = kernel.sweep(facts)
    found = int(runs.size[1])
    return runs, Runs(runs.site_pos[:found], runs.site_pos[:found], runs.site_code[:found])


def _joined(runs: tuple[Runs, ...], name: str, kind: type) -> NDArray[np.generic]:
    parts = [getattr(one, name) for one in runs]
    return np.concatenate([*parts, np.zeros(0, kind)]).astype(kind)


def _breaks(
    window: Window,
    tracks: SampleTracks,
    stretches: tuple[tuple[int, int, int], ...],
    first: int,
    last: int,
) -> NDArray[np.int64]:
    """All positions from `first` to `last` + 1 where what is known may change."""
    records = int(window.count[words.N_RECORDS])
    starts = window.start_pos[: window.count[words.N_STARTS]]
    pos, end = window.pos[:records], window.end[:records]
    blocks = (window.flags[:records] & words.BLOCK) != 0
    parts = [np.array([first, last + 1]), starts, starts + 1, [start for start, _, _ in stretches]]
    if tracks.sites:
        parts += [pos[blocks], pos[blocks] + 1]
    else:
        spanning = blocks | (end > pos)
        parts += [pos[spanning], end[spanning] + 1]
    for runs in tracks.runs:
        parts += [runs.start, runs.end + 1]
    points = np.unique(np.concatenate([np.asarray(part, np.int64) for part in parts]))
    lower, upper = np.searchsorted(points, [first, last + 2])
    return points[lower:upper]


def callable_table(
    contig: str, runs: kernel.Runs, numbers: NDArray[np.int32]
) -> pa.Table:
    """The runs as rows of the lake: cut at pages, sorted by start and sample."""
    rows = int(runs.size[0])
    start, end = runs.start[:rows].astype(np.int64), runs.end[:rows].astype(np.int64)
    pages = (end - 1) // PAGE_SIZE - (start - 1) // PAGE_SIZE + 1
    source = np.repeat(np.arange(rows), pages)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(pages) - pages, pages)
    page_start = ((start[source] - 1) // PAGE_SIZE + nth) * PAGE_SIZE + 1
    starts = np.maximum(start[source], page_start)
    ends = np.minimum(end[source], page_start + PAGE_SIZE - 1)
    samples = numbers[runs.sample[:rows][source]]
    order = np.lexsort((samples, starts))
    return pa.Table.from_arrays(
        [
            pa.array(samples[order]),
            pa.repeat(pa.scalar(contig), len(order)),
            pa.array(starts[order].astype(np.int32)),
            pa.array(ends[order].astype(np.int32)),
            pa.array(runs.code[:rows][source][order].astype(np.int32)),
            pa.array(runs.replaced[:rows][source][order].astype(np.int32)),
        ],
        schema=CALLABLE,
    )
