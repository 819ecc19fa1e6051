"""From staged calls to one sketch a sample."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from cad.build.statements import statement
from cad.door.arrivals import Part
from cad.door.sketch import MULTIPLIER, SIZE, Sketch, make_sketch, pack_entries
from cad.door.thresholds import DoorThresholds
from loaders.columns import numbers

_ALL: Final = 2**32
"""Ranks below this are all ranks."""
_SPARE: Final = 4
"""How many times the entries of a sketch a first look is to find: not every call is a passing SNV,
and samples differ."""
_WIDER: Final = 32
"""By what the places looked at grow for the samples of which too few were found."""


def read_sketches(
    database: duckdb.DuckDBPyConnection,
    parts: Sequence[Part],
    samples: Collection[int],
    limits: DoorThresholds,
) -> dict[int, Sketch]:
    """Sketch samples by their autosomal SNVs; those with too few of them have no sketch.

    A genome carries millions, of which a sketch needs the first thousand in the order of ranks: at
    first so many ranks are read that about `_SPARE` times as many come.
    """
    files = [str(part.local) for part in parts]
    found: dict[int, Sketch] = {}
    if not files:
        return found
    below = _first_look(parts, len(samples))
    missing = set(samples)
    while missing:
        entries = _read_entries(database, files, missing, below)
        whole = below >= _ALL
        found |= {no: one for no, one in entries.items() if whole or len(one) >= SIZE}
        missing = set() if whole else missing - found.keys()
        below = min(_ALL, below * _WIDER)
    return {
        number: make_sketch(one)
        for number, one in sorted(found.items())
        if len(one) >= limits.min_shared
    }


def _first_look(parts: Iterable[Part], samples: int) -> int:
    autosomal = sum(
        span.rows for part in parts for span in part.spans if span.contig not in ("X", "Y", "M")
    )
    wanted = SIZE * _SPARE * samples
    return _ALL if autosomal <= wanted else _ALL * wanted // autosomal


def _read_entries(
    database: duckdb.DuckDBPyConnection, files: list[str], samples: Collection[int], below: int
) -> dict[int, Sketch]:
    """By sample number, its entries of all ranks below a bound."""
    database.register(
        "looked_at", pa.table({"sample": numbers(np.array(sorted(samples), np.int32))})
    )
    parameters = {"files": files, "multiplier": MULTIPLIER, "below": below}
    rows = database.execute(statement("door_snvs"), parameters).fetchnumpy()
    sample = np.asarray(rows["sample"])
    if not len(sample):
        return {}
    names = ("pos", "contig", "ref", "alt", "hom")
    entries = pack_entries(*(np.asarray(rows[name]) for name in names))
    order = np.argsort(sample, kind="stable")
    numbered, firsts = np.unique(sample[order], return_index=True)
    # Splitting nothing gives one empty piece, of no sample.
    pieces = np.split(entries[order], firsts[1:]) if len(numbered) else []
    return {int(number): piece for number, piece in zip(numbered, pieces, strict=True)}
