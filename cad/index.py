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
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol
from weakref import finalize

import numpy as np
import pyarrow as pa

from cad.index_block import (
    COUNT_FIELDS,
    DEPTH_FIELDS,
    Block,
    Floats,
    IndexRow,
    Ints,
    Longs,
    pack,
)
from schemas.errors import Unavailable

__all__ = [
    "COUNT_FIELDS",
    "DEPTH_FIELDS",
    "Block",
    "IndexCache",
    "IndexReader",
    "IndexRow",
    "IndexWriter",
]

FORMAT: Final = "cad-index/2"

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


class Keys(Protocol):
    """Variants in order: positions, and alleles as Arrow's texts."""

    @property
    def pos(self) -> Ints:
        """Positions, ascending."""
        ...

    @property
    def ref(self) -> Any:
        """Reference alleles."""
        ...

    @property
    def alt(self) -> Any:
        """Alternate alleles."""
        ...


class IndexWriter:
    """Writes the index of one purpose, contig and bin, some variants at a time, in order.

    Attributes:
        path: the file; it is there once a variant was written, and whole once closed.
        variants: how many were written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.variants = 0
        self._last = 0
        self._connection: sqlite3.Connection | None = None

    def write(self, keys: Keys, ends: Longs, rows: Ints, depths: Ints, flags: Floats) -> None:
        """Add variants after those written.

        Args:
            keys: which, sorted by pos, ref, alt; their first position is beyond the last one.
            ends: where each variant's rows end among `rows`.
            rows: stratum, then `COUNT_FIELDS`; a variant's by ascending stratum.
            depths: variant x stratum x `DEPTH_FIELDS`; column k is stratum number k + 1.
            flags: `FLAG_FIELDS` x variant.

        Raises:
            ValueError: the positions are not in order.
        """
        pos = keys.pos
        if not len(pos):
            return
        if pos[0] <= self._last or (np.diff(pos) < 0).any():
            raise ValueError("the variants are not sorted by position")
        connection = self._connection = self._connection or self._create()
        blocks = _blocks(keys, ends, rows, np.moveaxis(depths, 2, 0), flags)
        connection.executemany("INSERT INTO block VALUES (?, ?, ?)", blocks)
        self._last = int(pos[-1])
        self.variants += len(pos)

    def _create(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, isolation_level=None)
        # A file that is not whole is of no use to anybody, and the session brings it to disk.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "page_size=8192"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN")
        for statement in _CREATE:
            connection.execute(statement)
        return connection

    def close(self) -> None:
        """Bring the file to its end; nothing is left of one without variants."""
        if self._connection is not None:
            about = (("format", FORMAT), ("variants", str(self.variants)))
            self._connection.executemany("INSERT INTO about VALUES (?, ?)", about)
            self._connection.execute("COMMIT")
            self._connection.close()
            self._connection = None


def _blocks(
    keys: Keys, ends: Longs, rows: Ints, depths: Ints, flags: Floats
) -> Iterator[tuple[int, int, bytes]]:
    """First position, size and compressed bytes of each block."""
    alleles = zip(keys.ref.to_pylist(), keys.alt.to_pylist(), strict=True)
    texts = [f"{ref} {alt}" for ref, alt in alleles]
    for start, stop in _block_bounds(keys.pos, depths.shape[2]):
        first = int(ends[start - 1]) if start else 0
        data = pack(
            keys.pos[start:stop],
            ends[start:stop] - first,
            rows[first : ends[stop - 1]],
            depths[:, start:stop],
            flags[:, start:stop],
            texts[start:stop],
        )
        yield int(keys.pos[start]), len(data), _CODEC.compress(data, asbytes=True)


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
            `IndexWriter` wrote.
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
        if self._blocks is not None:
            return self.block(self.number_of(pos))
        found = self._fetch(_FIND, (pos,))
        return self._block(*found[0]) if found else None

    def number_of(self, pos: int) -> int:
        """The number, from 0, of the only block that can hold a position; -1 before the first."""
        if self._firsts is None:
            self._firsts = [first for (first,) in self._fetch(_FIRSTS, ())]
        return bisect_right(self._firsts, pos) - 1

    def block(self, number: int) -> Block | None:
        """A block by what `number_of` told; None for -1."""
        if number < 0 or self._firsts is None:
            return None
        key = self._number, number
        block = None if self._blocks is None else self._blocks.get(key)
        if block is None:
            size, data = self._fetch(_FIND, (self._firsts[number],))[0]
            block = self._block(size, data)
            if self._blocks is not None:
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
