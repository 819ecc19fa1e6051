"""What a build changes that somebody should look at again, kept beside the base it makes.

Older bases are swept once nobody reads them, and with them the figures of then. So each build
writes down, bin by bin, the variants that it takes past a threshold: rows of
`schemas.tables.BASE_CHANGES`, which `cad changes` reads.

A build that takes withdrawn persons out writes nothing of the variants whose counts it lowers, and
drops the earlier rows of these: nothing tells what such a person showed (DESIGN 5.10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cad.build.depth_kernel import Changes, figures_at
from cad.build.statements import statement
from cad.index_block import COUNT_FIELDS
from schemas.tables import BASE_CHANGES

WATCHED_STRATA: Final = ("all", "founder=1")
"""Everybody; and those on whom BA1 and BS1 rest (DESIGN 6)."""


@dataclass(frozen=True)
class Upon:
    """What a build is made upon.

    Attributes:
        commit_no: of the base before, None where there is none.
        watched: rows of `cad.watch.WATCHED_PLACES`.
        is_erasing: whether the build takes withdrawn persons out.
    """

    commit_no: int | None
    watched: pa.Table
    is_erasing: bool = False


class BinPair(NamedTuple):
    """Counts and depth of a bin, before and after."""

    held: pa.Table
    held_depth: Changes
    merged: pa.Table
    depth: Changes


def bin_changes(
    database: duckdb.DuckDBPyConnection,
    both: BinPair,
    history: pa.Table,
    difference: pa.Table,
    strata: Mapping[str, int],
    contig: str,
    upon: Upon,
) -> pa.Table:
    """A bin's rows of `BASE_CHANGES`: those kept of earlier builds, and this one's.

    Args:
        database: to count in.
        both: the bin before and after.
        history: the rows of earlier builds.
        difference: what this build added to the counts.
        strata: the purpose's strata, numbers by name.
        contig: the bin's.
        upon: what the build is made upon.
    """
    taken = _taken(difference) if upon.is_erasing else set()
    kept = _without(history, taken)
    # Without a base before there are no figures of before.
    if upon.commit_no is None or not (both.held.num_rows or both.merged.num_rows):
        return kept
    own = upon.watched.filter(pc.equal(upon.watched["contig"], pa.scalar(contig)))
    inputs = {
        "held": both.held,
        "merged": both.merged,
        "denominators": _denominators(both, strata),
        "watched": own,
    }
    for name, rows in inputs.items():
        database.register(name, rows)
    found: pa.Table = database.sql(
        statement("build_changes"), params={"contig": contig, "built_from": upon.commit_no}
    ).to_arrow_table()
    for name in inputs:
        database.unregister(name)
    whole = pa.concat_tables([kept, _without(found.cast(BASE_CHANGES), taken)])
    keys = ("pos", "ref", "alt", "stratum", "built_from")
    return whole.sort_by([(name, "ascending") for name in keys]) if kept.num_rows else whole


def _taken(difference: pa.Table) -> set[tuple[object, ...]]:
    """The variants that the difference takes alleles of away."""
    lowered = np.zeros(difference.num_rows, bool)
    for name in COUNT_FIELDS:
        # A form that nobody shows is null.
        lowered |= np.nan_to_num(difference[name].cast(pa.float64()).to_numpy()) < 0
    return set(_keys(difference.filter(pa.array(lowered))))


def _without(rows: pa.Table, taken: set[tuple[object, ...]]) -> pa.Table:
    if not taken or not rows.num_rows:
        return rows
    return rows.filter(pa.array([key not in taken for key in _keys(rows)]))


def _keys(rows: pa.Table) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows.select(["pos", "ref", "alt"]).to_pylist()]


def _denominators(both: BinPair, strata: Mapping[str, int]) -> pa.Table:
    """AN before and after at every variant's position, in the watched strata."""
    wanted = {strata[name]: name for name in WATCHED_STRATA if name in strata}
    places = [table["pos"].to_numpy() for table in (both.held, both.merged)]
    pos = np.unique(np.concatenate(places)).astype(np.int32)
    numbers = sorted(wanted)
    before = _an_at(both.held_depth, pos, numbers)
    after = _an_at(both.depth, pos, numbers)
    return pa.table(
        {
            "pos": pa.array(np.repeat(pos, len(numbers))),
            "stratum": pa.array(np.tile(np.array(numbers, np.int32), len(pos))),
            "name": pa.array([wanted[number] for number in numbers] * len(pos), pa.string()),
            "an_before": pa.array(before.ravel()),
            "an": pa.array(after.ravel()),
        }
    )


def _an_at(depth: Changes, pos: NDArray[np.int32], numbers: list[int]) -> NDArray[np.int32]:
    """AN at ascending positions: position x stratum."""
    own = np.isin(depth.stratum, numbers)
    # Numbered anew from 1, in the same order, so that no room is taken for other strata.
    place = np.searchsorted(numbers, depth.stratum[own]).astype(np.int32) + np.int32(1)
    few = Changes(
        np.ascontiguousarray(depth.page[own]),
        place,
        np.ascontiguousarray(depth.offset[own]),
        np.ascontiguousarray(depth.value[own]),
    )
    return np.ascontiguousarray(figures_at(few, pos, len(numbers))[:, :, 0])
