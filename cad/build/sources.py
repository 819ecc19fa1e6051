"""What a build reads: files of the samples that changed, and the bins that the bases hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from cad.build.place import Place
from cad.build.plan import BuildPlan
from cad.build.tracks import MemberTrack
from cad.lake import Lake
from cad.registry.bucket_files import bucket_files, track_checksums
from cad.registry.files import LakeFile, lake_files
from cad.registry.samples import buckets_of, left_behind, sample_tracks
from cad.warehouse import Warehouse
from schemas.contigs import BIN_SIZE, CONTIGS, Assembly, contig_length

BASE_TABLES: Final = (
    "base_counts", "base_an", "base_depth", "base_index", "base_changes",
    "added_counts", "added_depth", "added_variants",
)  # fmt: skip
VARIANT_TABLES: Final = ("base_an", "added_variants")
"""Each variant of a base has one row in one of these tables."""
BinFiles = dict[str, list[LakeFile]]
"""The files that hold one bin, by table, oldest first."""
SAMPLE_TABLES: Final = ("calls", "callable", "tracks")


@dataclass(frozen=True)
class Sources:
    """The files a build reads.

    Those of the buckets of the samples that changed, and the bins its bases hold.
    """

    lake: Lake
    files: dict[str, list[LakeFile]]
    left_behind: dict[str, NDArray[np.int32]]
    """By path as `at` gives it: samples whose rows in that file do not count, for they were moved.
    """
    held: dict[str, dict[tuple[str, int], BinFiles]]
    tracks_of: dict[int, list[int]]
    checksums: dict[int, str]

    @classmethod
    def find(cls, connection: Connection, warehouse: Warehouse, plan: BuildPlan) -> Sources:
        """Look up the files that the samples of a plan lie in, and the bins their bases hold."""
        samples = plan.sample_numbers()
        buckets = set(buckets_of(connection, samples).values())
        tracks_of = sample_tracks(connection, samples)
        numbers = {number for some in tracks_of.values() for number in some}
        held = {name: bins_held(connection, plan.commit_no, name) for name in plan.purposes}
        files = {table: bucket_files(connection, table, buckets) for table in SAMPLE_TABLES}
        moved = left_behind(connection, samples)
        return cls(
            warehouse.lake,
            files,
            {
                str(warehouse.path / file.path): np.array(moved[file.bucket_no], np.int32)
                for file in (*files["calls"], *files["callable"])
                if file.bucket_no in moved
            },
            held,
            tracks_of,
            track_checksums(connection, numbers),
        )

    def paths(self) -> tuple[str, ...]:
        """Paths in the warehouse of the files of samples."""
        return tuple(sorted(file.path for files in self.files.values() for file in files))

    def at(self, table: str, place: Place) -> list[str]:
        """Files of a table with rows that may lie in the bin."""
        return [
            str(self.lake.local(file.path))
            for file in self.files[table]
            if any(
                span.contig == place.contig and span.start <= place.last and span.end >= place.first
                for span in file.spans
            )
        ]

    def places(self, tracks: Iterable[MemberTrack], assembly: Assembly) -> list[Place]:
        """The bins that rows or tracks of changed samples may touch, in the order of the genome."""
        files = (*self.files["calls"], *self.files["callable"])
        found = {
            (contig, number)
            for track in tracks
            for contig, runs in track.runs.items()
            for number in _bins(runs.start, runs.end)
        }
        return places_of_bins(found | _bins_of_files(files), assembly)


def bins_held(
    connection: Connection, commit_no: int, purpose: str
) -> dict[tuple[str, int], BinFiles]:
    """The files of a purpose's base by contig and bin."""
    bins: dict[tuple[str, int], BinFiles] = {}
    for file in lake_files(connection, commit_no, BASE_TABLES, purpose=purpose):
        if file.contig is not None and file.bin is not None:
            own = bins.setdefault((file.contig, file.bin), {})
            own.setdefault(file.table, []).append(file)
    return bins


def places_of(files: Iterable[LakeFile], assembly: Assembly) -> list[Place]:
    """The bins that rows of some files may lie in, in the order of the genome."""
    return places_of_bins(_bins_of_files(files), assembly)


def _bins_of_files(files: Iterable[LakeFile]) -> set[tuple[str, int]]:
    return {
        (span.contig, number)
        for file in files
        for span in file.spans
        for number in range((span.start - 1) // BIN_SIZE, (span.end - 1) // BIN_SIZE + 1)
    }


def places_of_bins(bins: set[tuple[str, int]], assembly: Assembly) -> list[Place]:
    """Bins by contig and number as places, in the order of the genome."""
    ordered = sorted(bins, key=lambda key: (CONTIGS.index(key[0]), key[1]))
    return [place_of(contig, number, assembly) for contig, number in ordered]


def place_of(contig: str, number: int, assembly: Assembly) -> Place:
    """A bin by its contig and number."""
    last = min((number + 1) * BIN_SIZE, contig_length(assembly, contig))
    return Place(contig, number, number * BIN_SIZE + 1, last)


def _bins(start: NDArray[np.int32], end: NDArray[np.int32]) -> set[int]:
    """The bins that runs touch."""
    first, last = (start - 1) // BIN_SIZE, (end - 1) // BIN_SIZE
    found = set(np.unique(first).tolist())
    for run in np.flatnonzero(last > first):
        found |= set(range(int(first[run]), int(last[run]) + 1))
    return found
