"""What changed persons add to, or take from, the bins of a base: counted by Spark, with Hail.

The second engine: a function of the signature that `cad.build.differences` has, over the same
Parquet files, with the same result. Counting is SQL; its rows lie as Parquet in the build's own
folder, one part for each bin, from where this process takes them bin by bin. So what it holds does
not grow with the night, and a worker that dies costs its tasks alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from cad.build.calls import DIFFERENCE
from cad.build.depth_kernel import Changes, no_changes
from cad.build.differences import Asked, BinDifference
from cad.build.members import MemberTable
from cad.build.sources import Sources, places_of_bins
from cad.build.statements import statement
from cad.build.tracks import track_sets
from cad.hail_session import hail_session
from schemas.contigs import CONTIGS, Assembly, stretches
from schemas.known import COPIES_OF_DOSE, PLOIDY, SEXES
from schemas.tables import CALLABLE, CALLS, TRACKS

log = logging.getLogger(__name__)

Bins = dict[tuple[str, int], list[Path]]
"""Parquet files by contig and bin."""

_VIEWS: Final = {
    "calls": (
        "calls",
        CALLS,
        ("sample", "contig", "pos", "ref", "alt", "dosage", "dp", "gq", "ad_ref", "ad_alt"),
    ),
    "known": (
        "callable",
        CALLABLE,
        ("sample", "contig", "start AS from_pos", "`end` AS to_pos", "code", "replaced"),
    ),
    "tracks": (
        "tracks",
        TRACKS,
        ("track", "contig", "start AS from_pos", "`end` AS to_pos", "code"),
    ),
}
"""Views of the lake's tables: of which table, and its columns under names free in any dialect."""
_DEPTH: Final = ("page", "stratum", "at_offset", "an", "an_raw", "persons", "assayed")


def count_differences(asked: Asked) -> Iterator[BinDifference]:
    """The bins in which something changes, in the order of the genome.

    The signature and the result of `cad.build.differences.count_differences`.

    Raises:
        Unavailable: `engine_failed`.
    """
    asked.scratch.mkdir(parents=True, exist_ok=True)
    with hail_session(asked.settings) as session:
        _make_views(session.spark, asked)
        counts = _run(session.spark, "count_calls", asked.scratch / "counts")
        depth = _run(session.spark, "count_depth", asked.scratch / "depth")
        places = places_of_bins(counts.keys() | depth.keys(), asked.assembly)
        for done, place in enumerate(places, start=1):
            key = (place.contig, place.bin)
            yield BinDifference(place, _counts(counts.get(key, [])), _changes(depth.get(key, [])))
            asked.progress(done, len(places))


def _make_views(spark: SparkSession, asked: Asked) -> None:
    """Register every table that the statements name."""
    make_lake_views(spark, asked.sources)
    make_tables(
        spark,
        asked.scratch,
        member_tables(asked.members, asked.sources) | {"ploidies": ploidies(asked.assembly)},
    )
    make_track_views(spark)


def make_lake_views(spark: SparkSession, sources: Sources) -> None:
    """Register the views `calls`, `known` and `tracks` of a build's files."""
    for view, (table, schema, columns) in _VIEWS.items():
        paths = [str(sources.lake.local(file.path)) for file in sources.files[table]]
        rows = read_lake(spark, paths, schema, sources.left_behind)
        rows.selectExpr(*columns).createOrReplaceTempView(view)


def make_tables(spark: SparkSession, scratch: Path, tables: Mapping[str, pa.Table]) -> None:
    """Register small tables of this process, by way of files that all workers can read."""
    for name, rows in tables.items():
        path = scratch / f"{name}.parquet"
        pq.write_table(rows, path)
        spark.read.parquet(path.as_uri()).createOrReplaceTempView(name)


def make_track_views(spark: SparkSession) -> None:
    """Register `track_runs` and `track_pages`, of the views `tracks` and `track_sets`."""
    for view, name in (("track_runs", "track_runs"), ("track_pages", "spark_track_pages")):
        spark.sql(statement(name)).createOrReplaceTempView(view)


