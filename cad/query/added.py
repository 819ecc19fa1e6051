"""What builds added to one bin of a base since it was last written as a whole.

Such files are small beside the bin (`cad.build.added`), and are held in memory while they are asked
for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.index import COUNT_FIELDS
from loaders.columns import values
from schemas.errors import Unavailable

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Key = tuple[int, str, str]

_BINS: Final = 64


class _Part(NamedTuple):
    """One file: rows of counts in order of their variants; the texts of row k are those numbered.

    `counts` are row x `COUNT_FIELDS`.
    """

    pos: Ints
    ref: Ints
    alt: Ints
    words: tuple[list[str], list[str]]
    stratum: Ints
    counts: Ints

    @classmethod
    def read(cls, path: Path) -> _Part:
        names = ["pos", "ref", "alt", "stratum", *COUNT_FIELDS]
        try:
            rows = pq.read_table(path, columns=names, read_dictionary=["ref", "alt"])
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise Unavailable("lake_file_damaged", str(error), path.name) from None
        whole = rows.unify_dictionaries().combine_chunks()
        texts: list[Any] = [whole[name].chunk(0) for name in ("ref", "alt")]
        ref, alt = texts
        return cls(
            values(whole["pos"]),
            values(ref.indices),
            values(alt.indices),
            (ref.dictionary.to_pylist(), alt.dictionary.to_pylist()),
            values(whole["stratum"]),
            np.column_stack([values(whole[name]) for name in COUNT_FIELDS]),
        )

    def key(self, row: int) -> Key:
        """The variant of a row."""
        return int(self.pos[row]), self.words[0][self.ref[row]], self.words[1][self.alt[row]]


class AddedBin:
    """The counts that builds added to a bin; threads may share it."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._parts = [_Part.read(path) for path in paths]

    def add_to(self, counts: Longs, pos: int, ref: str, alt: str) -> bool:
        """Add what is here of a variant to counts by stratum number x `COUNT_FIELDS`.

        Returns whether anything is.
        """
        found = False
        for part in self._parts:
            first, stop = np.searchsorted(part.pos, [pos, pos + 1]).tolist()
            for row in range(first, stop):
                if part.key(row) == (pos, ref, alt):
                    counts[part.stratum[row]] += part.counts[row]
                    found = True
        return found

    def between(self, start: int, end: int) -> list[Key]:
        """The variants with start <= pos <= end, sorted by pos, ref, alt."""
        keys: set[Key] = set()
        for part in self._parts:
            first, stop = np.searchsorted(part.pos, [start, end + 1]).tolist()
            keys.update(part.key(row) for row in range(first, stop))
        return sorted(keys, key=lambda key: (key[0], key[1].encode(), key[2].encode()))


class AddedCache:
    """What was added to bins asked for lately; threads may share one."""

    def __init__(self, bins: int = _BINS) -> None:
        self._size = bins
        self._bins: OrderedDict[tuple[Path, ...], AddedBin] = OrderedDict()
        self._lock = Lock()

    def bin(self, paths: tuple[Path, ...]) -> AddedBin:
        """What some files hold together.

        Raises:
            FileNotFoundError: a file is gone.
            Unavailable: `lake_file_damaged`.
        """
        with self._lock:
            found = self._bins.get(paths)
        if found is None:
            found = AddedBin(paths)
        with self._lock:
            self._bins[paths] = found
            self._bins.move_to_end(paths)
            while len(self._bins) > self._size:
                self._bins.popitem(last=False)
        return found
