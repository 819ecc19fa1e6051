"""Tracks of changed samples, gathered so that samples with equal tracks are counted at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.build.depth_kernel import Rows
from loaders.jobs import Runs
from schemas.contigs import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Entries = dict[tuple[int, str], list[tuple[int, int]]]


@dataclass(frozen=True)
class MemberTrack:
    """A track, and how often it counts in each stratum for one sex.

    The sum over the samples that have it.
    """

    runs: dict[str, Runs]
    sex: str
    entries: list[tuple[int, int]]

    def reaches(self, contig: str, first: int, last: int) -> bool:
        """Whether any run touches the positions."""
        runs = self.runs.get(contig)
        if runs is None:
            return False
        at = int(np.searchsorted(runs.end, first))
        return at < len(runs.start) and int(runs.start[at]) <= last

    def rows(
        self, contig: str, first: int, last: int, member: int, stretch_start: NDArray[np.int64]
    ) -> Rows:
        """The runs within the positions, cut at pages and stretches."""
        runs = self.runs[contig]
        lower, upper = np.searchsorted(runs.end, first), np.searchsorted(runs.start, last + 1)
        start = np.maximum(runs.start[lower:upper], first).astype(np.int64)
        end = np.minimum(runs.end[lower:upper], last).astype(np.int64)
        borders = np.concatenate(
            (
                np.arange((first - 1) // PAGE_SIZE * PAGE_SIZE + 1, last + 1, PAGE_SIZE),
                stretch_start,
            )
        )
        borders = np.unique(borders[(borders > first) & (borders <= last)])
        before = np.searchsorted(borders, start, "right")
        after = np.searchsorted(borders, end, "right")
        pieces = after - before + 1
        source = np.repeat(np.arange(len(start)), pieces)
        nth = np.arange(len(source)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        padded = np.concatenate(([first], borders, [last + 1]))
        piece_start = np.maximum(start[source], padded[before[source] + nth])
        piece_end = np.minimum(end[source], padded[before[source] + nth + 1] - 1)
        rows = len(source)
        return Rows(
            piece_start.astype(np.int32),
            piece_end.astype(np.int32),
            runs.code[lower:upper][source],
            np.zeros(rows, np.uint8),
            np.full(rows, member, np.int32),
            np.ones(rows, np.uint8),
        )


def read_tracks(files: Sequence[Path], wanted: set[int]) -> dict[int, dict[str, Runs]]:
    """The tracks of some numbers, from the lake."""
    tracks: dict[int, dict[str, Runs]] = {}
    for path in files:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)
        number, contig = table["track"].to_numpy(), np.asarray(table["contig"].to_pylist())
        start, end = table["start"].to_numpy(), table["end"].to_numpy()
        code = table["code"].to_numpy().astype(np.uint8)
        for one in sorted(wanted.intersection(number.tolist())):
            of_track = number == one
            for name in np.unique(contig[of_track]):
                rows = np.flatnonzero(of_track & (contig == name))
                rows = rows[np.argsort(start[rows], kind="stable")]
                tracks.setdefault(one, {})[str(name)] = Runs(start[rows], end[rows], code[rows])
    return tracks


@dataclass(frozen=True)
class TrackSet:
    """The tracks that some samples of one sex have, and how often these count in each stratum."""

    numbers: tuple[int, ...]
    sex: str
    entries: list[tuple[int, int]]


def track_sets(
    entries: Entries, of_sample: Mapping[int, Sequence[int]], checksums: Mapping[int, str]
) -> list[TrackSet]:
    """Each distinct set of tracks once per sex, with the sum of its samples' entries."""
    sums: dict[tuple[tuple[str, ...], str], Counter[int]] = {}
    example: dict[tuple[str, ...], tuple[int, ...]] = {}
    for (sample, sex), entry in entries.items():
        numbers = of_sample.get(sample, ())
        if not numbers:
            continue
        key = tuple(sorted(checksums[number] for number in numbers))
        example.setdefault(key, tuple(numbers))
        total = sums.setdefault((key, sex), Counter())
        for stratum, times in entry:
            total[stratum] += times
    return [
        TrackSet(example[key], sex, kept)
        for (key, sex), total in sums.items()
        if (kept := [(stratum, times) for stratum, times in total.items() if times])
    ]


def member_tracks(
    entries: Entries,
    of_sample: Mapping[int, Sequence[int]],
    tracks: Mapping[int, dict[str, Runs]],
    checksums: Mapping[int, str],
) -> list[MemberTrack]:
    """The runs of each set of tracks.

    A sample with several tracks has what any of them says: their union, with the larger code.
    """
    sets = track_sets(entries, of_sample, checksums)
    merged = {
        numbers: _union([tracks[number] for number in numbers if number in tracks])
        for numbers in {one.numbers for one in sets}
    }
    return [MemberTrack(merged[one.numbers], one.sex, one.entries) for one in sets]


def _union(tracks: list[dict[str, Runs]]) -> dict[str, Runs]:
    if len(tracks) == 1:
        return tracks[0]
    contigs = {contig for track in tracks for contig in track}
    return {
        contig: _union_runs([track[contig] for track in tracks if contig in track])
        for contig in contigs
    }


def _union_runs(several: Iterable[Runs]) -> Runs:
    """Runs of all, in pieces where the larger of each packed number holds."""
    parts = list(several)
    if len(parts) == 1:
        return parts[0]
    points = np.unique(
        np.concatenate([x for p in parts for x in (p.start, p.end.astype(np.int64) + 1)])
    )
    pieces = len(points) - 1
    code = np.zeros(pieces, np.uint8)
    inside = np.zeros(pieces, bool)
    for part in parts:
        at = np.searchsorted(part.start, points[:-1], "right") - 1
        covers = (at >= 0) & (part.end[np.maximum(at, 0)] >= points[:-1])
        own = np.where(covers, part.code[np.maximum(at, 0)], 0).astype(np.uint8)
        fields = [np.maximum(code & mask, own & mask) for mask in (3, 12, 16, 32)]
        code = np.bitwise_or.reduce(fields)
        inside |= covers
    return Runs(
        points[:-1][inside].astype(np.int32),
        (points[1:] - 1)[inside].astype(np.int32),
        code[inside],
    )
