"""Depth at any position, seen or not, from the pages of `base_depth`."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.index import DEPTH_FIELDS
from schemas.contigs import PAGE_SIZE
from schemas.errors import Unavailable

Longs = NDArray[np.int64]

_PAGES: Final = 16


class _Page(NamedTuple):
    """The strata of one page: who changes where, and what the figures are from there on.

    `key` is (place of the stratum in `stratum`) x `PAGE_SIZE` + offset, ascending; `figures` are
    `DEPTH_FIELDS` x key; `before` is the first key of each stratum.
    """

    stratum: Longs
    before: Longs
    key: Longs
    figures: Longs

    @classmethod
    def of(cls, rows: pa.Table) -> _Page:
        lengths = pc.list_value_length(rows["offset"]).to_numpy().astype(np.int64)
        before = np.cumsum(lengths) - lengths
        nth = np.repeat(np.arange(len(lengths)), lengths)
        key = nth * PAGE_SIZE + _flat(rows["offset"])
        changes = np.stack([_flat(rows[name]) for name in DEPTH_FIELDS])
        sums = np.cumsum(changes, axis=1)
        # Each stratum starts anew from 0: take away what the strata before it came to.
        total_before = np.concatenate([np.zeros((len(changes), 1), np.int64), sums], axis=1)
        figures = sums - total_before[:, before[nth]] if len(key) else sums
        return cls(rows["stratum"].to_numpy().astype(np.int64), before, key, figures)

    def at(self, offset: int, strata: int) -> Longs:
        """The figures at an offset: `DEPTH_FIELDS` x stratum number, from 0."""
        table = np.zeros((len(DEPTH_FIELDS), strata + 1), np.int64)
        sought = np.arange(len(self.stratum)) * PAGE_SIZE + offset
        last = np.searchsorted(self.key, sought, side="right") - 1
        known = (last >= self.before) & (self.stratum <= strata)
        table[:, self.stratum[known]] = self.figures[:, last[known]]
        return table


class DepthCache:
    """Pages of depth read lately; threads may share one."""

    def __init__(self, pages: int = _PAGES) -> None:
        self._size = pages
        self._pages: OrderedDict[tuple[Path, int], _Page] = OrderedDict()
        self._lock = Lock()

    def at(self, path: Path, pos: int, strata: int) -> Longs:
        """The figures of `DEPTH_FIELDS` at a position, by stratum number from 0 to `strata`.

        Raises:
            FileNotFoundError: the file is gone.
            Unavailable: `lake_file_damaged`.
        """
        number, offset = divmod(pos - 1, PAGE_SIZE)
        with self._lock:
            page = self._pages.get((path, number))
        if page is None:
            page = _Page.of(_read_page(path, number))
        with self._lock:
            self._pages[path, number] = page
            self._pages.move_to_end((path, number))
            while len(self._pages) > self._size:
                self._pages.popitem(last=False)
        return page.at(offset, strata)


def _read_page(path: Path, number: int) -> pa.Table:
    columns = ["stratum", "offset", *DEPTH_FIELDS]
    try:
        return pq.read_table(path, columns=columns, filters=[("page", "==", number)])
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise Unavailable("lake_file_damaged", str(error), path.name) from None


def _flat(column: pa.ChunkedArray[Any]) -> Longs:
    return pc.list_flatten(column).to_numpy().astype(np.int64)
