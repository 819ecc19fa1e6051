"""What a sweep over a contig works with: the samples' tracks, its place, what it puts out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.window import Window

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]


class Tracks(NamedTuple):
    """What the samples' tracks say of a contig."""

    first: Longs
    """Number of tracks + 1: where each track's runs begin."""
    runs: Ints
    """Runs of all tracks back to back: start, end, code."""
    of_sample: Longs
    """The track of each sample, -1 for none."""
    stretches: Longs
    """Where each stretch of one region class starts, and the bits of what is told that count."""


class Sweep(NamedTuple):
    """Where a sweep is, and what it put out.

    What is told of a sample, by records or by its track, is its code and above it why nothing
    passes (`bearing.ALONE`).
    """

    place: Longs
    """Integers, at the places below."""
    codes: Words
    """By sample: what the records say at the position at hand."""
    present: Bytes
    """By sample: whether they say anything."""
    base: Words
    """By sample: what its track says there."""
    opened: Ints
    """By sample: its last run, which may grow: start, end (-1 for none), what is told, and base."""
    active: Longs
    """Records that span the position at hand."""
    track_at: Longs
    """By track: the run it is at."""
    said: Words
    """By track: what it says there; the last one is that of samples without a track."""
    counts: Ints
    """Of a site: samples by code, then by why."""
    spans: Longs
    """By record that starts at the position: its calls of the sample at hand."""
    ranks: Longs
    """By allele of the window: the rank of its key."""
    rows: Ints
    """Runs put out, in the order of their ends: sample, start, end, what is told, and base."""
    sites: Ints
    """Sites put out: position, and what is told of the most samples."""


# Of `place`: the run of positions at hand and the last one; the next record; the starts at the
# position and after it; how much is filled; where tracks change next, the bits that count, the base
# of all samples or -2; whether only sites are known.
(BEGIN, STOP, LAST, NEXT_RECORD, FIRST_START, NEXT_START, N_ACTIVE, N_ROWS, N_SITES) = range(9)
(TRACKS_CHANGE, MASK, SHARED_BASE, BY_SITES) = range(9, 13)


def new_sweep(
    window: Window, ranks: Longs, tracks: Tracks, span: tuple[int, int], *, by_sites: bool
) -> Sweep:
    """A sweep over a span (first and last position) of a window whose starts are sorted."""
    samples = window.states.shape[1]
    place = np.zeros(13, np.int64)
    place[BEGIN], place[LAST] = span
    place[NEXT_START] = np.searchsorted(window.starts[:, w.S_POS], span[0])
    place[BY_SITES] = by_sites
    return Sweep(
        place,
        codes=np.zeros(samples, np.uint16),
        present=np.zeros(samples, np.uint8),
        base=np.zeros(samples, np.uint16),
        opened=np.full((samples, 4), -1, np.int32),
        active=np.empty(len(window.records) + 1, np.int64),
        track_at=tracks.first[:-1].copy(),
        said=np.zeros(len(tracks.first), np.uint16),
        counts=np.zeros(1 << 10, np.int32),
        spans=np.empty((len(window.starts) + 1, 2), np.int64),
        ranks=ranks,
        rows=np.empty((4 * samples + (1 << 16), 5), np.int32),
        sites=np.empty((len(window.starts) + len(window.records) if by_sites else 0, 2), np.int32),
    )


def with_more_rows(now: Sweep) -> Sweep:
    """The sweep with twice the room for runs."""
    return now._replace(rows=np.concatenate((now.rows, np.empty_like(now.rows))))
