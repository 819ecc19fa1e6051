"""Compaction: the rows of many small batches, gathered into few files by contig and bin.

A fresh batch leaves one file per table and VCF, over all contigs. A look-up of carriers would have
to open all of them, so compaction moves samples to *buckets* of at most 256 persons whose files
hold one bin of one contig each, sorted. Nothing that a reader can ask changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from cad.build.place import Place
from cad.build.sources import SAMPLE_TABLES, places_of
from cad.build.statements import statement
from cad.commit import Session, open_session
from cad.database import open_database
from cad.faults import reach
from cad.leases import pin
from cad.registry.batches import insert_bucket, pushed_buckets
from cad.registry.bucket_files import bucket_files
from cad.registry.engine import reading
from cad.registry.files import LakeFile, remove_empty_buckets
from cad.registry.samples import (
    Sample,
    buckets_of,
    desired_samples,
    left_behind,
    move_samples,
    sample_tracks,
)
from cad.warehouse import Warehouse
from loaders.jobs import Span, WrittenFile
from loaders.lake_writer import LakeWriter
from schemas.errors import Conflict
from schemas.lake import LAKE_TABLES

log = logging.getLogger(__name__)

BUCKET_PERSONS: Final = 256
"""Most persons of a bucket: erasing one rewrites the files of 256, a look-up opens one in 256."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CompactReport:
    """What a compaction did: samples moved, buckets made, files written and files they replace."""

    samples: int
    buckets: int
    files_written: int
    files_replaced: int


def compact(warehouse: Warehouse, progress: Progress | None = None) -> CompactReport:
    """Move the samples of fresh batches, and of buckets less than half full, to full buckets.

    Each bucket is a commit of its own, so that a compaction cut short has done part of the work.

    Raises:
        Conflict: `compaction_conflict`, a batch was replaced or a person withdrawn meanwhile; what
            was committed before stays.
    """
    with pin(warehouse) as commit_no:
        with reading(warehouse.engine) as connection:
            groups = _groups(connection, commit_no)
        written = replaced = 0
        for done, group in enumerate(groups):
            files, old = _compact_group(warehouse, group)
            written, replaced = written + files, replaced + old
            if progress is not None:
                progress(done + 1, len(groups))
    report = CompactReport(sum(map(len, groups)), len(groups), written, replaced)
    log.info("compacted: %s", report)
    return report


def _groups(connection: Connection, commit_no: int) -> list[list[Sample]]:
    """Samples to move, by the bucket they will share: whole persons, at most BUCKET_PERSONS."""
    samples = desired_samples(connection, commit_no)
    by_bucket: dict[int, list[Sample]] = {}
    for sample in samples:
        by_bucket.setdefault(sample.bucket_no, []).append(sample)
    fresh = pushed_buckets(connection)
    moving = [
        sample
        for number, members in sorted(by_bucket.items())
        if number in fresh or 2 * len({member.person_id for member in members}) < BUCKET_PERSONS
        for sample in members
    ]
    if not any(sample.bucket_no in fresh for sample in moving):
        return []
    groups: list[list[Sample]] = [[]]
    persons: set[str] = set()
    for sample in moving:
        if sample.person_id not in persons and len(persons) == BUCKET_PERSONS:
            groups.append([])
            persons = set()
        persons.add(sample.person_id)
        groups[-1].append(sample)
    return [group for group in groups if group]


def _compact_group(warehouse: Warehouse, group: Sequence[Sample]) -> tuple[int, int]:
    numbers = [sample.sample_no for sample in group]
    buckets = {sample.bucket_no for sample in group}
    with reading(warehouse.engine) as connection:
        files = {table: bucket_files(connection, table, buckets) for table in SAMPLE_TABLES}
        tracks = {no for own in sample_tracks(connection, numbers).values() for no in own}
        moved = left_behind(connection, numbers)
    stale = [
        (str(warehouse.path / file.path), sample)
        for table in ("calls", "callable")
        for file in files[table]
        for sample in moved.get(file.bucket_no or 0, ())
    ]
    with open_session(warehouse, "compact") as session:
        written = list(_write_group(warehouse, session, files, numbers, tracks, stale))

        def apply(connection: Connection, commit_no: int) -> None:
            _check_unmoved(connection, commit_no, group)
            bucket_no = insert_bucket(connection, commit_no, "compacted")
            move_samples(connection, commit_no, numbers, bucket_no)
            session.add_files(connection, commit_no, written, bucket_no=bucket_no)
            remove_empty_buckets(connection, commit_no, buckets)

        session.commit(apply, written)
    return len(written), sum(map(len, files.values()))


