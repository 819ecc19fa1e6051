"""Rows of the lake's files: which exist for readers, where their rows lie, which may be deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from cad.registry.numbers import take
from cad.registry.tables import bucket_sample, folded, lake_file, lake_span, lease, sample, visible
from loaders.jobs import Span, WrittenFile
from schemas.contigs import BIN_SIZE
from schemas.errors import Conflict


@dataclass(frozen=True)
class LakeFile:
    """One file of the lake; `path` is relative to the warehouse.

    `contig` and `bin` (10 Mb, from 0) are set where the file holds one only.
    """

    file_no: int
    table: str
    purpose: str | None
    bucket_no: int | None
    contig: str | None
    bin: int | None
    rows: int
    bytes: int
    sha256: str
    path: str
    spans: tuple[Span, ...]


def lake_files(
    connection: Connection,
    commit_no: int,
    table: str | Collection[str],
    *,
    purpose: str | None = None,
    buckets: Collection[int] | None = None,
    contig: str | None = None,
    span: tuple[int, int] | None = None,
) -> list[LakeFile]:
    """The files of a table, or of some, visible at a commit, in the order of their numbers.

    Args:
        connection: an open transaction.
        commit_no: the pinned commit.
        table: tables of `schemas.lake.LAKE_TABLES`, or `base_index`.
        purpose: for the tables of a base; None asks for files that belong to no purpose.
        buckets: only the files of these buckets.
        contig: only files with rows on this contig; `spans` then tells of this contig alone.
        span: with `contig`, only files whose rows there may touch these positions (first, last).
    """
    tables = [table] if isinstance(table, str) else list(table)
    conditions = [lake_file.c.table_name.in_(tables), visible(lake_file, commit_no)]
    conditions.append(
        lake_file.c.purpose.is_(None) if purpose is None else lake_file.c.purpose == purpose
    )
    if buckets is not None:
        conditions.append(lake_file.c.bucket_no.in_(buckets))
    if contig is not None:
        conditions.append(lake_span.c.contig == contig)
    if contig is not None and span is not None:
        conditions += [lake_span.c.start <= span[1], lake_span.c.end >= span[0]]
    query = (
        select(lake_file, lake_span.c.contig, lake_span.c.start, lake_span.c.end, lake_span.c.rows)
        .outerjoin(lake_span, lake_span.c.file_no == lake_file.c.file_no)
        .where(*conditions)
        .order_by(lake_file.c.file_no)
    )
    spans: dict[int, list[Span]] = defaultdict(list)
    files = {}
    for row in connection.execute(query):
        number, name, of, bucket, only, place, rows, size, digest, path = row[:10]
        files[number] = (name, of, bucket, only, place, rows, size, digest, path)
        if row[12] is not None:
            spans[number].append(Span(*row[12:]))
    return [LakeFile(number, *files[number], tuple(spans[number])) for number in files]


def add_files(
    connection: Connection,
    commit_no: int,
    files: Sequence[tuple[WrittenFile, str]],
    *,
    bucket_no: int | None = None,
    purpose: str | None = None,
) -> None:
    """Make files exist from a commit on.

    `files` are pairs of what was written and its path in the warehouse.
    """
    if not files:
        return
    first = take(connection, "file", len(files))
    rows, spans = [], []
    for number, (file, path) in enumerate(files, start=first):
        contig, place = single_place(file.spans)
        rows.append(
            {
                "file_no": number,
                "table_name": file.table,
                "purpose": purpose,
                "bucket_no": bucket_no,
                "contig": contig,
                "bin": place,
                "rows": file.rows,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "path": path,
                "added_at": commit_no,
            }
        )
        spans += [{"file_no": number, **_span_row(span)} for span in file.spans]
    connection.execute(insert(lake_file), rows)
    if spans:
        connection.execute(insert(lake_span), spans)


def _span_row(span: Span) -> dict[str, str | int]:
    return {"contig": span.contig, "start": span.start, "end": span.end, "rows": span.rows}


def single_place(spans: Sequence[Span]) -> tuple[str | None, int | None]:
    """The contig and 10 Mb bin (from 0) that all rows lie in, each None where there are several.

    >>> single_place([Span("22", 20_000_001, 29_999_999, 7)])
    ('22', 2)
    """
    if len(spans) != 1:
        return None, None
    first, last = ((position - 1) // BIN_SIZE for position in (spans[0].start, spans[0].end))
    return spans[0].contig, first if first == last else None


def remove_files(connection: Connection, commit_no: int, file_nos: Collection[int]) -> None:
    """Make files cease to exist from a commit on; the sweep deletes them when nobody needs them."""
    statement = (
        update(lake_file)
        .where(lake_file.c.file_no == bindparam("number"), lake_file.c.removed_at.is_(None))
        .values(removed_at=commit_no)
    )
    if file_nos:
        connection.execute(statement, [{"number": number} for number in file_nos])


def remove_held(connection: Connection, commit_no: int, file_nos: Collection[int]) -> None:
    """Make files of a base cease to exist from a commit on, for others that were made of them.

    Raises:
        Conflict: `base_conflict`, one of them is no longer there: somebody else wrote its bin anew.
    """
    query = select(func.count()).where(
        lake_file.c.file_no == bindparam("number"), lake_file.c.removed_at.is_(None)
    )
    gone = sum(not connection.scalar(query, {"number": number}) for number in file_nos)
    if gone:
        raise Conflict("base_conflict", f"{gone} files of the base were replaced meanwhile")
    remove_files(connection, commit_no, file_nos)


def remove_empty_buckets(connection: Connection, commit_no: int, buckets: Collection[int]) -> None:
    """Make the files of those buckets cease to exist in which no sample is left.

    A bucket with other samples keeps its files: rows of the samples removed are told apart by
    number.
    """
    left = exists().where(
        bucket_sample.c.bucket_no == lake_file.c.bucket_no,
        bucket_sample.c.removed_at.is_(None),
        sample.c.sample_no == bucket_sample.c.sample_no,
        sample.c.removed_at.is_(None),
    )
    connection.execute(
        update(lake_file)
        .where(lake_file.c.bucket_no.in_(buckets), lake_file.c.removed_at.is_(None), ~left)
        .values(removed_at=commit_no)
    )


def forget_unneeded(connection: Connection) -> list[str]:
    """Delete the rows of removed files that nobody needs; returns the paths, to be deleted.

    Needed is a file that a lease's commit sees, and one with rows of a sample that is still folded
    into the base: the next build has to read them to take them out again.
    """
    pinned = exists().where(
        lease.c.commit_no >= lake_file.c.added_at, lease.c.commit_no < lake_file.c.removed_at
    )
    counted = exists().where(
        and_(
            bucket_sample.c.bucket_no == lake_file.c.bucket_no,
            bucket_sample.c.removed_at.is_(None),
            folded.c.sample_no == bucket_sample.c.sample_no,
        )
    )
    query = select(lake_file.c.file_no, lake_file.c.path).where(
        lake_file.c.removed_at.is_not(None), ~pinned, ~counted
    )
    found = list(connection.execute(query))
    numbers = [{"number": number} for number, _ in found]
    if numbers:
        for table in (lake_span, lake_file):
            statement = delete(table).where(table.c.file_no == bindparam("number"))
            connection.execute(statement, numbers)
    return [path for _, path in found]


def registered_paths(connection: Connection) -> set[str]:
    """The paths of all files the registry knows, removed ones included."""
    return set(connection.scalars(select(lake_file.c.path)))
