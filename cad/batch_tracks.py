"""Where each sample of a read batch was looked at: one track per sample, equal ones kept once.

A sample may be in several files of a batch. On each contig the file that covers it speaks alone;
where none does, the BEDs of its `bed` files hold, since what they do not write is reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cad.registry.batches import TrackKind
from loaders.jobs import Column, FileJob, FileResult, Track
from loaders.tracks import track_sha256, union
from schemas.contigs import CONTIGS

_KIND: Final[Mapping[str, TrackKind]] = {"bed": "bed", "sites": "sites", "blocks": "contigs"}


@dataclass(frozen=True)
class TrackSet:
    """The distinct tracks of a batch, and which samples (by number) have which (by place)."""

    tracks: tuple[tuple[TrackKind, str, Track], ...]
    pairs: tuple[tuple[int, int], ...]


class _Reading(NamedTuple):
    """One column of one file that was read."""

    job: FileJob
    column: Column
    result: FileResult

    def counts(self, contig: str) -> bool:
        """Whether the file may say anything of the sample there; M is a mitochondrial file's."""
        return contig != "M" or not self.column.skip_mito

    def alike(self) -> tuple[int, int, bool]:
        """The same for readings of the same track in the same file."""
        bed = self.column.bed if self.job.callability == "bed" else None
        return id(self.job), id(bed), self.column.skip_mito

    def track(self) -> Track:
        """Where this file was looked at for the sample."""
        return self.column.bed if self.job.callability == "bed" else self.result.own_track or {}


def gather_tracks(jobs: Sequence[FileJob], results: Sequence[FileResult]) -> TrackSet:
    """Find where each sample was looked at; equal tracks, known by checksum, are one."""
    readings: dict[int, list[_Reading]] = defaultdict(list)
    for job, result in zip(jobs, results, strict=True):
        for column in job.columns:
            if column.number is not None:
                readings[column.number].append(_Reading(job, column, result))
    # Columns of one file mostly share one track: what is the same for many samples is made once.
    made: dict[tuple[tuple[int, int, bool], ...], int] = {}
    places: dict[tuple[TrackKind, str], int] = {}
    tracks: list[tuple[TrackKind, str, Track]] = []
    pairs: list[tuple[int, int]] = []
    for number, own in sorted(readings.items()):
        alike = tuple(one.alike() for one in own)
        if alike not in made:
            track = _compose(own)
            kind = _KIND[own[0].job.callability]
            key = (kind, track_sha256(track))
            if key not in places:
                places[key] = len(tracks)
                tracks.append((*key, track))
            made[alike] = places[key]
        pairs.append((number, made[alike]))
    return TrackSet(tuple(tracks), tuple(pairs))


def _compose(readings: Sequence[_Reading]) -> Track:
    """The one track of a sample that was read in these files."""
    track: Track = {}
    for contig in CONTIGS:
        own = [one for one in readings if one.counts(contig)]
        speaking = [one for one in own if contig in one.result.contigs]
        silent = [one for one in own if one.job.callability == "bed"]
        found = [
            {contig: runs}
            for one in speaking or silent
            if (runs := one.track().get(contig)) is not None
        ]
        if found:
            track[contig] = found[0][contig] if len(found) == 1 else union(found)[contig]
    return track
