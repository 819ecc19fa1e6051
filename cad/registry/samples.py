"""Rows of samples: which are there at a commit, and which bucket and tracks are theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from cad.registry.chunks import chunks
from cad.registry.past import past_rows
from cad.registry.people import resolved_consents
from cad.registry.tables import batch, bucket_sample, sample, sample_track, visible

_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample at a commit, with what its batch and its person's consents say of it.

    `pipeline` is its name and version. `consents` maps a scope to the decision that holds; a scope
    without any is absent.
    """

    sample_no: int
    sample_id: str
    person_id: str
    sex: str
    material: str
    assay: str
    family_id: str | None
    father_id: str | None
    mother_id: str | None
    founder: bool
    twin_of: str | None
    affected: str
    proband: bool | None
    indication: str | None
    region: str | None
    hospital: str | None
    cohort: str | None
    collected_on: date | None
    has_germline: bool
    has_mitochondrial: bool
    batch_no: int
    batch_id: str
    platform: str
    pipeline: str
    bucket_no: int
    consents: Mapping[str, str]


_FIELDS: Final = frozenset(field.name for field in fields(Sample))
_FROM_ELSEWHERE: Final = ("batch_id", "platform", "pipeline", "bucket_no", "consents")
_COLUMNS: Final = tuple(
    sample.c[field.name] for field in fields(Sample) if field.name not in _FROM_ELSEWHERE
)


def desired_samples(connection: Connection, commit_no: int) -> list[Sample]:
    """Every sample that is visible at a commit, in the order of numbers."""
    query = (
        select(
            *_COLUMNS,
            batch.c.batch_id,
            batch.c.platform,
            (batch.c.pipeline_name + " " + batch.c.pipeline_version).label("pipeline"),
            bucket_sample.c.bucket_no,
        )
        .join(batch, batch.c.batch_no == sample.c.batch_no)
        .join(bucket_sample, bucket_sample.c.sample_no == sample.c.sample_no)
        .where(visible(sample, commit_no), visible(bucket_sample, commit_no))
        .order_by(sample.c.sample_no)
    )
    consents = resolved_consents(connection, commit_no)
    past = past_rows(connection, commit_no)
    # The columns are in the order of the fields, of which the consents are the last.
    made: Any = Sample
    rows = connection.execute(query)
    found = [made(*row, consents.get(row.person_id, _NOTHING)) for row in rows]
    return [_as_it_was(one, past) if one.sample_no in past else one for one in found]


def _as_it_was(one: Sample, past: Mapping[int, Mapping[str, Any]]) -> Sample:
    """A sample with the values that held before a later correction."""
    before = past[one.sample_no].items()
    return replace(one, **{name: value for name, value in before if name in _FIELDS})


def live_samples(
    connection: Connection, sample_ids: Collection[str], person_ids: Collection[str]
) -> list[dict[str, Any]]:
    """The rows of live samples with one of these ids, or of one of these persons, by number.

    Each holds all columns of the table, and the batch's id.
    """
    columns = select(sample, batch.c.batch_id).join(batch, batch.c.batch_no == sample.c.batch_no)
    found: dict[int, dict[str, Any]] = {}
    for column, ids in ((sample.c.sample_id, sample_ids), (sample.c.person_id, person_ids)):
        for some in chunks(ids):
            query = columns.where(column.in_(some), sample.c.removed_at.is_(None))
            rows = connection.execute(query).mappings()
            found |= {row["sample_no"]: dict(row) for row in rows}
    return [found[number] for number in sorted(found)]


def sample_tracks(connection: Connection, sample_nos: Collection[int]) -> dict[int, list[int]]:
    """The numbers of the tracks of some samples, whether those are visible or not."""
    tracks: dict[int, list[int]] = defaultdict(list)
    columns = select(sample_track.c.sample_no, sample_track.c.track_no)
    for some in chunks(sample_nos):
        query = columns.where(sample_track.c.sample_no.in_(some)).order_by(sample_track.c.track_no)
        for number, track in connection.execute(query):
            tracks[number].append(track)
    return dict(tracks)


