"""Rows of batches and of the buckets and tracks they bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, insert, select, update

from cad.registry.documents import remove_documents_of
from cad.registry.numbers import take
from cad.registry.tables import batch, bucket, consent, track, visible
from schemas.sheets import ConsentRow

BucketKind = Literal["batch", "compacted"]
TrackKind = Literal["bed", "sites", "contigs"]


@dataclass(frozen=True)
class BatchRow:
    """One accepted batch; `receipt` is the document of DESIGN 8, `commit_no` that of its push."""

    batch_no: int
    batch_id: str
    platform: str
    pipeline_name: str
    pipeline_version: str
    content_sha256: str
    pushed_at: datetime
    commit_no: int
    receipt: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The entry that `cad batches` prints."""
        return {
            "batch_id": self.batch_id,
            "platform": self.platform,
            "samples": self.receipt["samples"],
            "commit": self.commit_no,
            "status": self.receipt["status"],
            "pushed_at": self.pushed_at.isoformat(),
        }


_SELECT: Select[Any] = select(
    batch.c.batch_no,
    batch.c.batch_id,
    batch.c.platform,
    batch.c.pipeline_name,
    batch.c.pipeline_version,
    batch.c.content_sha256,
    batch.c.pushed_at,
    batch.c.added_at.label("commit_no"),
    batch.c.receipt,
)


def find_batch(connection: Connection, batch_id: str) -> BatchRow | None:
    """The live batch of an id, or None."""
    query = _SELECT.where(batch.c.batch_id == batch_id, batch.c.removed_at.is_(None))
    row = connection.execute(query).mappings().one_or_none()
    return BatchRow(**row) if row else None


def list_batches(connection: Connection, commit_no: int) -> list[BatchRow]:
    """The batches visible at a commit, in the order they came."""
    query = _SELECT.where(visible(batch, commit_no)).order_by(batch.c.batch_no)
    return [BatchRow(**row) for row in connection.execute(query).mappings()]


def insert_batch(connection: Connection, commit_no: int, row: Mapping[str, Any]) -> int:
    """Insert a batch; `row` holds its columns but for number and commit. Returns its number."""
    number = take(connection, "batch")
    connection.execute(insert(batch).values(batch_no=number, added_at=commit_no, **row))
    return number


def remove_batch(connection: Connection, commit_no: int, batch_no: int) -> None:
    """Remove a batch, its consents and its documents, but not its samples, from a commit on."""
    remove_documents_of(connection, commit_no, batch_no)
    for table in (batch, consent):
        connection.execute(
            update(table)
            .where(table.c.batch_no == batch_no, table.c.removed_at.is_(None))
            .values(removed_at=commit_no)
        )


def insert_bucket(connection: Connection, commit_no: int, kind: BucketKind) -> int:
    """Add a bucket; returns its number."""
    number = take(connection, "bucket")
    connection.execute(insert(bucket).values(bucket_no=number, kind=kind, added_at=commit_no))
    return number


def pushed_buckets(connection: Connection) -> set[int]:
    """The buckets whose files are as they were pushed, not compacted."""
    return set(connection.scalars(select(bucket.c.bucket_no).where(bucket.c.kind == "batch")))


def insert_tracks(
    connection: Connection, batch_no: int, tracks: Iterable[tuple[int, TrackKind, str]]
) -> None:
    """Insert tracks: number, kind and checksum of each."""
    rows = [
        {"track_no": number, "batch_no": batch_no, "kind": kind, "sha256": digest}
        for number, kind, digest in tracks
    ]
    if rows:
        connection.execute(insert(track), rows)


def consent_columns(row: ConsentRow) -> dict[str, Any]:
    """A decision as columns of `consent`."""
    columns = asdict(row)
    columns["by_representative"] = columns.pop("representative")
    return columns


def insert_consents(
    connection: Connection, commit_no: int, batch_no: int | None, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert decisions of persons; `batch_no` is None where no batch brought them."""
    filled = [{**row, "batch_no": batch_no, "added_at": commit_no} for row in rows]
    if filled:
        connection.execute(insert(consent), filled)
