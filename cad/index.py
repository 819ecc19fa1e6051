"""The key index: one variant's figures in well under 0.1 ms, where a query engine takes 2 ms.

One SQLite file per purpose, contig and 10 Mb bin, written by the build beside the Parquet tables of
which it is a copy in another order. Its table `block` holds some tens of variants a row, sorted by
(pos, ref, alt) and compressed with zstd (`cad.index_block`); its key is the position of the block's
first variant, and no position is cut in two, so that one search of SQLite's tree finds the only
block that can hold a variant. Files are immutable and opened as such, without locks.
"""

from __future__ import annotations

import sqlite3
import struct
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple
from weakref import finalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cad.flags import FLAG_FIELDS
from cad.index_block import COUNT_FIELDS, DEPTH_FIELDS, Block, IndexRow, Ints, Longs, pack
from schemas.errors import Unavailable
from schemas.tables import BASE_AN, BASE_COUNTS

__all__ = [
    "COUNT_FIELDS",
    "DEPTH_FIELDS",
    "Block",
    "IndexCache",
    "IndexReader",
    "IndexRow",
    "write_index",
]

FORMAT: Final = "cad-index/2"

_KEY: Final = ("pos", "ref", "alt")
_BLOCK_ROWS: Final = 64
_BLOCK_FIGURES: Final = 16_384
"""Denominators in a block, about: with many strata a block holds fewer variants."""
_BLOCK_ROOM: Final = 64 * 1024**2
"""Bytes of decompressed blocks that a service holds."""
_READERS: Final = count()
"""Numbers that no two readers of a process share."""
_CODEC: Final = pa.Codec("zstd", compression_level=6)
_CREATE: Final = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE block (first INTEGER PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL)",
)
_FIND: Final = "SELECT size, data FROM block WHERE first <= ? ORDER BY first DESC LIMIT 1"
_FIRSTS: Final = "SELECT first FROM block ORDER BY first"
_RANGE: Final = (
    "SELECT size, data FROM block WHERE first <= ? AND first >= "
    "COALESCE((SELECT MAX(first) FROM block WHERE first <= ?), 0) ORDER BY first"
)


def write_index(path: Path, counts: pa.Table, an: pa.Table) -> None:
    """Write the index of one purpose, contig and bin.

    Args:
        path: the file, which does not exist yet.
        counts: `schemas.tables.BASE_COUNTS`, sorted by pos, ref, alt, stratum.
        an: `schemas.tables.BASE_AN`, sorted by pos, ref, alt; the same variants.

    Raises:
        ValueError: the tables are not sorted, or not of the same variants.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = _blocks(counts.cast(BASE_COUNTS), an.cast(BASE_AN))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # A file that is not whole is of no use to anybody, and the session brings it to disk.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "page_size=8192"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN")
        for statement in _CREATE:
            connection.execute(statement)
        about = (("format", FORMAT), ("variants", str(an.num_rows)))
        connection.executemany("INSERT INTO about VALUES (?, ?)", about)
        connection.executemany("INSERT INTO block VALUES (?, ?, ?)", blocks)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _blocks(counts: pa.Table, an: pa.Table) -> Iterator[tuple[int, int, bytes]]:
    """First position, size and compressed bytes of each block."""
    ends = _count_ends(counts, an)
    rows = np.column_stack([_ints(counts, name) for name in ("stratum", *COUNT_FIELDS)])
    depths = [_Lists.of(an, name) for name in DEPTH_FIELDS]
    flags = np.array([an[name].to_numpy() for name in FLAG_FIELDS], float)
    pos = _ints(an, "pos")
    alleles = zip(an["ref"].to_pylist(), an["alt"].to_pylist(), strict=True)
    texts = [f"{ref} {alt}" for ref, alt in alleles]
    for start, stop in _block_bounds(pos, _width(depths, 0, len(pos))):
        first = int(ends[start - 1]) if start else 0
        width = _width(depths, start, stop)
        data = pack(
            pos[start:stop],
            ends[start:stop] - first,
            rows[first : ends[stop - 1]],
            np.stack([figure.dense(start, stop, width) for figure in depths]),
            flags[:, start:stop],
            texts[start:stop],
        )
        yield int(pos[start]), len(data), _CODEC.compress(data, asbytes=True)


class _Lists(NamedTuple):
    """A list column: element k of row i is ``values[offsets[i] + k]``."""

    offsets: Longs
    values: Ints

    @classmethod
    def of(cls, table: pa.Table, name: str) -> _Lists:
        lengths = pc.list_value_length(table[name]).to_numpy()
        values = pc.list_flatten(table[name]).to_numpy()
        return cls(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), values)

    def dense(self, start: int, stop: int, width: int) -> Ints:
        """Rows `start` to `stop` as a table; what a list lacks is 0."""
        lengths = np.diff(self.offsets[start : stop + 1])
        table = np.zeros((stop - start, width), np.int32)
        there = self.values[self.offsets[start] : self.offsets[stop]]
        table[np.arange(width) < lengths[:, None]] = there
        return table


def _width(lists: Sequence[_Lists], start: int, stop: int) -> int:
    """Elements of the longest list of some rows."""
    return max(int(np.diff(one.offsets[start : stop + 1]).max(initial=0)) for one in lists)


def _ints(table: pa.Table, name: str) -> Ints:
    return np.ascontiguousarray(table[name].to_numpy(), np.int32)


def _count_ends(counts: pa.Table, an: pa.Table) -> Longs:
    """Where each variant's count rows end; checks order and that both tables tell of the same."""
    changed = np.ones(counts.num_rows, bool)
    columns = [counts[key].combine_chunks() for key in _KEY]
    changes = [np.asarray(pc.not_equal(column[1:], column[:-1])) for column in columns]
    changed[1:] = np.logical_or.reduce(changes)
    starts = np.flatnonzero(changed)
    if not counts.select(_KEY).take(starts).equals(an.select(_KEY)):
        raise ValueError("counts and an are not of the same variants in the same order")
    _check_sorted(an)
    return np.append(starts, counts.num_rows)[1:].astype(np.int64)


