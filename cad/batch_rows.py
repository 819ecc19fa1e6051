"""What a read batch becomes in the registry: rows of samples, tracks, consents and phenotypes.

Nothing of a person who has withdrawn gets a row, nor does anybody else's row name such a person: a
child keeps that a parent was declared (`founder`), not whom (DESIGN 5.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection

from cad.batch_tracks import TrackSet
from cad.clinical.keep import Documents
from cad.registry.batches import (
    consent_columns,
    insert_batch,
    insert_bucket,
    insert_consents,
    insert_tracks,
)
from cad.registry.engine import registry_now
from cad.registry.samples import insert_sample_tracks, insert_samples, move_samples
from loaders.intake import Batch
from loaders.jobs import FileJob
from schemas.sheets import SampleRow

_RELATIVES: Final = ("father_id", "mother_id", "twin_of")


@dataclass(frozen=True)
class People:
    """Who is in a batch; `numbers` gives each sample's number, None for that of the withdrawn."""

    batch: Batch
    withdrawn: frozenset[str]
    numbers: Mapping[str, int | None]

    @classmethod
    def number(cls, batch: Batch, withdrawn: frozenset[str], first: int) -> People:
        """Number the samples from `first` on, in the order of the sheet."""
        numbers: dict[str, int | None] = {}
        for row in batch.samples:
            ignored = row.person_id in withdrawn
            numbers[row.sample_id] = None if ignored else first
            first += not ignored
        return cls(batch, withdrawn, numbers)

    @property
    def ignored(self) -> int:
        """Samples of withdrawn persons."""
        return sum(number is None for number in self.numbers.values())

    @property
    def counted(self) -> dict[str, int]:
        """Number by id of the other samples."""
        return {name: number for name, number in self.numbers.items() if number is not None}


def persons_of(batch: Batch) -> frozenset[str]:
    """Every person a batch names, relatives who were not sequenced included."""

    def named() -> Iterator[str | None]:
        for row in batch.samples:
            yield from (row.person_id, row.father_id, row.mother_id, row.twin_of)
        for table in (batch.consents, batch.phenotypes):
            yield from (row.person_id for row in table)

    return frozenset(person for person in named() if person is not None)


def insert_rows(
    connection: Connection,
    commit_no: int,
    people: People,
    jobs: Sequence[FileJob],
    tracks: TrackSet,
    first_track: int,
    receipt: Mapping[str, Any],
    documents: Documents,
) -> int:
    """Insert all rows of a batch but those of its files; returns the bucket its files belong to.

    Args:
        connection: the committing transaction.
        commit_no: the commit.
        people: who is in the batch.
        jobs: how its files were read.
        tracks: where its samples were looked at.
        first_track: number of the first track; the others follow.
        receipt: the document to keep.
        documents: what its clinical documents say.
    """
    batch = people.batch
    manifest = batch.manifest
    batch_no = insert_batch(
        connection,
        commit_no,
        {
            "batch_id": manifest.batch_id,
            "platform": manifest.platform,
            "pipeline_name": manifest.pipeline.name,
            "pipeline_version": manifest.pipeline.version,
            "content_sha256": batch.content_sha256,
            "receipt": dict(receipt),
            "pushed_at": registry_now(connection),
        },
    )
    bucket_no = insert_bucket(connection, commit_no, "batch")
    own = {"batch_no": batch_no, "added_at": commit_no}
    insert_samples(connection, [{**row, **own} for row in _sample_rows(people, jobs)])
    move_samples(connection, commit_no, sorted(people.counted.values()), bucket_no)
    numbered = enumerate(tracks.tracks, start=first_track)
    insert_tracks(
        connection, batch_no, [(number, kind, sha) for number, (kind, sha, _) in numbered]
    )
    pairs = ((sample, first_track + place) for sample, place in tracks.pairs)
    insert_sample_tracks(connection, pairs)
    consents = (row for row in batch.consents if row.person_id not in people.withdrawn)
    insert_consents(connection, commit_no, batch_no, map(consent_columns, consents))
    documents.keep(connection, commit_no, batch_no=batch_no)
    return bucket_no


def _sample_rows(people: People, jobs: Sequence[FileJob]) -> Iterator[dict[str, Any]]:
    kinds: dict[int, set[str]] = {}
    for job in jobs:
        for column in job.columns:
            if column.number is not None:
                kinds.setdefault(column.number, set()).add(job.kind)
    for row in people.batch.samples:
        number = people.numbers[row.sample_id]
        if number is not None:
            yield {
                **_declared(row, people),
                "sample_no": number,
                "has_germline": "germline" in kinds[number],
                "has_mitochondrial": "mitochondrial" in kinds[number],
            }


def _declared(row: SampleRow, people: People) -> dict[str, Any]:
    """The sheet's columns, without the names of withdrawn persons and samples."""
    columns = asdict(row)
    # A path within the batch means nothing once the batch is read.
    del columns["callable_bed"]
    columns["founder"] = row.father_id is None and row.mother_id is None
    for name in _RELATIVES:
        if columns[name] in people.withdrawn:
            columns[name] = None
    if people.numbers.get(row.normal_of or "", 0) is None:
        columns["normal_of"] = None
    return columns
