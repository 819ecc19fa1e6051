"""Callable rows: where a sample's known alleles differ from what its tracks say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.columns import constant
from loaders.columns import numbers as as_column
from loaders.jobs import Runs
from loaders.kernel import words
from loaders.kernel.resolve import sweep
from loaders.kernel.sweep import N_ROWS, N_SITES, Tracks, new_sweep, with_more_rows
from loaders.kernel.window import Window
from schemas.contigs import PAGE_SIZE
from schemas.tables import CALLABLE

EMPTY: Final = Runs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint8))


@dataclass(frozen=True)
class SampleTracks:
    """The kept samples' tracks on one contig.

    `beds` are the file's distinct BEDs, none unless it is `bed`; `of_sample` says which of them
    each sample has, -1 for none. `sites`: the file's own list of sites serves instead.
    """

    beds: tuple[Runs, ...]
    of_sample: NDArray[np.int64]
    sites: bool


def resolve(
    window: Window,
    ranks: NDArray[np.int64],
    tracks: SampleTracks,
    stretches: NDArray[np.int64],
    span: tuple[int, int],
) -> tuple[NDArray[np.int32], Runs]:
    """Resolve a span (first, last position): runs that differ from the tracks, and the sites."""
    starts = window.starts[np.argsort(window.starts[:, words.S_POS], kind="stable")]
    window = window._replace(starts=starts)
    runs = [np.column_stack((one.start, one.end, one.code)) for one in tracks.beds]
    facts = Tracks(
        np.cumsum([0, *map(len, runs)]).astype(np.int64),
        np.concatenate([np.zeros((0, 3), np.int32), *runs]).astype(np.int32),
        tracks.of_sample,
        stretches,
    )
    now = new_sweep(window, ranks, facts, span, by_sites=tracks.sites)
    while not sweep(window, facts, now):
        now = with_more_rows(now)
    sites = now.sites[: now.place[N_SITES]]
    code, why = _unpack(sites[:, 1])
    listed = Runs(sites[:, 0], sites[:, 0], code.astype(np.uint8), why)
    return now.rows[: now.place[N_ROWS]], listed


def _unpack(told: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Codes, and why nothing passes."""
    return told & (1 << words.WHY_SHIFT) - 1, told >> words.WHY_SHIFT


def callable_table(contig: str, rows: NDArray[np.int32], numbers: NDArray[np.int32]) -> pa.Table:
    """Runs of the kernel as rows of the lake: cut at pages, sorted by start and sample."""
    sample, start, end, told, base = rows.T
    (code, why), (replaced, _) = _unpack(told), _unpack(base)
    pages = (end - 1) // PAGE_SIZE - (start - 1) // PAGE_SIZE + 1
    source = np.repeat(np.arange(len(rows)), pages)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(pages) - pages, pages)
    page_start = ((start[source] - 1) // PAGE_SIZE + nth) * PAGE_SIZE + 1
    starts = np.maximum(start[source], page_start)
    ends = np.minimum(end[source], page_start + PAGE_SIZE - 1)
    samples = numbers[sample[source]]
    order = np.argsort(starts * (1 << 32) + samples)
    source = source[order]
    columns = {
        "sample": samples[order],
        "start": starts[order].astype(np.int32),
        "end": ends[order].astype(np.int32),
        "code": code[source],
        "replaced": replaced[source],
        "why": why[source],
    }
    arrays = {name: as_column(values) for name, values in columns.items()}
    arrays["contig"] = constant(contig, len(order))
    return pa.Table.from_arrays([arrays[name] for name in CALLABLE.names], CALLABLE.names)
