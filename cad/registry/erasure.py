"""Registry rows of withdrawn persons: hidden at once, gone after the next build."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select, update

from cad.registry.access_tables import release, release_person
from cad.registry.analyses import remove_analyses_of
from cad.registry.chunks import chunks
from cad.registry.clinical_tables import delivery, relation
from cad.registry.documents import forget_documents, without_paths
from cad.registry.past import forget_named
from cad.registry.people import keyed_hash
from cad.registry.tables import (
    batch,
    bucket_sample,
    commit,
    folded,
    lake_file,
    lake_span,
    lease,
    metadata,
    sample,
    sample_track,
    session,
    tombstone,
    track,
)
from loaders.jobs import Span, WrittenFile

_UNTIL_BUILT = (sample, folded)
"""Tables whose rows of a person a build still needs, to take the person out of the base."""


def hide_person(connection: Connection, commit_no: int, key: bytes, person_id: str) -> None:
    """Leave a tombstone, take the person's samples out of every later commit, and forget the rest.

    Children keep that a parent was declared, not whom; releases count how many have withdrawn.
    """
    digest = keyed_hash(key, person_id)
    if connection.scalar(select(tombstone.c.keyed_hash).filter_by(keyed_hash=digest)) is None:
        connection.execute(insert(tombstone).values(keyed_hash=digest))
    own = sample.c.person_id == person_id
    names = list(connection.scalars(select(sample.c.sample_id).where(own)))
    connection.execute(
        update(sample).where(own, sample.c.removed_at.is_(None)).values(removed_at=commit_no)
    )
    for column in (sample.c.father_id, sample.c.mother_id, sample.c.twin_of):
        statement = update(sample).where(column == person_id).values({column: None})
        connection.execute(statement)
    for name in names:
        connection.execute(update(sample).where(sample.c.normal_of == name).values(normal_of=None))
    forget_named(connection, person_id, names)
    statement = update(relation).where(relation.c.relative_id == person_id)
    connection.execute(statement.values(relative_id=None))
    counted = select(release_person.c.release_no).where(release_person.c.person_id == person_id)
    statement = update(release).where(release.c.release_no.in_(counted))
    connection.execute(statement.values(withdrawn_since=release.c.withdrawn_since + 1))
    forget_documents(connection, person_id)
    remove_analyses_of(connection, commit_no, person_id)
    for table in metadata.sorted_tables:
        if "person_id" in table.c and table not in _UNTIL_BUILT:
            connection.execute(delete(table).where(table.c.person_id == person_id))


def pending_samples(connection: Connection, key: bytes) -> dict[int, tuple[str, str]]:
    """Samples of withdrawn persons that no base has folded any more.

    Person and sample id by number.
    """
    known = set(connection.scalars(select(tombstone.c.keyed_hash)))
    if not known:
        return {}
    held = select(folded.c.sample_no)
    query = select(sample.c.sample_no, sample.c.person_id, sample.c.sample_id).where(
        sample.c.removed_at.is_not(None), sample.c.sample_no.not_in(held)
    )
    return {
        number: (person, name)
        for number, person, name in connection.execute(query)
        if keyed_hash(key, person) in known
    }


def files_with(connection: Connection, samples: Collection[int]) -> dict[int, tuple[str, str]]:
    """Every registered file, removed or not, that may hold rows of samples: table and path."""
    buckets = select(bucket_sample.c.bucket_no).where(bucket_sample.c.sample_no.in_(samples))
    query = select(lake_file.c.file_no, lake_file.c.table_name, lake_file.c.path).where(
        lake_file.c.bucket_no.in_(buckets)
    )
    return {number: (table, path) for number, table, path in connection.execute(query)}


def lonely_tracks(connection: Connection, samples: Collection[int]) -> list[int]:
    """Tracks that no sample but these has."""
    shared = select(sample_track.c.track_no).where(sample_track.c.sample_no.not_in(samples))
    query = (
        select(sample_track.c.track_no)
        .where(sample_track.c.sample_no.in_(samples), sample_track.c.track_no.not_in(shared))
        .distinct()
    )
    return list(connection.scalars(query))


def exchange_file(
    connection: Connection, file_no: int, written: WrittenFile | None, path: str | None
) -> None:
    """Let a registered file be another one in its place, or none where no row is left."""
    connection.execute(delete(lake_span).where(lake_span.c.file_no == file_no))
    if written is None:
        connection.execute(delete(lake_file).where(lake_file.c.file_no == file_no))
        return
    connection.execute(
        update(lake_file)
        .where(lake_file.c.file_no == file_no)
        .values(rows=written.rows, bytes=written.bytes, sha256=written.sha256, path=path)
    )
    connection.execute(
        insert(lake_span), [{"file_no": file_no, **_row(span)} for span in written.spans]
    )


def _row(span: Span) -> dict[str, str | int]:
    return {"contig": span.contig, "start": span.start, "end": span.end, "rows": span.rows}


def erase_rows(
    connection: Connection, samples: Collection[int], tracks: Collection[int], ids: Collection[str]
) -> None:
    """Delete every row that refers to the samples.

    And their ids wherever a receipt names a file.
    """
    for numbers in chunks(samples):
        for table in reversed(metadata.sorted_tables):
            for key in table.foreign_keys:
                if key.column.table is sample:
                    connection.execute(delete(table).where(key.parent.in_(numbers)))
        connection.execute(delete(sample).where(sample.c.sample_no.in_(numbers)))
    for numbers in chunks(tracks):
        connection.execute(delete(track).where(track.c.track_no.in_(numbers)))
    for number, receipt in connection.execute(select(batch.c.batch_no, batch.c.receipt)):
        files = [_without_ids(entry, place, ids) for place, entry in enumerate(receipt["files"], 1)]
        kept = without_paths({**receipt, "files": files}, (), ids)
        if kept != receipt:
            own = batch.c.batch_no == number
            connection.execute(update(batch).where(own).values(receipt=kept))
    for number, receipt in connection.execute(select(delivery.c.delivery_no, delivery.c.receipt)):
        kept = without_paths(receipt, (), ids)
        if kept != receipt:
            own = delivery.c.delivery_no == number
            connection.execute(update(delivery).where(own).values(receipt=kept))


def _without_ids(entry: dict[str, object], place: int, ids: Collection[str]) -> dict[str, object]:
    """A receipt's entry whose path names nobody."""
    path = str(entry["path"])
    return {**entry, "path": f"file {place}"} if any(name in path for name in ids) else entry


def end_leases(connection: Connection, commit_no: int) -> None:
    """End every reader's pin of an earlier commit."""
    connection.execute(delete(lease).where(lease.c.commit_no < commit_no))


def abort_older_sessions(connection: Connection) -> None:
    """Abort writers that began before the latest withdrawal.

    What they staged may hold the person.
    """
    latest = select(commit.c.session_no).where(commit.c.kind == "withdraw")
    numbers = list(connection.scalars(latest))
    connection.execute(
        update(session)
        .where(session.c.state == "open", session.c.session_no < max(numbers, default=0))
        .values(state="aborted")
    )
