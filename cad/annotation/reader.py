"""What chosen sources say of variants and genes, at a pinned commit.

A placed table has one file per contig and bin, sorted and cut into small row groups: a look-up
decodes the one that holds its position.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.annotation.manage import chosen_sources
from cad.registry.annotations import AnnotationRow, annotation_files, sources_at
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.warehouse import Warehouse
from loaders.annotation.kinds import KINDS
from loaders.columns import values
from schemas.contigs import BIN_SIZE
from schemas.errors import Unavailable

if TYPE_CHECKING:
    from cad.query.parse import Region, Variant

Record = dict[str, Any]
Key = tuple[int, str, str]

_KEY: Final = ("contig", "pos", "ref", "alt")
_OF_NONE: Final = 0
"""The version of what belongs to none: the registry counts them from 1."""
_KEPT_READERS: Final = 16

_Asked = tuple[int, tuple[str, ...] | None]
"""A pinned commit and the words that ask for sources."""


class TableFile:
    """One open file of a placed table; threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            self._file = pq.ParquetFile(path, memory_map=True, read_dictionary=["ref", "alt"])
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise Unavailable("lake_file_damaged", str(error), path.name) from None
        self._first, self._last = self._limits()

    def _limits(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the last position of each row group."""
        at = self._file.schema_arrow.get_field_index("pos")
        about = self._file.metadata
        stats: list[Any] = [
            about.row_group(group).column(at).statistics for group in range(about.num_row_groups)
        ]
        first, last = ([getattr(one, name) for one in stats] for name in ("min", "max"))
        return np.array(first, np.int64), np.array(last, np.int64)

    def between(self, start: int, end: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of some positions, sorted by pos, ref, alt.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        begin = int(np.searchsorted(self._last, start, side="left"))
        stop = int(np.searchsorted(self._first, end, side="right"))
        groups = list(range(begin, stop))
        try:
            with self._lock:
                rows = self._file.read_row_groups(
                    groups, columns=None if columns is None else list(columns), use_threads=False
                )
        except (OSError, pa.ArrowException) as error:
            raise Unavailable("lake_file_damaged", str(error), self._path.name) from None
        pos = values(rows["pos"])
        first, last = np.searchsorted(pos, [start, end + 1]).tolist()
        return rows.slice(first, last - first)


class TableFiles:
    """Open files by path, at most `size`, and the latest readers that share them.

    Of both the least recently used is let go first.
    """

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._open: OrderedDict[Path, TableFile] = OrderedDict()
        self._lock = Lock()
        self._readers: OrderedDict[_Asked, AnnotationReader] = OrderedDict()

    def open(self, path: Path) -> TableFile:
        """The file, usable for as long as the caller holds it."""
        with self._lock:
            found = self._open.get(path)
            if found is None:
                found = self._open[path] = TableFile(path)
            self._open.move_to_end(path)
            while len(self._open) > self._size:
                self._open.popitem(last=False)
            return found

    def reader(
        self, warehouse: Warehouse, commit_no: int, words: Sequence[str] | None
    ) -> AnnotationReader:
        """What `open_annotations` gives for words at a pinned commit, kept for the next question.

        Raises:
            NotFound: `annotation_unknown`.
            Unavailable: `registry_unusable`.
        """
        asked = commit_no, None if words is None else tuple(words)
        with self._lock:
            held = self._readers.get(asked)
            if held is not None:
                self._readers.move_to_end(asked)
                return held
        made = open_annotations(warehouse, commit_no, words, self)
        with self._lock:
            self._readers[asked] = made
            while len(self._readers) > _KEPT_READERS:
                self._readers.popitem(last=False)
        return made


class AnnotationReader:
    """Looks things up in some versions of sources; threads may share one.

    The caller keeps the commit pinned (`cad.leases.pin`).

    Attributes:
        sources: the versions it answers from.
        files: their open files.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        commit_no: int,
        sources: Sequence[AnnotationRow],
        files: TableFiles | None = None,
    ) -> None:
        self.sources = tuple(sources)
        self._warehouse = warehouse
        self._commit_no = commit_no
        self.files = files or TableFiles()
        self._paths: dict[tuple[str, int], dict[tuple[int, str], str]] = {}
        self._whole: dict[tuple[int, str], pa.Table] = {}

    def joined(self, more: Iterable[AnnotationRow]) -> AnnotationReader:
        """A reader of these versions and more."""
        known = {source.annotation_no: source for source in (*self.sources, *more)}
        return AnnotationReader(self._warehouse, self._commit_no, tuple(known.values()), self.files)

    def at(self, variant: Variant) -> dict[int, list[Record]]:
        """What each source keyed by variants says of one, by annotation number.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        key = variant.pos, variant.ref, variant.alt
        found = self._between(variant.contig, variant.pos, variant.pos, {key})
        return {number: records.get(key, []) for number, records in found.items()}

    def between(self, region: Region) -> dict[int, dict[Key, list[Record]]]:
        """What each source keyed by variants says of those in a region, by annotation number.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        return self._between(region.contig, region.start, region.end, None)

    def _between(
        self, contig: str, start: int, end: int, wanted: Collection[Key] | None
    ) -> dict[int, dict[Key, list[Record]]]:
        found: dict[int, dict[Key, list[Record]]] = {}
        bins = range((start - 1) // BIN_SIZE, (end - 1) // BIN_SIZE + 1)
        for source in self.sources:
            kind = KINDS[source.kind]
            if kind.key != "variant":
                continue
            records = found.setdefault(source.annotation_no, {})
            for number in bins:
                path = self.path(source, kind.tables[0], contig, number)
                if path is not None:
                    _collect(self.files.open(path).between(start, end), wanted, records)
        return found

    def rows(self, source: AnnotationRow, table: str, region: Region) -> list[Record]:
        """The rows of a placed table of a source in a region, in their order.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        return self._rows(source.annotation_no, table, region)

    def told(self, region: Region) -> list[Record]:
        """What pushed files told of the base's variants in a region, in the rows' order.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        return self._rows(_OF_NONE, "base_told", region)

    def _rows(self, number: int, table: str, region: Region) -> list[Record]:
        first, last = ((at - 1) // BIN_SIZE for at in (region.start, region.end))
        found: list[Record] = []
        for place in range(first, last + 1):
            path = self._path(region.contig, place, number, table)
            if path is not None:
                found += self.files.open(path).between(region.start, region.end).to_pylist()
        return found

    def path(self, source: AnnotationRow, table: str, contig: str, bin_: int) -> Path | None:
        """The file of one bin of a placed table; None where it would hold no row."""
        return self._path(contig, bin_, source.annotation_no, table)

    def _path(self, contig: str, bin_: int, number: int, table: str) -> Path | None:
        found = self._placed(contig, bin_).get((number, table))
        return None if found is None else self._warehouse.lake.local(found)

    def _placed(self, contig: str, bin_: int) -> dict[tuple[int, str], str]:
        """The files of a bin by version and table; what pushed files told is of no version."""
        place = contig, bin_
        if place not in self._paths:
            self._paths[place] = self._find_paths(contig, bin_)
        return self._paths[place]

    def _find_paths(self, contig: str, bin_: int) -> dict[tuple[int, str], str]:
        numbers = [source.annotation_no for source in self.sources]
        with reading(self._warehouse.engine) as connection:
            rows = annotation_files(connection, self._commit_no, numbers, contig=contig, bin_=bin_)
            span = bin_ * BIN_SIZE + 1, (bin_ + 1) * BIN_SIZE
            told = lake_files(connection, self._commit_no, "base_told", contig=contig, span=span)
        found = {(number, table): path for number, table, _, _, path in rows}
        return found | {(_OF_NONE, file.table): file.path for file in told}

    def paths(self, source: AnnotationRow, table: str) -> list[Path]:
        """All files of a table of a source."""
        with reading(self._warehouse.engine) as connection:
            rows = annotation_files(
                connection, self._commit_no, [source.annotation_no], table=table
            )
        return [self._warehouse.lake.local(path) for *_, path in rows]

    def whole(self, source: AnnotationRow, table: str) -> pa.Table:
        """All rows of a table that is not placed, kept for further questions."""
        key = source.annotation_no, table
        if key not in self._whole:
            parts = [pq.read_table(path) for path in self.paths(source, table)]
            self._whole[key] = pa.concat_tables(parts)
        return self._whole[key]

    def by_gene(self, symbols: Iterable[str]) -> dict[int, list[Record]]:
        """What each source keyed by genes says of some, by annotation number.

        Raises:
            Unavailable: `registry_unusable`.
        """
        wanted = pa.array(sorted(set(symbols)), pa.string())
        found = {}
        for source in self.sources:
            kind = KINDS[source.kind]
            if kind.key == "gene":
                rows = self.whole(source, kind.tables[0])
                rows = rows.filter(pc.is_in(rows["symbol"], wanted))
                found[source.annotation_no] = [_said(row) for row in rows.to_pylist()]
        return found


def open_annotations(
    warehouse: Warehouse,
    commit_no: int,
    words: Sequence[str] | None = None,
    files: TableFiles | None = None,
) -> AnnotationReader:
    """A reader of the versions that words ask for (`chosen_sources`) at a pinned commit.

    Raises:
        NotFound: `annotation_unknown`.
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        rows = sources_at(connection, commit_no)
    return AnnotationReader(warehouse, commit_no, chosen_sources(rows, words), files)


def _collect(rows: pa.Table, wanted: Collection[Key] | None, into: dict[Key, list[Record]]) -> None:
    for row in rows.to_pylist():
        key = row["pos"], row["ref"], row["alt"]
        if wanted is None or key in wanted:
            own = {name: value for name, value in row.items() if name not in _KEY}
            into.setdefault(key, []).append(_said(own))


def _said(row: Record) -> Record:
    """A row without what its source leaves out."""
    return {name: value for name, value in row.items() if value is not None}
