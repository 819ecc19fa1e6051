"""What the lake holds of a few samples at one variant: their call, and what is known there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.compute import Expression, field
from sqlalchemy import Connection, func, or_, select

from cad.lake import Lake
from cad.query.parse import Region, Variant
from cad.registry.samples import buckets_of, sample_tracks
from cad.registry.tables import lake_file, lake_span
from schemas.contigs import PAGE_SIZE
from schemas.errors import Unavailable

_FIELDS: Final = (0b11, 0b11_00, 1 << 4, 1 << 5)
"""The four numbers packed in a code, as masks (`schemas.known`)."""


@dataclass(frozen=True)
class SamplesAtPoint:
    """Packed codes (`schemas.known`) by sample number; a sample of which nothing is said is absent.

    Attributes:
        dosage: of the variant, of those that carry it.
        known: what callable rows say is known at its position.
        track: what the samples' tracks say there, which holds where `known` says nothing; a sample
            that is here is assayed.
        why: which criteria fail there, by callable rows, else by tracks.
    """

    dosage: Mapping[int, int]
    known: Mapping[int, int]
    track: Mapping[int, int]
    why: Mapping[int, int]


def read_point(
    connection: Connection, lake: Lake, variant: Variant, samples: Collection[int]
) -> SamplesAtPoint:
    """Read what the lake holds of some samples at a variant, live samples or not.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    buckets = set(buckets_of(connection, samples).values())
    of_sample = sample_tracks(connection, samples)
    tracks = {number for some in of_sample.values() for number in some}
    pos, numbers = variant.pos, sorted(samples)
    page = (pos - 1) // PAGE_SIZE * PAGE_SIZE + 1
    spans = (field("start") <= pos) & (field("end") >= pos)
    filters = {
        "calls": (field("pos") == pos) & field("sample").isin(numbers),
        "callable": spans & (field("start") >= page) & field("sample").isin(numbers),
        "tracks": spans & field("track").isin(sorted(tracks)),
    }
    rows: dict[str, list[dict[str, Any]]] = {}
    here = Region(variant.contig, pos, pos)
    for table, wanted in filters.items():
        on_contig = (field("contig") == variant.contig) & wanted
        paths = _files_at(connection, table, buckets, here)
        rows[table] = [row for path in paths for row in _read(lake.local(path), on_contig)]
    return SamplesAtPoint(
        {
            row["sample"]: row["dosage"]
            for row in rows["calls"]
            if (row["ref"], row["alt"]) == (variant.ref, variant.alt)
        },
        {row["sample"]: row["code"] for row in rows["callable"]},
        _track_codes(of_sample, rows["tracks"]),
        _track_whys(of_sample, rows["tracks"])
        | {row["sample"]: row["why"] for row in rows["callable"]},
    )


def read_calls(
    connection: Connection, lake: Lake, region: Region, samples: Collection[int]
) -> list[dict[str, Any]]:
    """The rows of `calls` of some samples in a region, live samples or not, in no order.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    buckets = set(buckets_of(connection, samples).values())
    within = (field("pos") >= region.start) & (field("pos") <= region.end)
    wanted = (field("contig") == region.contig) & within & field("sample").isin(sorted(samples))
    paths = _files_at(connection, "calls", buckets, region)
    # A sample that was moved leaves its rows in the file of a bucket where others stayed.
    rows = {
        (row["sample"], row["pos"], row["ref"], row["alt"]): row
        for path in paths
        for row in _read(lake.local(path), wanted)
    }
    return list(rows.values())


def _files_at(
    connection: Connection, table: str, buckets: Collection[int], region: Region
) -> list[str]:
    """Paths of the buckets' files with rows that may touch a region.

    Where a batch was replaced its files are gone for readers, but stay on disk while the base still
    counts their samples: those removed last are the ones the base was counted from.
    """
    own = (lake_file.c.table_name == table, lake_file.c.bucket_no.in_(buckets))
    last = (
        select(
            lake_file.c.bucket_no,
            func.count().filter(lake_file.c.removed_at.is_(None)).label("live"),
            func.max(lake_file.c.removed_at).label("removal"),
        )
        .where(*own)
        .group_by(lake_file.c.bucket_no)
        .subquery()
    )
    query = (
        select(lake_file.c.path)
        .join(lake_span, lake_span.c.file_no == lake_file.c.file_no)
        .join(last, last.c.bucket_no == lake_file.c.bucket_no)
        .where(
            *own,
            or_(
                lake_file.c.removed_at.is_(None),
                (last.c.live == 0) & (lake_file.c.removed_at == last.c.removal),
            ),
            lake_span.c.contig == region.contig,
            lake_span.c.start <= region.end,
            lake_span.c.end >= region.start,
        )
        .order_by(lake_file.c.file_no)
    )
    return list(connection.scalars(query))


def _read(path: Path, wanted: Expression) -> list[dict[str, Any]]:
    try:
        return pq.read_table(path, filters=wanted).to_pylist()
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise Unavailable("lake_file_damaged", str(error), path.name) from None


def _track_codes(
    of_sample: Mapping[int, Iterable[int]], rows: Iterable[dict[str, Any]]
) -> dict[int, int]:
    """The code that each sample's tracks give it: of several, the larger of each packed number."""
    code_of = {row["track"]: row["code"] for row in rows}
    codes: dict[int, int] = {}
    for number, tracks in of_sample.items():
        found = [code_of[track] for track in tracks if track in code_of]
        if found:
            codes[number] = sum(max(code & mask for code in found) for mask in _FIELDS)
    return codes


def _track_whys(
    of_sample: Mapping[int, Iterable[int]], rows: Iterable[dict[str, Any]]
) -> dict[int, int]:
    """Which criteria fail by each sample's track, of which one has sites at most."""
    why_of = {row["track"]: row["why"] for row in rows if row["why"]}
    return {
        number: why_of[track]
        for number, tracks in of_sample.items()
        for track in tracks
        if track in why_of
    }
