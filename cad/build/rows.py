"""Rows of the lake's sample tables within one bin, read file by file without a query engine.

A file is sorted by contig and position, and each of its row groups is of one contig
(`loaders.lake_writer`): the rows of a bin lie in a few row groups next to each other. Only these
are decoded, and the footer of a file is parsed once for all its bins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.build.place import Place
from loaders.columns import flags, values

_TEXTS: Final = ("ref", "alt")
_GROUPS_AT_ONCE: Final = 32
"""Two million rows: what is in memory does not grow with a file."""


class _Footer(NamedTuple):
    """What a file's footer says: by row group its contig, first and last position."""

    metadata: pq.FileMetaData
    groups: tuple[tuple[str, int, int], ...]


class BinReader:
    """Reads one table's rows bin by bin.

    Args:
        columns: what is wanted of a row, `sample` among it; the first is the position by which
            rows are sorted.
        left_behind: by path, samples whose rows in that file do not count.
    """

    def __init__(
        self, columns: Sequence[str], left_behind: Mapping[str, NDArray[np.int32]]
    ) -> None:
        self._columns = list(columns)
        self._left_behind = left_behind
        self._texts = [name for name in _TEXTS if name in columns]
        self._footers: dict[str, _Footer] = {}

    def read(self, path: str, place: Place) -> Iterator[pa.Table]:
        """A file's rows whose position lies in the bin, in the file's order, some at a time.

        Texts come as dictionaries.
        """
        footer = self._footer(path)
        wanted = [
            number
            for number, (contig, first, last) in enumerate(footer.groups)
            if contig == place.contig and first <= place.last and last >= place.first
        ]
        if not wanted:
            return
        with pq.ParquetFile(path, metadata=footer.metadata, read_dictionary=self._texts) as file:
            for some in range(0, len(wanted), _GROUPS_AT_ONCE):
                groups = wanted[some : some + _GROUPS_AT_ONCE]
                rows = file.read_row_groups(groups, self._columns, use_threads=False)
                rows = self._of_place(rows, path, place)
                if rows.num_rows:
                    yield rows

    def _of_place(self, rows: pa.Table, path: str, place: Place) -> pa.Table:
        """The rows of the bin that count."""
        position = values(rows[self._columns[0]])
        lower, upper = np.searchsorted(position, [place.first, place.last + 1])
        rows = rows.slice(lower, upper - lower)
        if path in self._left_behind:
            gone = np.isin(values(rows["sample"]), self._left_behind[path])
            rows = rows.filter(flags(~gone))
        return rows

    def _footer(self, path: str) -> _Footer:
        found = self._footers.get(path)
        if found is None:
            metadata = pq.read_metadata(path)
            names = [metadata.schema.column(at).path for at in range(metadata.num_columns)]
            contig, position = names.index("contig"), names.index(self._columns[0])
            groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
            found = self._footers[path] = _Footer(
                metadata,
                tuple((_span(group, contig)[0], *_span(group, position)) for group in groups),
            )
        return found


def _span(group: Any, column: int) -> tuple[Any, Any]:
    """The least and greatest value of a column in a row group."""
    statistics = group.column(column).statistics
    return statistics.min, statistics.max