def _check_unmoved(connection: Connection, commit_no: int, group: Sequence[Sample]) -> None:
    """Refuse to move samples that were removed, or moved by another compaction, since the start."""
    now = {sample.sample_no for sample in desired_samples(connection, commit_no)}
    places = buckets_of(connection, [sample.sample_no for sample in group])
    if any(
        sample.sample_no not in now or places.get(sample.sample_no) != sample.bucket_no
        for sample in group
    ):
        raise Conflict("compaction_conflict", "samples were removed or moved meanwhile")


def _write_group(
    warehouse: Warehouse,
    session: Session,
    files: dict[str, list[LakeFile]],
    numbers: Sequence[int],
    tracks: set[int],
    stale: Sequence[tuple[str, int]],
) -> Iterator[WrittenFile]:
    with open_database(warehouse.settings, session.staging / "spill") as database:
        database.register("moving", pa.table({"sample": pa.array(numbers, pa.int32())}))
        database.register("tracks_moving", pa.table({"track": pa.array(tracks, pa.int32())}))
        database.register("left_behind", _left_behind_table(stale))
        for table in ("calls", "callable"):
            for place in places_of(files[table], warehouse.assembly):
                session.check()
                paths = [
                    warehouse.lake.local(file.path) for file in files[table] if _at(file, place)
                ]
                folder = session.staging / place.contig / str(place.bin)
                written = _write_bin(database, table, paths, place, folder)
                reach("compact:bin_written")
                if written is not None:
                    yield written
        paths = [warehouse.lake.local(file.path) for file in files["tracks"]]
        written = _write_tracks(database, paths, session.staging)
        if written is not None:
            yield written


def _left_behind_table(stale: Sequence[tuple[str, int]]) -> pa.Table:
    """The files, by path, in which some samples have rows that another file has too."""
    files, samples = [file for file, _ in stale], [sample for _, sample in stale]
    return pa.table({"file": pa.array(files, pa.string()), "sample": pa.array(samples, pa.int32())})


def _at(file: LakeFile, place: Place) -> bool:
    return any(
        span.contig == place.contig and span.start <= place.last and span.end >= place.first
        for span in file.spans
    )


def _write_bin(
    database: duckdb.DuckDBPyConnection, table: str, paths: list[Path], place: Place, folder: Path
) -> WrittenFile | None:
    parameters = {
        "files": [str(path) for path in paths],
        "contig": place.contig,
        "first": place.first,
        "last": place.last,
    }
    rows = database.sql(statement(f"compact_{table}"), params=parameters).to_arrow_table()
    span = Span(place.contig, place.first, place.last, rows.num_rows)
    with LakeWriter(table, folder / f"{table}.parquet", span) as writer:
        writer.write(rows.cast(LAKE_TABLES[table]))
    return writer.written


def _write_tracks(
    database: duckdb.DuckDBPyConnection, paths: list[Path], folder: Path
) -> WrittenFile | None:
    if not paths:
        return None
    parameters = {"files": [str(path) for path in paths]}
    rows = database.sql(statement("compact_tracks"), params=parameters).to_arrow_table()
    rows = rows.cast(LAKE_TABLES["tracks"])
    contigs = rows["contig"].to_pylist()
    with LakeWriter("tracks", folder / "tracks.parquet") as writer:
        start = 0
        for _, run in groupby(contigs):
            length = len(list(run))
            writer.write(rows.slice(start, length))
            start += length
    return writer.written