def _check_sorted(an: pa.Table) -> None:
    columns = [an[key].combine_chunks() for key in _KEY]
    greater = [np.asarray(pc.greater(column[1:], column[:-1])) for column in columns]
    equal = [np.asarray(pc.equal(column[1:], column[:-1])) for column in columns]
    later = greater[0] | (equal[0] & (greater[1] | (equal[1] & greater[2])))
    if not later.all():
        raise ValueError("the variants are not sorted by pos, ref, alt, or one comes twice")


def _block_bounds(pos: Ints, strata: int) -> Iterator[tuple[int, int]]:
    """First and one past the last row of each block; rows of one position stay together."""
    figures = len(DEPTH_FIELDS) * max(1, strata)
    rows = max(8, min(_BLOCK_ROWS, _BLOCK_FIGURES // figures))
    start = 0
    while start < len(pos):
        last = min(start + rows, len(pos)) - 1
        stop = int(np.searchsorted(pos, pos[last], side="right"))
        yield start, stop
        start = stop


class IndexReader:
    """An open index file; threads may share one.

    Raises:
        FileNotFoundError: on opening.
        Unavailable: `lake_file_damaged`, on opening and reading, where the file is not what
            `write_index` wrote.
    """

    def __init__(self, path: Path, blocks: BlockCache | None = None) -> None:
        # SQLite does not tell a file that is gone from one that it cannot read.
        path.stat()
        self._name = path.name
        self._lock = Lock()
        self._blocks, self._number = blocks, next(_READERS)
        self._firsts: list[int] | None = None
        address = f"{path.absolute().as_uri()}?immutable=1"
        try:
            self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)
            # A reader that a cache lets go of is closed with its last holder's reference.
            self._close = finalize(self, self._connection.close)
            query = "SELECT value FROM about WHERE name = 'format'"
            found = self._connection.execute(query).fetchone()
        except sqlite3.Error as error:
            raise self._damaged(error) from None
        if found != (FORMAT,):
            raise self._damaged(f"expected {FORMAT}")

    def lookup(self, pos: int, ref: str, alt: str) -> IndexRow | None:
        """One variant by its key, or None where the base does not hold it."""
        block = self.block_at(pos)
        return None if block is None else block.find(pos, ref, alt)

    def block_at(self, pos: int) -> Block | None:
        """The only block that can hold a position's variants; None before the first."""
        if self._blocks is None:
            found = self._fetch(_FIND, (pos,))
            return self._block(*found[0]) if found else None
        if self._firsts is None:
            self._firsts = [first for (first,) in self._fetch(_FIRSTS, ())]
        place = bisect_right(self._firsts, pos) - 1
        if place < 0:
            return None
        key = (self._number, place)
        block = self._blocks.get(key)
        if block is None:
            size, data = self._fetch(_FIND, (self._firsts[place],))[0]
            block = self._block(size, data)
            self._blocks.keep(key, block, size)
        return block

    def between(self, start: int, end: int) -> Iterator[IndexRow]:
        """The variants with start <= pos <= end, sorted by pos, ref, alt."""
        for size, data in self._fetch(_RANGE, (end, start)):
            yield from self._block(size, data).between(start, end)

    def blocks(self) -> Iterator[Block]:
        """All variants of the file, in order, some tens at a time."""
        for (first,) in self._fetch(_FIRSTS, ()):
            yield self._block(*self._fetch(_FIND, (first,))[0])

    def _fetch(self, query: str, values: tuple[int, ...]) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error) from None

    def _block(self, size: int, data: bytes) -> Block:
        try:
            return Block.unpack(_CODEC.decompress(data, size, asbytes=True))
        except (OSError, ValueError, struct.error) as error:
            raise self._damaged(error) from None

    def _damaged(self, found: object) -> Unavailable:
        return Unavailable("lake_file_damaged", str(found), self._name)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()


class BlockCache:
    """Blocks of index files, decompressed; the least recently used is let go first.

    Clinicians ask for the same genes; a block in memory answers in a tenth of the time that reading
    and decompressing it takes.
    """

    def __init__(self, room: int = _BLOCK_ROOM) -> None:
        self._room, self._used = room, 0
        self._held: OrderedDict[Any, tuple[Block, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any) -> Block | None:
        """A block, if it is held."""
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            self._held.move_to_end(key)
            return held[0]

    def keep(self, key: Any, block: Block, size: int) -> None:
        """Hold a block of so many bytes."""
        with self._lock:
            if key not in self._held:
                self._held[key] = (block, size)
                self._used += size
            while self._used > self._room:
                self._used -= self._held.popitem(last=False)[1][1]


class IndexCache:
    """Open index files by path, at most `size` of them: the least recently used is let go first."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._blocks = BlockCache()
        self._open: OrderedDict[Path, IndexReader] = OrderedDict()
        self._lock = Lock()

    def reader(self, path: Path) -> IndexReader:
        """The file's reader, usable for as long as the caller holds it."""
        with self._lock:
            reader = self._open.get(path)
            if reader is None:
                reader = self._open[path] = IndexReader(path, self._blocks)
            self._open.move_to_end(path)
            # Let go without closing, as another thread may be reading: its last holder closes it.
            while len(self._open) > self._size:
                self._open.popitem(last=False)
            return reader

    def close(self) -> None:
        """Close all files; no reader may be in use."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