def read_lake(
    spark: SparkSession,
    paths: Iterable[str],
    schema: pa.Schema,
    left_behind: Mapping[str, NDArray[np.int32]],
) -> DataFrame:
    """Files of one table of the lake, without the rows that samples left behind in them."""
    alike: dict[tuple[int, ...], list[str]] = {}
    for path in paths:
        gone = left_behind.get(path)
        key = () if gone is None else tuple(gone.tolist())
        alike.setdefault(key, []).append(Path(path).as_uri())
    kind = from_arrow_schema(schema)
    found = spark.createDataFrame([], kind)
    for numbers, uris in alike.items():
        rows = spark.read.schema(kind).parquet(*uris)
        if numbers:
            rows = rows.where(~rows["sample"].isin(list(numbers)))
        found = found.unionByName(rows)
    return found


def member_tables(members: MemberTable, sources: Sources) -> dict[str, pa.Table]:
    """Who counts how: the tables `members`, `profiles`, `track_sets` and `track_members`.

    Samples that count alike share a profile, and so do all that have the same tracks.
    """
    numbers: dict[tuple[tuple[int, int], ...], int] = {}

    def profile(entry: Iterable[tuple[int, int]]) -> int:
        return numbers.setdefault(tuple(sorted(entry)), len(numbers))

    by_sample = [(*key, profile(entry)) for key, entry in members.entries.items()]
    sets = track_sets(members.entries, sources.tracks_of, sources.checksums)
    of_sets = list(dict.fromkeys(one.numbers for one in sets))
    return {
        "members": int_table(("sample", "sex", "profile"), by_sample),
        "track_sets": int_table(
            ("set_no", "track"),
            [(at, track) for at, tracks in enumerate(of_sets) for track in tracks],
        ),
        "track_members": int_table(
            ("set_no", "sex", "profile"),
            [(of_sets.index(one.numbers), one.sex, profile(one.entries)) for one in sets],
        ),
        "profiles": int_table(
            ("profile", "stratum", "times"),
            [(number, *slot) for entry, number in numbers.items() for slot in entry],
        ),
    }


def ploidies(assembly: Assembly) -> pa.Table:
    """The table `ploidies`: one row per contig, stretch and sex, with the copies that count."""
    return int_table(
        ("contig", "from_pos", "to_pos", "sex", "copies", "dose_copies"),
        [
            (
                contig, part.start, part.end, sex,
                PLOIDY[part.region_class][at], COPIES_OF_DOSE[part.region_class][at],
            )
            for contig in CONTIGS
            for part in stretches(assembly, contig)
            for at, sex in enumerate(SEXES)
        ],
    )  # fmt: skip


def int_table(names: tuple[str, ...], rows: Sequence[tuple[int | str, ...]]) -> pa.Table:
    """Rows as a table of integers, but for contigs and sexes."""
    kinds = {"sex": pa.string(), "contig": pa.string()}
    schema = pa.schema([(name, kinds.get(name, pa.int32())) for name in names])
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema)


def _run(spark: SparkSession, name: str, out: Path) -> Bins:
    """Count, and leave the rows in a folder, those of a bin together."""
    began = perf_counter()
    rows = spark.sql(statement(name)).repartition("contig", "bin")
    rows.write.partitionBy("contig", "bin").parquet(out.as_uri())
    found: Bins = {}
    for path in sorted(out.glob("contig=*/bin=*/*.parquet")):
        contig, number = (part.partition("=")[2] for part in path.parts[-3:-1])
        found.setdefault((contig, int(number)), []).append(path)
    log.info("%s: %d bins, %.1f s", name, len(found), perf_counter() - began)
    return found


def _counts(files: list[Path]) -> pa.Table:
    return _read(files, tuple(DIFFERENCE.names), DIFFERENCE)


def _changes(files: list[Path]) -> Changes:
    rows = _read(files, _DEPTH, pa.schema([(name, pa.int32()) for name in _DEPTH]))
    if not rows.num_rows:
        return no_changes()
    page, stratum, at_offset, *values = (
        np.array(rows[name].to_numpy(), np.int32) for name in _DEPTH
    )
    order = np.lexsort((at_offset, stratum, page))
    return Changes(
        page[order],
        stratum[order],
        at_offset[order],
        np.ascontiguousarray(np.column_stack(values)[order]),
    )


def _read(files: list[Path], columns: tuple[str, ...], schema: pa.Schema) -> pa.Table:
    parts = [pq.ParquetFile(path).read(list(columns), use_threads=False) for path in files]
    return pa.concat_tables([schema.empty_table(), *(part.cast(schema) for part in parts)])
