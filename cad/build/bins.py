"""One bin of one purpose's base: what it held plus the difference, written anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.build.crossings import BinPair, Upon, bin_changes
from cad.build.depth_kernel import PARTS, Changes, add_changes, figures_at, no_changes
from cad.build.flags import StratumFigures, flag_columns
from cad.build.place import Place
from cad.build.statements import statement
from cad.index import write_index
from loaders.columns import numbers
from loaders.jobs import Span, WrittenFile
from loaders.lake_writer import LakeWriter, file_sha256
from schemas.contigs import Assembly
from schemas.tables import BASE_AN, BASE_CHANGES, BASE_COUNTS, BASE_DEPTH

_FIGURES = ("an", "an_raw", "persons", "assayed")


@dataclass(frozen=True)
class HeldBin:
    """The files in which a base holds one bin, by table; a table without rows has none."""

    files: Mapping[str, Path]

    def read(self, table: str, schema: pa.Schema) -> pa.Table:
        """A table of the bin."""
        path = self.files.get(table)
        if path is None:
            return schema.empty_table()
        with pq.ParquetFile(path) as file:
            return file.read(use_threads=False).cast(schema)


def write_bin(
    database: duckdb.DuckDBPyConnection,
    held: HeldBin,
    counts: pa.Table,
    depth: Changes,
    strata: Mapping[str, int],
    place: Place,
    assembly: Assembly,
    out: Path,
    upon: Upon,
) -> list[WrittenFile]:
    """Add the difference to what is held, and write the bin's tables and key index under `out`.

    `strata` are the numbers of the purpose's strata by name; `upon` tells of the base that it is
    added to.
    """
    merged = _merge_counts(database, held, counts, place)
    held_depth = _held_depth(held)
    changes = add_changes(held_depth, depth)
    written = [_write("base_depth", _depth_table(changes, place.contig), place, out)]
    both = BinPair(held.read("base_counts", BASE_COUNTS), held_depth, merged, changes)
    history = held.read("base_changes", BASE_CHANGES)
    told = bin_changes(database, both, history, counts, strata, place.contig, upon)
    written.append(_write("base_changes", told, place, out))
    if merged.num_rows:
        an = _an_table(merged, changes, strata, assembly, place.contig)
        written += [
            _write("base_counts", merged, place, out),
            _write("base_an", an, place, out),
        ]
        path = out / "base_index.sqlite"
        write_index(path, merged, an)
        span = Span(place.contig, place.first, place.last, an.num_rows)
        written.append(
            WrittenFile(
                "base_index", path, an.num_rows, path.stat().st_size, file_sha256(path), (span,)
            )
        )
    return [file for file in written if file is not None]


def _merge_counts(
    database: duckdb.DuckDBPyConnection, held: HeldBin, counts: pa.Table, place: Place
) -> pa.Table:
    if "base_counts" not in held.files and not counts.num_rows:
        # Most bins of a genome hold depth alone.
        return BASE_COUNTS.empty_table()
    database.register("held", held.read("base_counts", BASE_COUNTS))
    database.register("difference", counts)
    merged: pa.Table = database.sql(
        statement("build_merge_counts"), params={"contig": place.contig}
    ).to_arrow_table()
    database.unregister("held")
    database.unregister("difference")
    cast: pa.Table = merged.cast(BASE_COUNTS)
    return cast


def _held_depth(held: HeldBin) -> Changes:
    table = held.read("base_depth", BASE_DEPTH).combine_chunks()
    if not table.num_rows:
        return no_changes()
    lengths = pc.list_value_length(table["offset"]).to_numpy()
    values = [_flat(table[name]) for name in _FIGURES]
    return Changes(
        np.repeat(table["page"].to_numpy(), lengths).astype(np.int32),
        np.repeat(table["stratum"].to_numpy(), lengths).astype(np.int32),
        _flat(table["offset"]),
        np.ascontiguousarray(np.column_stack(values), np.int32),
    )


def _flat(column: pa.ChunkedArray[Any]) -> NDArray[np.int32]:
    # A copy: Arrow hands out read-only memory, which the kernels would compile for once more.
    return np.array(pc.list_flatten(column).to_numpy(), np.int32)


def _depth_table(changes: Changes, contig: str) -> pa.Table:
    rows = len(changes.page)
    if not rows:
        return BASE_DEPTH.empty_table()
    new = np.ones(rows, bool)
    new[1:] = (np.diff(changes.page) != 0) | (np.diff(changes.stratum) != 0)
    heads = np.flatnonzero(new)
    offsets = np.append(heads, rows).astype(np.int32)
    lists = [
        _lists(offsets, values)
        for values in (changes.offset, *(changes.value[:, k] for k in range(PARTS)))
    ]
    return pa.Table.from_arrays(
        [
            pa.repeat(pa.scalar(contig), len(heads)),
            numbers(changes.page[heads]),
            numbers(changes.stratum[heads]),
            *lists,
        ],
        schema=BASE_DEPTH,
    )


def _lists(offsets: NDArray[np.int32], values: NDArray[np.int32]) -> pa.Array[Any]:
    """Values as lists: list k holds those from `offsets[k]` to before `offsets[k + 1]`."""
    kind = BASE_AN.field("an").type
    # The stubs know neither NumPy's integers nor a list's type as an argument.
    from_arrays: Any = pa.ListArray.from_arrays
    flat: Any = numbers(values.astype(np.int32, copy=False))
    lists: pa.Array[Any] = from_arrays(
        numbers(offsets.astype(np.int32, copy=False)), flat, type=kind
    )
    return lists


def _an_table(
    counts: pa.Table, changes: Changes, strata: Mapping[str, int], assembly: Assembly, contig: str
) -> pa.Table:
    """One row per variant of the counts: its figures by stratum, at its position, and its flags."""
    first = _first_rows(counts)
    keys = counts.select(["contig", "pos", "ref", "alt"]).take(numbers(np.flatnonzero(first)))
    pos = keys["pos"].to_numpy().astype(np.int32)
    n_strata = max([1, *strata.values()])
    figures = figures_at(changes, pos, n_strata)
    offsets = np.arange(len(pos) + 1, dtype=np.int32) * np.int32(n_strata)
    lists = [_lists(offsets, figures[:, :, part].ravel()) for part in range(PARTS)]
    by_stratum = StratumFigures(counts, np.cumsum(first) - 1, figures)
    flags = flag_columns(by_stratum, strata, pos.astype(np.int64), assembly, contig)
    return pa.Table.from_arrays(
        [
            *(keys[name].combine_chunks() for name in ("contig", "pos", "ref", "alt")),
            *lists,
            *(numbers(values, np.isnan(values)) for values in flags.values()),
        ],
        schema=BASE_AN,
    )


def _first_rows(counts: pa.Table) -> NDArray[np.bool_]:
    """Which rows of sorted counts are the first of their variant."""
    first = np.ones(counts.num_rows, bool)
    if counts.num_rows > 1:
        same = np.ones(counts.num_rows - 1, bool)
        for name in ("pos", "ref", "alt"):
            column = counts[name].combine_chunks()
            same &= pc.equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
        first[1:] = ~same
    return first


def _write(table: str, rows: pa.Table, place: Place, out: Path) -> WrittenFile | None:
    span = Span(place.contig, place.first, place.last, rows.num_rows)
    with LakeWriter(table, out / f"{table}.parquet", span) as writer:
        writer.write(rows)
    return writer.written
