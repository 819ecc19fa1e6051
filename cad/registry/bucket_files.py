"""The files that hold the rows of given samples, and the checksums of their tracks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, select

from cad.registry.files import LakeFile
from cad.registry.tables import lake_file, lake_span, track
from loaders.jobs import Span


def track_checksums(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Checksums of tracks, by number: equal tracks of different batches have the same."""
    query = select(track.c.track_no, track.c.sha256)
    wanted = set(numbers)
    return {no: sha for no, sha in connection.execute(query) if no in wanted}


def bucket_files(connection: Connection, table: str, buckets: Collection[int]) -> list[LakeFile]:
    """The files of some buckets as they last were, removed ones included.

    A build must read what it once folded to take it out again, although the batch was replaced
    since.
    """
    wanted = set(buckets)
    query = select(
        lake_file.c.file_no, lake_file.c.bucket_no, lake_file.c.rows, lake_file.c.bytes,
        lake_file.c.sha256, lake_file.c.path, lake_file.c.contig, lake_file.c.bin,
        lake_file.c.removed_at,
    ).where(lake_file.c.table_name == table, lake_file.c.purpose.is_(None))  # fmt: skip
    rows = [row for row in connection.execute(query).all() if row.bucket_no in wanted]
    last = _last_removals(rows)
    kept = [row for row in rows if row.removed_at == last[row.bucket_no]]
    spans = _spans(connection, {row.file_no for row in kept})
    return [
        LakeFile(
            row.file_no, table, None, row.bucket_no, row.contig, row.bin, row.rows, row.bytes,
            row.sha256, row.path, tuple(spans[row.file_no]),
        )
        for row in sorted(kept, key=lambda row: row.file_no)
    ]  # fmt: skip


def _last_removals(rows: Iterable[Any]) -> dict[int, int | None]:
    """By bucket: None where it has files that live, else the commit that removed its last ones."""
    last: dict[int, int | None] = {}
    for row in rows:
        known = last.get(row.bucket_no, row.removed_at)
        alive = known is None or row.removed_at is None
        last[row.bucket_no] = None if alive else max(known, row.removed_at)
    return last


def _spans(connection: Connection, files: Collection[int]) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = defaultdict(list)
    query = select(
        lake_span.c.file_no,
        lake_span.c.contig,
        lake_span.c.start,
        lake_span.c.end,
        lake_span.c.rows,
    )
    for number, *rest in connection.execute(query):
        if number in files:
            spans[number].append(Span(*rest))
    return spans
