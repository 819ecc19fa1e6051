"""What a base holds of one bin, read stretch by stretch so that memory is bounded.

A stretch is a run of pages: no variant and no list of depth changes lies in two. Files are sorted
by position, so that a stretch lies in a few row groups next to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.build.depth_kernel import Changes, add_changes, no_changes
from cad.build.depth_table import changes_of
from cad.build.place import Place, Stretch
from cad.index_block import COUNT_FIELDS
from cad.lake import Lake
from cad.registry.files import LakeFile
from loaders.columns import flags, numbers, values
from schemas.contigs import PAGE_SIZE
from schemas.tables import BASE_DEPTH

Ints = NDArray[np.int32]

COUNT_TABLES: Final = ("base_counts", "added_counts")
DEPTH_TABLES: Final = ("base_depth", "added_depth")
COUNT_COLUMNS: Final = ("pos", "ref", "alt", "stratum", *COUNT_FIELDS)
_DEPTH_COLUMNS: Final = ("page", "stratum", "offset", "an", "an_raw", "persons", "assayed")
_TEXTS: Final = ("ref", "alt")
_LEAF: Final = "offset.list.element"
_WEIGHT: Final = 1_500_000
"""So many rows of counts are added up at once, at some 300 bytes each while it lasts."""
_EVENTS: Final = 4
"""So many changes of depth weigh as much as a row of counts."""


@dataclass(frozen=True)
class HeldBin:
    """The files in which a base holds one bin, by table, oldest first.

    Those of `base_...` hold the bin as it was last written as a whole, those of `added_...` what
    builds added since.
    """

    files: Mapping[str, Sequence[Path]]

    @classmethod
    def of(cls, lake: Lake, files: Mapping[str, Sequence[LakeFile]]) -> HeldBin:
        """The files of a bin of a base, brought to this machine."""
        return cls({table: [lake.local(file.path) for file in files[table]] for table in files})

    def paths(self, tables: Sequence[str]) -> list[Path]:
        """The files of some tables."""
        return [path for table in tables for path in self.files.get(table, ())]

    def read(self, table: str, schema: pa.Schema) -> pa.Table:
        """All rows of a table, file by file."""
        parts = [schema.empty_table()]
        for path in self.paths([table]):
            with pq.ParquetFile(path) as file:
                parts.append(file.read(use_threads=False).cast(schema))
        return pa.concat_tables(parts)

    def counts(self, stretch: Stretch) -> list[pa.Table]:
        """The counts of a stretch, a table for each file; texts are dictionaries."""
        first, last = stretch.first * PAGE_SIZE + 1, (stretch.last + 1) * PAGE_SIZE
        paths = self.paths(COUNT_TABLES)
        return [_read(path, COUNT_COLUMNS, "pos", first, last) for path in paths]

    def depth(self, stretch: Stretch, tables: Sequence[str] = DEPTH_TABLES) -> Changes:
        """The depth of a stretch."""
        total = no_changes()
        for path in self.paths(tables):
            rows = _read(path, _DEPTH_COLUMNS, "page", *stretch)
            found = changes_of(rows)
            total = add_changes(total, found) if len(total.page) else found
        return total

    def depth_of_pages(self, pages: Ints, strata: Collection[int]) -> Changes:
        """The depth of some pages and strata when the bin was written; `pages` ascend."""
        parts = [BASE_DEPTH.empty_table().select(_DEPTH_COLUMNS)]
        for path in self.paths(["base_depth"]):
            with pq.ParquetFile(path) as file:
                for group in _within(file.metadata, "page", pages):
                    rows = file.read_row_group(group, list(_DEPTH_COLUMNS), use_threads=False)
                    wanted = np.isin(values(rows["page"]), pages)
                    wanted &= np.isin(values(rows["stratum"]), list(strata))
                    parts.append(rows.filter(flags(wanted)))
        return changes_of(pa.concat_tables(parts))

    def least_an(self, pages: Ints, strata: Collection[int]) -> Ints:
        """The least AN anywhere on some pages when the bin was written: page x stratum."""
        found = np.zeros((len(pages), len(strata)), np.int32)
        for path in self.paths(["base_depth"]):
            with pq.ParquetFile(path) as file:
                rows = file.read(["page", "stratum", "least_an"], use_threads=False)
            page, stratum = values(rows["page"]), values(rows["stratum"])
            least = values(rows["least_an"])
            for column, number in enumerate(strata):
                own = np.flatnonzero(stratum == number)
                at = np.minimum(np.searchsorted(page[own], pages), max(len(own) - 1, 0))
                if len(own):
                    is_there = page[own][at] == pages
                    found[is_there, column] = least[own][at[is_there]]
        return found

    def an_of_variants(self, strata: Collection[int]) -> tuple[Ints, Ints]:
        """The positions of variants, ascending, and AN when the bin was written, by stratum."""
        paths = self.paths(["base_an"])
        if not paths:
            return np.zeros(0, np.int32), np.zeros((0, len(strata)), np.int32)
        with pq.ParquetFile(paths[0]) as file:
            rows = file.read(["pos", "an"], use_threads=False)
        length = values(pc.list_value_length(rows["an"])).astype(np.int64)
        first, flat = np.cumsum(length) - length, values(pc.list_flatten(rows["an"]))
        an = np.zeros((len(length), len(strata)), np.int32)
        for column, number in enumerate(strata):
            # What a list is too short to hold is 0.
            own = np.flatnonzero(length >= number)
            an[own, column] = flat[first[own] + number - 1]
        return values(rows["pos"]), an


def counts_of_strata(path: Path, strata: Collection[int]) -> pa.Table:
    """The rows of some strata, of a file of counts."""
    with pq.ParquetFile(path, read_dictionary=list(_TEXTS)) as file:
        groups = (
            file.read_row_group(at, list(COUNT_COLUMNS), use_threads=False)
            for at in range(file.num_row_groups)
        )
        return pa.concat_tables(
            [one.filter(flags(np.isin(values(one["stratum"]), list(strata)))) for one in groups]
        )


def stretches_of(held: HeldBin, counts: pa.Table, depth: Changes, place: Place) -> list[Stretch]:
    """Cut a bin so that no stretch of what is held and added weighs much more than can be had.

    Args:
        held: what the base holds.
        counts: the difference of counts.
        depth: the difference of depth.
        place: the bin.
    """
    first, last = place.stretch
    weight = np.zeros(last - first + 2)
    np.add.at(weight, (values(counts["pos"]) - 1) // PAGE_SIZE - first, 1)
    np.add.at(weight, depth.page - first, 1 / _EVENTS)
    for start, end, rows in _groups(held):
        weight[start - first : end - first + 1] += rows / (end - start + 1)
    found, begin, total = [], first, 0.0
    for page in range(first, last + 1):
        own = weight[page - first]
        if total and total + own > _WEIGHT:
            found.append(Stretch(begin, page - 1))
            begin, total = page, 0.0
        total += own
    return [*found, Stretch(begin, last)]


def _groups(held: HeldBin) -> Iterator[tuple[int, int, float]]:
    """The row groups of what is held: first and last page, and weight."""
    for tables, column in ((COUNT_TABLES, "pos"), (DEPTH_TABLES, "page")):
        for path in held.paths(tables):
            metadata = pq.read_metadata(path)
            for group, (start, end) in enumerate(_limits(metadata, column)):
                if column == "pos":
                    pages = (start - 1) // PAGE_SIZE, (end - 1) // PAGE_SIZE
                    yield (*pages, metadata.row_group(group).num_rows)
                else:
                    place = _column(metadata, _LEAF)
                    events = metadata.row_group(group).column(place).num_values
                    yield start, end, events / _EVENTS


def _read(path: Path, columns: Sequence[str], by: str, first: int, last: int) -> pa.Table:
    """The rows of a file between two values of the column by which it is sorted."""
    with pq.ParquetFile(path, read_dictionary=[name for name in _TEXTS if name in columns]) as file:
        limits = _limits(file.metadata, by)
        groups = [at for at, (start, end) in enumerate(limits) if start <= last and end >= first]
        rows = file.read_row_groups(groups, list(columns), use_threads=False)
    lower, upper = np.searchsorted(values(rows[by]), [first, last + 1]) if groups else (0, 0)
    return rows.slice(lower, upper - lower)


def _limits(metadata: pq.FileMetaData, column: str) -> list[tuple[int, int]]:
    """By row group the least and greatest value of a column."""
    place = _column(metadata, column)
    found = [metadata.row_group(at).column(place) for at in range(metadata.num_row_groups)]
    statistics: list[Any] = [one.statistics for one in found]
    return [(one.min, one.max) for one in statistics]


def _within(metadata: pq.FileMetaData, column: str, wanted: Ints) -> list[int]:
    """The row groups whose least and greatest value enclose one of some, which ascend."""
    return [
        at
        for at, limits in enumerate(_limits(metadata, column))
        if np.subtract(*np.searchsorted(wanted, [limits[1] + 1, limits[0]]))
    ]


def _column(metadata: pq.FileMetaData, path: str) -> int:
    names = [metadata.schema.column(at).path for at in range(metadata.num_columns)]
    return names.index(path)


def slice_counts(counts: pa.Table, stretch: Stretch) -> pa.Table:
    """The rows of a stretch, of counts sorted by position."""
    edges = [stretch.first * PAGE_SIZE + 1, (stretch.last + 1) * PAGE_SIZE + 1]
    lower, upper = np.searchsorted(values(counts["pos"]), edges).tolist()
    return counts.slice(lower, upper - lower)


def slice_depth(depth: Changes, stretch: Stretch) -> Changes:
    """The changes of a stretch."""
    lower, upper = np.searchsorted(depth.page, [stretch.first, stretch.last + 1]).tolist()
    return Changes(*(column[lower:upper] for column in depth))


def sorted_by_position(counts: pa.Table) -> pa.Table:
    """A difference of counts, by position."""
    pos: NDArray[np.int32] = values(counts["pos"])
    if (np.diff(pos) >= 0).all():
        return counts
    return counts.take(numbers(np.argsort(pos, kind="stable")))
