"""The samples of a batch that is being pushed, as far as the door looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cad.batch_rows import People
from cad.batch_tracks import TrackSet
from cad.lake import Lake
from loaders.jobs import FileJob, FileResult, Span, Track
from schemas.contigs import Assembly
from schemas.sheets import SampleRow

LOOKED_AT: Final = ("WGS", "WES", "panel")
"""Assays whose germline samples are looked at, the widest first."""


@dataclass(frozen=True)
class Part:
    """A Parquet file with rows of a sample, staged or of a lake, and the stretches they lie in."""

    path: Path
    spans: tuple[Span, ...]
    lake: Lake | None = None

    @property
    def local(self) -> Path:
        """The file on this machine."""
        return self.path if self.lake is None else self.lake.local(self.path)


@dataclass(frozen=True, eq=False)
class Holding:
    """Where the rows of one sample lie, staged or in the lake, and its tracks."""

    sample_no: int
    calls: tuple[Part, ...]
    callable: tuple[Part, ...]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, eq=False)
class Arrival:
    """One sample of the batch: a germline genome, exome or panel.

    `line` is its line in samples.tsv, the header being line 1.
    """

    sample_no: int
    line: int
    row: SampleRow
    holding: Holding

    @property
    def twins(self) -> frozenset[str]:
        """The person, and the monozygotic twin the sheet names."""
        return frozenset({self.row.person_id, self.row.twin_of or self.row.person_id})


@dataclass(frozen=True)
class Arrivals:
    """What the door looks at of a batch.

    `replaced` is the number of the batch that this one takes the place of, where there is one.
    """

    assembly: Assembly
    samples: tuple[Arrival, ...]
    replaced: int | None = None
    by_person: Mapping[str, tuple[Arrival, ...]] = field(default_factory=dict)

    @classmethod
    def gather(
        cls,
        people: People,
        jobs: Sequence[FileJob],
        results: Sequence[FileResult],
        tracks: TrackSet,
        replaced: int | None,
    ) -> Arrivals:
        """Gather the samples of a batch that was read and is not committed yet."""
        holdings = _holdings(jobs, results, tracks)
        samples = tuple(
            Arrival(number, line, row, holdings[number])
            for line, row in enumerate(people.batch.samples, start=2)
            if (number := people.numbers[row.sample_id]) in holdings and number is not None
            if row.material == "germline" and row.assay in LOOKED_AT
        )
        by_person: dict[str, tuple[Arrival, ...]] = {}
        for one in samples:
            by_person[one.row.person_id] = (*by_person.get(one.row.person_id, ()), one)
        return cls(people.batch.manifest.assembly, samples, replaced, by_person)

    def widest(self, person_id: str) -> list[Arrival]:
        """The batch's genome of a person, else exome, else panel; none where there is no sample."""
        own = self.by_person.get(person_id, ())
        return sorted(own, key=lambda one: LOOKED_AT.index(one.row.assay))[:1]

    def parts(self, table: str) -> list[Part]:
        """The files of a table with rows of any sample, each once."""
        parts = {part.path: part for one in self.samples for part in getattr(one.holding, table)}
        return list(parts.values())


def _holdings(
    jobs: Sequence[FileJob], results: Sequence[FileResult], tracks: TrackSet
) -> dict[int, Holding]:
    """By sample number, where the rows of the batch's germline files lie."""
    parts: dict[int, dict[str, list[Part]]] = {}
    for job, result in zip(jobs, results, strict=True):
        for column in job.columns:
            if column.number is None or job.kind != "germline":
                continue
            own = parts.setdefault(column.number, {"calls": [], "callable": []})
            for file in result.written:
                if file.table in own:
                    own[file.table].append(Part(file.path, file.spans))
    own_tracks: dict[int, list[Track]] = {}
    for number, place in tracks.pairs:
        own_tracks.setdefault(number, []).append(tracks.tracks[place][2])
    return {
        number: Holding(
            number, tuple(own["calls"]), tuple(own["callable"]), tuple(own_tracks.get(number, ()))
        )
        for number, own in parts.items()
    }
