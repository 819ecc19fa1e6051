"""Rows of a source written as files of the lake: by contig and 10 Mb bin, each sorted by its key.

A source's file is sorted by position as written; normalising moves few rows, and mostly not far.
Rows therefore wait until the file has gone `MARGIN` further, and are then sorted and written. One
that comes later still is set apart, and its file is written anew at the end.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from loaders.columns import numbers, values
from loaders.jobs import WrittenFile
from loaders.lake_writer import LakeWriter
from schemas.contigs import BIN_SIZE
from schemas.errors import BadQuestion
from schemas.lake import LAKE_TABLES, is_placed

MARGIN: Final = 100_000
_WAITING_ROWS: Final = 131_072

_Bin = tuple[str, int]


class AnnotationWriter:
    """Writes all tables of one source under a folder; `close` gives the files."""

    def __init__(self, out: Path, *, margin: int = MARGIN) -> None:
        self._out = out
        self._margin = margin
        self._placed: dict[str, _PlacedWriter] = {}
        self._whole: dict[str, LakeWriter] = {}
        self.rows = 0

    def write(self, table: str, rows: pa.Table, name: str = "") -> None:
        """Append rows: of a placed table on one contig, in the order of the file called `name`.

        Raises:
            BadQuestion: `file_unsorted`, for a contig that was left before.
        """
        if not rows.num_rows:
            return
        self.rows += rows.num_rows
        if is_placed(table):
            if table not in self._placed:
                folder = self._out / table
                self._placed[table] = _PlacedWriter(table, folder, self._margin)
            self._placed[table].write(rows, name)
        else:
            if table not in self._whole:
                self._whole[table] = LakeWriter(table, self._out / f"{table}.parquet")
            self._whole[table].write(rows.cast(LAKE_TABLES[table]))

    def close(self) -> list[WrittenFile]:
        """Write what waits; every file written."""
        files = [file for writer in self._placed.values() for file in writer.close()]
        for whole in self._whole.values():
            whole.__exit__(None, None, None)
            files += [whole.written] if whole.written is not None else []
        return files


class _PlacedWriter:
    """Writes one placed table."""

    def __init__(self, table: str, folder: Path, margin: int) -> None:
        self._table = table
        self._folder = folder
        self._margin = margin
        self._contig = ""
        self._done: set[str] = set()
        self._waiting: list[pa.Table] = []
        self._furthest = 0
        self._settled = 0
        self._open: tuple[_Bin, LakeWriter] | None = None
        self._written: dict[_Bin, WrittenFile] = {}
        self._late: dict[_Bin, list[pa.Table]] = defaultdict(list)

    def write(self, rows: pa.Table, name: str) -> None:
        """Append rows of one contig."""
        contig = rows["contig"][0].as_py()
        if contig != self._contig:
            self._settle(None)
            if contig in self._done:
                detail = f"contig {contig} comes once more; all of it belongs in one file, together"
                raise BadQuestion("file_unsorted", detail, name)
            self._done.add(contig)
            self._contig, self._furthest, self._settled = contig, 0, 0
        pos = values(rows["pos"])
        late = pos <= self._settled
        if late.any():
            self._set_apart(rows.filter(pa.array(late)))
            rows = rows.filter(pa.array(~late))
        self._waiting.append(rows)
        self._furthest = max(self._furthest, int(pos.max()))
        if sum(one.num_rows for one in self._waiting) >= _WAITING_ROWS:
            self._settle(self._furthest - self._margin)

    def _settle(self, until: int | None) -> None:
        """Write the waiting rows up to a position, or all of them."""
        if not self._waiting:
            return
        rows = in_order(pa.concat_tables(self._waiting))
        pos = values(rows["pos"])
        count = len(pos) if until is None else int(np.searchsorted(pos, until, side="right"))
        self._waiting = [rows.slice(count)] if count < len(pos) else []
        bins = (pos[:count] - 1) // BIN_SIZE
        for number in np.unique(bins).tolist():
            first, last = np.searchsorted(bins, [number, number + 1]).tolist()
            self._writer((self._contig, number)).write(rows.slice(first, last - first))
        if until is not None:
            self._settled = max(self._settled, until)

    def _writer(self, place: _Bin) -> LakeWriter:
        if self._open is None or self._open[0] != place:
            self._finish()
            self._open = place, LakeWriter(self._table, self._path(place))
        return self._open[1]

    def _finish(self) -> None:
        if self._open is not None:
            place, writer = self._open
            writer.__exit__(None, None, None)
            if writer.written is not None:
                self._written[place] = writer.written
            self._open = None

    def _path(self, place: _Bin) -> Path:
        return self._folder / place[0] / f"{place[1]}.parquet"

    def _set_apart(self, rows: pa.Table) -> None:
        bins = (values(rows["pos"]) - 1) // BIN_SIZE
        for number in np.unique(bins).tolist():
            self._late[self._contig, number].append(rows.filter(pa.array(bins == number)))

    def close(self) -> list[WrittenFile]:
        """Write what waits and what came late; every file written."""
        self._settle(None)
        self._finish()
        for place, late in self._late.items():
            path = self._path(place)
            schema = LAKE_TABLES[self._table]
            held = pq.read_table(path, schema=schema) if path.exists() else schema.empty_table()
            path.unlink(missing_ok=True)
            whole = pa.concat_tables([held, *(rows.cast(schema) for rows in late)])
            with LakeWriter(self._table, path) as writer:
                writer.write(in_order(whole))
            if writer.written is not None:
                self._written[place] = writer.written
        return list(self._written.values())


def in_order(rows: pa.Table) -> pa.Table:
    """Rows of one contig sorted by pos, ref, alt; those alike keep their order."""
    rows = rows.combine_chunks().unify_dictionaries()
    pos = values(rows["pos"])
    if np.all(np.diff(pos) > 0):
        return rows
    order = np.lexsort((_ranks(rows["alt"]), _ranks(rows["ref"]), pos))
    return rows.take(numbers(order))


def _ranks(column: Any) -> NDArray[np.int64]:
    """Each row's text as a number that grows as the texts do."""
    whole = column.combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    words = whole.dictionary
    rank = np.empty(len(words), np.int64)
    rank[np.asarray(pc.sort_indices(words))] = np.arange(len(words))
    ranks: NDArray[np.int64] = rank[np.asarray(whole.indices)]
    return ranks
