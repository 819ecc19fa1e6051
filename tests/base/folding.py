"""Batches read and folded in memory by the build's own kernels: no registry, no base on disk.

What a push reads and what a build counts and adds up is all there, at a fiftieth of the cost of a
warehouse, so that many orders can be tried.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cad.batch_rows import People
from cad.batch_tracks import gather_tracks
from cad.build.calls import CallCounter
from cad.build.depth import DepthCounter
from cad.build.depth_kernel import Changes, add_changes, no_changes
from cad.build.members import MemberTable
from cad.build.place import Place
from cad.build.plan import BuildPlan, Members, PurposePlan
from cad.build.tracks import member_tracks
from loaders.intake import plan_jobs, read_batch
from loaders.jobs import Track
from loaders.vcf_file import read_vcf
from schemas.contigs import BIN_SIZE, Assembly

STRATA = {"all": 1, "sex=XX": 2, "sex=XY": 3, "sex=other": 4, "sex=unknown": 5, "affected=1": 6}

Sample = tuple[str, str]
"""The batch, without what a split added to its id, and the sample id."""


@dataclass(frozen=True)
class Way:
    """One way for a sample to count: its declared sex and further strata."""

    sex: str
    affected: bool

    def strata(self) -> list[int]:
        """The numbers of the strata."""
        return [1, STRATA[f"sex={self.sex}"], *([STRATA["affected=1"]] if self.affected else [])]


@dataclass
class Files:
    """What a batch became: its files by table, its samples' numbers and ways, its tracks."""

    paths: dict[str, list[str]]
    numbers: dict[Sample, int]
    ways: dict[Sample, Way]
    tracks: dict[int, Track]
    checksums: dict[int, str]
    of_sample: dict[int, list[int]]

    @classmethod
    def read(cls, directory: Path, out: Path, first: int) -> "Files":
        """Read a batch as a push does; samples and tracks are numbered from `first` on."""
        batch = read_batch(directory)
        people = People.number(batch, frozenset(), first)
        jobs = plan_jobs(batch, people.numbers, reference=None, out=out)
        results = [read_vcf(job) for job in jobs]
        found = gather_tracks(jobs, results)
        numbered = dict(enumerate(found.tracks, first))
        of_sample: dict[int, list[int]] = {}
        for sample, place in found.pairs:
            of_sample.setdefault(sample, []).append(first + place)
        paths: dict[str, list[str]] = {"calls": [], "callable": []}
        for file in (file for result in results for file in result.written):
            paths[file.table].append(str(file.path))
        origin = batch.manifest.batch_id.partition(".")[0]
        return cls(
            paths,
            {(origin, name): number for name, number in people.counted.items()},
            {(origin, row.sample_id): Way(row.sex, row.affected == "1") for row in batch.samples},
            {number: track for number, (_, _, track) in numbered.items()},
            {number: checksum for number, (_, checksum, _) in numbered.items()},
            of_sample,
        )


@dataclass
class Base:
    """Counts by contig, variant and stratum, and depth by bin: all that was folded, added up."""

    assembly: Assembly
    places: Sequence[Place]
    counts: Counter[tuple[object, ...]] = field(default_factory=Counter)
    depth: dict[Place, Changes] = field(default_factory=dict)

    def fold(self, files: Iterable[Files], ways: dict[Sample, Counter[Way]]) -> None:
        """Add what some samples change: how often each counts in which way, -1 takes it out."""
        own = [file for file in files if file.numbers.keys() & ways.keys()]
        numbers = {sample: number for file in own for sample, number in file.numbers.items()}
        members: Members = {}
        for sample, changed in ways.items():
            for way, times in changed.items():
                strata = members.setdefault((numbers[sample], way.sex), Counter())
                strata.update({number: times for number in way.strata()})
        plan = PurposePlan("care", members=members, strata=STRATA)
        table = MemberTable(BuildPlan(0, None, {"care": plan}, 0, 0))
        tracks = member_tracks(
            table.entries,
            {sample: tracks for file in own for sample, tracks in file.of_sample.items()},
            {number: track for file in own for number, track in file.tracks.items()},
            {number: checksum for file in own for number, checksum in file.checksums.items()},
        )
        calls = [path for file in own for path in file.paths["calls"]]
        rows = [path for file in own for path in file.paths["callable"]]
        for place in self.places:
            found = CallCounter(table, self.assembly, place.contig, {}).count(calls, place)
            self._add_counts(place.contig, found.to_pylist())
            counter = DepthCounter(table, tracks, self.assembly, place.contig, {})
            depth = counter.count(rows, place)
            held = self.depth.get(place, no_changes())
            self.depth[place] = Changes(*add_changes(held, depth))

    def _add_counts(self, contig: str, rows: list[dict[str, object]]) -> None:
        for row in rows:
            key = (contig, *(row[name] for name in ("pos", "ref", "alt", "stratum")))
            for name, value in row.items():
                if name.startswith("n_") and value:
                    assert isinstance(value, int)
                    self.counts[(*key, name)] += value

    def assert_equal(self, other: "Base") -> None:
        """Both hold the same counts and, change by change, the same depth."""
        ours = {key: value for key, value in self.counts.items() if value}
        theirs = {key: value for key, value in other.counts.items() if value}
        assert ours == theirs
        for place in self.places:
            for column, expected in zip(self.depth[place], other.depth[place], strict=True):
                np.testing.assert_array_equal(column, expected)


def bins_of(places: Iterable[tuple[str, int, int]]) -> list[Place]:
    """The bins that some stretches lie in."""
    found = {
        (contig, number)
        for contig, start, end in places
        for number in range(max(0, start - 101) // BIN_SIZE, (end + 99) // BIN_SIZE + 1)
    }
    return [
        Place(contig, number, number * BIN_SIZE + 1, (number + 1) * BIN_SIZE)
        for contig, number in sorted(found)
    ]