def buckets_of(connection: Connection, sample_nos: Collection[int]) -> dict[int, int]:
    """The bucket that now holds the rows of each of some samples, visible or not."""
    buckets: dict[int, int] = {}
    columns = select(bucket_sample.c.sample_no, bucket_sample.c.bucket_no)
    for some in chunks(sample_nos):
        query = columns.where(
            bucket_sample.c.sample_no.in_(some), bucket_sample.c.removed_at.is_(None)
        )
        buckets.update((number, bucket) for number, bucket in connection.execute(query))
    return buckets


def left_behind(
    connection: Connection, sample_nos: Collection[int], commit_no: int | None = None
) -> dict[int, list[int]]:
    """By bucket: those of some samples whose rows lie in its files but by now in another's too.

    A compaction writes the rows of the samples it moves to files of their own. Those of the bucket
    they leave stay as they are while a sample remains there, be it one that was removed and is
    still counted by a base. With a commit, what was moved later is not behind.
    """
    found: dict[int, list[int]] = defaultdict(list)
    moved = bucket_sample.c.removed_at
    is_moved = moved.is_not(None) if commit_no is None else moved <= commit_no
    columns = select(bucket_sample.c.bucket_no, bucket_sample.c.sample_no)
    for some in chunks(sample_nos):
        query = columns.where(bucket_sample.c.sample_no.in_(some), is_moved)
        for bucket, number in connection.execute(query):
            found[bucket].append(number)
    return dict(found)


def persons_with_sample(connection: Connection, persons: Collection[str]) -> set[str]:
    """Those of some persons of whom a live sample is there."""
    found: set[str] = set()
    for some in chunks(persons):
        query = select(sample.c.person_id).where(
            sample.c.person_id.in_(some), sample.c.removed_at.is_(None)
        )
        found.update(connection.scalars(query.distinct()))
    return found


def insert_samples(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert samples; each row holds all columns of the table."""
    if rows:
        connection.execute(insert(sample), list(rows))


def insert_sample_tracks(connection: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Say which tracks samples have; pairs of sample and track number."""
    rows = [{"sample_no": number, "track_no": track} for number, track in pairs]
    if rows:
        connection.execute(insert(sample_track), rows)


def move_samples(
    connection: Connection, commit_no: int, sample_nos: Collection[int], bucket_no: int
) -> None:
    """Say that from a commit on the rows of some samples lie in this bucket and no other."""
    if not sample_nos:
        return
    connection.execute(
        update(bucket_sample)
        .where(bucket_sample.c.sample_no.in_(sample_nos), bucket_sample.c.removed_at.is_(None))
        .values(removed_at=commit_no)
    )
    rows = [
        {"bucket_no": bucket_no, "sample_no": number, "added_at": commit_no}
        for number in sample_nos
    ]
    connection.execute(insert(bucket_sample), rows)


def remove_samples(connection: Connection, commit_no: int, batch_no: int) -> list[int]:
    """Remove the samples of a batch from a commit on; returns the buckets that hold their rows."""
    removed = update(sample).where(sample.c.batch_no == batch_no, sample.c.removed_at.is_(None))
    connection.execute(removed.values(removed_at=commit_no))
    query = (
        select(bucket_sample.c.bucket_no)
        .join(sample, sample.c.sample_no == bucket_sample.c.sample_no)
        .where(sample.c.batch_no == batch_no, bucket_sample.c.removed_at.is_(None))
        .distinct()
    )
    return list(connection.scalars(query))


def persons_elsewhere(
    connection: Connection, batch_id: str, sample_ids: Collection[str]
) -> dict[str, set[str]]:
    """Of the samples in other batches that bear one of these ids: the persons, by sample id."""
    query = (
        select(sample.c.sample_id, sample.c.person_id)
        .join(batch, batch.c.batch_no == sample.c.batch_no)
        .where(
            sample.c.sample_id.in_(sample_ids),
            sample.c.removed_at.is_(None),
            batch.c.batch_id != batch_id,
        )
    )
    persons: dict[str, set[str]] = defaultdict(set)
    for sample_id, person in connection.execute(query):
        persons[sample_id].add(person)
    return dict(persons)
