"""One bin of one purpose's base written as a whole: what it held plus the difference.

`write_bin` is the one place where a bin's tables are made, whatever engine counted the difference.
It works stretch by stretch, so that its memory does not grow with the bin.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.crossings import (
    Upon,
    columns_of,
    crossed,
    watched_numbers,
    watched_rows,
    with_history,
)
from cad.build.depth_kernel import Changes, add_changes, figures_at
from cad.build.depth_table import lists_of, write_depth
from cad.build.flags import StratumFigures, flag_columns
from cad.build.held import HeldBin, slice_counts, slice_depth, sorted_by_position, stretches_of
from cad.build.merge import Sums, sum_rows
from cad.build.place import Place
from cad.index import IndexWriter
from cad.index_block import DEPTH_FIELDS
from loaders.columns import numbers
from loaders.jobs import Span, WrittenFile
from loaders.lake_writer import LakeWriter, file_sha256
from schemas.contigs import Assembly
from schemas.tables import BASE_CHANGES

Ints = NDArray[np.int32]

_TABLES: Final = ("base_counts", "base_an", "base_depth", "base_changes")


def write_bin(
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

    Args:
        held: the files that hold the bin; none for a bin that is new.
        counts: the signed difference of counts, in any order: pos, ref, alt, stratum and
            `COUNT_FIELDS`; rows of one variant and stratum are added up.
        depth: the signed difference of depth, sorted by page, stratum, offset.
        strata: the numbers of the purpose's strata by name.
        place: the bin.
        assembly: of the warehouse.
        out: a folder of the bin's own, made where it is not there.
        upon: of the base that is added to.

    Returns:
        The files of `base_counts`, `base_an`, `base_depth`, `base_index` and `base_changes`; a
        table without rows has none.
    """
    counts = sorted_by_position(counts)
    told: list[pa.Table] = []
    # Column k is of stratum number k + 1.
    columns = np.arange(max([1, *strata.values()]) + 1, dtype=np.int32) - np.int32(1)
    with _BinWriter(strata, place, assembly, out) as writer:
        for stretch in stretches_of(held, counts, depth, place):
            change = slice_depth(depth, stretch)
            after = add_changes(held.depth(stretch), change)
            sums = sum_rows(held.counts(stretch), slice_counts(counts, stretch))
            figures = figures_at(after, sums.variants.pos, columns)
            # Without a base before there are no figures of before.
            if upon.commit_no is not None and len(sums.variant):
                told.append(_crossings(sums, change, figures, strata, place.contig, upon))
            kept = sums.held()
            own = np.searchsorted(sums.variants.pos, kept.variants.pos)
            writer.write(kept, after, figures[own])
        history = held.read("base_changes", BASE_CHANGES)
        writer.write_changes(with_history(history, told, counts, upon))
    return writer.written


def _crossings(
    sums: Sums,
    change: Changes,
    figures: Ints,
    strata: Mapping[str, int],
    contig: str,
    upon: Upon,
) -> pa.Table:
    rows = watched_rows(sums, strata, contig, upon)
    watched = watched_numbers(strata)
    numbers_of = np.array(list(watched.values()), np.int64)
    changed = figures_at(change, sums.variants.pos, columns_of(watched))
    an = figures[rows.variant, numbers_of[rows.column] - 1, 0].astype(np.int64)
    an_before = an - changed[rows.variant, rows.column, 0]
    return crossed(rows, sums, an_before, an, strata, contig, upon)


class _BinWriter:
    """Writes a bin's tables and key index, stretch by stretch.

    Attributes:
        written: the files, once the block is left.
    """

    def __init__(
        self, strata: Mapping[str, int], place: Place, assembly: Assembly, out: Path
    ) -> None:
        self._strata = strata
        self._place = place
        self._assembly: Assembly = assembly
        span = Span(place.contig, place.first, place.last, 0)
        self._tables = {
            table: LakeWriter(table, out / f"{table}.parquet", span) for table in _TABLES
        }
        self._index = IndexWriter(out / "base_index.sqlite")
        self.written: list[WrittenFile] = []

    def __enter__(self) -> Self:
        return self

    def write(self, sums: Sums, depth: Changes, figures: Ints) -> None:
        """Write the counts and depth of a stretch, and what follows from them.

        `figures` are those of `DEPTH_FIELDS` at each variant: variant x stratum x figure.
        """
        write_depth(self._tables["base_depth"], depth, self._place.contig)
        if not len(sums.variant):
            return
        counts = sums.rows(self._place.contig)
        pos = sums.variants.pos.astype(np.int64)
        by_stratum = StratumFigures(sums.dense(figures.shape[1]), figures)
        columns = flag_columns(by_stratum, self._strata, pos, self._assembly, self._place.contig)
        self._tables["base_counts"].write(counts)
        self._tables["base_an"].write(_an_rows(sums, figures, columns, self._place.contig))
        flags = np.array(list(columns.values()))
        self._index.write(sums.variants, sums.ends(), sums.entries(), figures, flags)

    def write_changes(self, rows: pa.Table) -> None:
        """Write the rows of `base_changes`."""
        self._tables["base_changes"].write(rows)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for table in self._tables.values():
            table.__exit__(kind, error, trace)
        self._index.close()
        if kind is None:
            found = [table.written for table in self._tables.values()]
            self.written = [file for file in found if file is not None]
            if self._index.variants:
                self.written.append(self._index_file())

    def _index_file(self) -> WrittenFile:
        path, rows = self._index.path, self._index.variants
        span = Span(self._place.contig, self._place.first, self._place.last, rows)
        size = path.stat().st_size
        return WrittenFile("base_index", path, rows, size, file_sha256(path), (span,))


def _an_rows(
    sums: Sums, figures: NDArray[np.int32], columns: Mapping[str, NDArray[np.float64]], contig: str
) -> pa.Table:
    """Rows of `BASE_AN`: a variant's figures by stratum, at its position, and its flags."""
    variants, strata = figures.shape[:2]
    offsets = np.arange(variants + 1, dtype=np.int32) * np.int32(strata)
    rows = sums.variants.rows(contig)
    for part, name in enumerate(DEPTH_FIELDS):
        flat = np.ascontiguousarray(figures[:, :, part]).ravel()
        rows = rows.append_column(name, lists_of(offsets, flat))
    for name, one in columns.items():
        rows = rows.append_column(name, numbers(one, np.isnan(one)))
    return rows
