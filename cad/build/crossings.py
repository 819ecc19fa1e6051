"""What a build changes that somebody should look at again, kept beside the base it makes.

Older bases are swept once nobody reads them, and with them the figures of then. So each build
writes down, bin by bin, the variants that it takes past a threshold: rows of
`schemas.tables.BASE_CHANGES`, which `cad changes` reads.

A build that takes withdrawn persons out writes nothing of the variants whose counts it lowers, and
drops the earlier rows of these: nothing tells what such a person showed (DESIGN 5.10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cad.build.merge import Sums
from cad.frequency import allele_count, counted_alleles
from cad.index_block import COUNT_FIELDS
from loaders.columns import constant, flags, numbers, texts, values
from schemas.tables import BASE_CHANGES

WATCHED_STRATA: Final = ("all", "founder=1")
"""Everybody; and those on whom BA1 and BS1 rest (DESIGN 6)."""
_SORTED_BY: Final = ("pos", "ref", "alt", "stratum", "built_from")
_BANDS: Final = (100, 20)
"""Above 1 % (BS1) and above 5 % (BA1), in whole numbers."""

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]


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


class WatchedRows(NamedTuple):
    """Of the watched strata, the counts of a bin's variants that make a frequency; one row each.

    `variant` is a place among the variants of the sums, `column` the stratum's among
    `watched_numbers`.
    """

    variant: Longs
    column: Longs
    ac_before: Longs
    ac: Longs
    n_hom_before: Longs
    n_hom: Longs
    is_all: Flags
    is_awaited: Flags
    """Whether it is the first that anybody carries of what somebody watches."""

    def of_variants(self, chosen: Flags) -> WatchedRows:
        """The rows of some variants."""
        own = chosen[self.variant]
        columns: Any = [column[own] for column in self]
        return WatchedRows(*columns)


def watched_numbers(strata: Mapping[str, int]) -> dict[str, int]:
    """The numbers of those of the watched strata that have persons, by name."""
    return {name: strata[name] for name in WATCHED_STRATA if name in strata}


def columns_of(chosen: Mapping[str, int], highest: int = 0) -> NDArray[np.int32]:
    """By stratum number, up to the `highest` at least, its place among some; -1 for others."""
    place = np.full(max([highest, *chosen.values()]) + 1, -1, np.int32)
    place[list(chosen.values())] = np.arange(len(chosen))
    return place


def watched_rows(sums: Sums, strata: Mapping[str, int], contig: str, upon: Upon) -> WatchedRows:
    """The rows of the watched strata."""
    wanted = watched_numbers(strata)
    column = columns_of(wanted, int(sums.stratum.max(initial=0)))[sums.stratum]
    own = np.flatnonzero(column >= 0)
    is_all = np.array([name == WATCHED_STRATA[0] for name in wanted], bool)[column[own]]
    alleles = []
    for part in (sums.before, sums.after):
        n_het, n_hom, n_hemi = part[own, :3].astype(np.int64).T
        ac = counted_alleles(contig, allele_count(contig, n_het, n_hom, n_hemi), n_hom)
        alleles.append((np.asarray(ac, np.int64), n_hom))
    (ac_before, hom_before), (ac, hom) = alleles
    awaited = is_all & (ac_before == 0) & (ac > 0)
    first = np.flatnonzero(awaited)
    awaited[first] = _is_watched(sums, sums.variant[own][first], contig, upon.watched)
    return WatchedRows(
        sums.variant[own],
        column[own].astype(np.int64),
        ac_before,
        ac,
        hom_before,
        hom,
        is_all,
        awaited,
    )


def _is_watched(sums: Sums, variant: Longs, contig: str, watched: pa.Table) -> Flags:
    """Of some variants, whether somebody watches them or where they lie."""
    found = np.zeros(len(variant), bool)
    pos = sums.variants.pos[variant]
    own = watched.filter(pc.equal(watched["contig"], pa.scalar(contig)))
    for place in own.to_pylist():
        inside = np.flatnonzero((pos >= place["start"]) & (pos <= place["end"]))
        for name, column in (("ref", sums.variants.ref), ("alt", sums.variants.alt)):
            if place[name] is not None:
                said = column.take(numbers(variant[inside])).to_pylist()
                inside = inside[[text == place[name] for text in said]]
        found[inside] = True
    return found


def may_cross(rows: WatchedRows, least_an: Longs) -> Flags:
    """Which rows may be told of, where no more is known of AN than what it is at least, before.

    `least_an` is of each row.
    """
    most = np.maximum(rows.ac_before, rows.ac)
    is_high = _BANDS[0] * most > least_an
    return is_high | (rows.is_all & (rows.n_hom > 0)) | rows.is_awaited


def crossed(
    rows: WatchedRows,
    sums: Sums,
    an_before: Longs,
    an: Longs,
    strata: Mapping[str, int],
    contig: str,
    upon: Upon,
) -> pa.Table:
    """What is to be told of some rows, as rows of `BASE_CHANGES`; `an` is of each row."""
    bands = [
        sum((share * ac > known).astype(int) for share in _BANDS)
        for ac, known in ((rows.ac_before, an_before), (rows.ac, an))
    ]
    told = (bands[0] != bands[1]) | rows.is_awaited
    told |= rows.is_all & ((rows.n_hom > 0) != (rows.n_hom_before > 0))
    own = np.flatnonzero(told & (an_before > 0))
    whose = sums.variants.take(rows.variant[own])
    ints = {
        "ac_before": rows.ac_before, "an_before": an_before, "n_hom_before": rows.n_hom_before,
        "ac": rows.ac, "an": an, "n_hom": rows.n_hom,
    }  # fmt: skip
    columns: dict[str, Any] = {
        "contig": constant(contig, len(own)),
        "pos": numbers(whose.pos),
        "ref": whose.ref,
        "alt": whose.alt,
        "stratum": texts(rows.column[own].astype(np.int32), list(watched_numbers(strata))),
        "built_from": numbers(np.full(len(own), upon.commit_no, np.int32)),
        **{name: numbers(column[own].astype(np.int32)) for name, column in ints.items()},
    }
    return pa.table(columns).cast(BASE_CHANGES)


def with_history(
    history: pa.Table, told: Sequence[pa.Table], difference: pa.Table, upon: Upon
) -> pa.Table:
    """A bin's rows of `BASE_CHANGES`: those kept of earlier builds, and this one's."""
    whole = pa.concat_tables([history, *told])
    if upon.is_erasing:
        whole = _without(whole, _taken(difference))
    return whole.sort_by([(name, "ascending") for name in _SORTED_BY])


def _taken(difference: pa.Table) -> set[tuple[object, ...]]:
    """The variants that the difference takes alleles of away."""
    lowered = np.zeros(difference.num_rows, bool)
    for name in COUNT_FIELDS:
        lowered |= values(difference[name]) < 0
    return set(_keys(difference.filter(flags(lowered))))


def _without(rows: pa.Table, taken: set[tuple[object, ...]]) -> pa.Table:
    if not taken or not rows.num_rows:
        return rows
    return rows.filter(flags(np.array([key not in taken for key in _keys(rows)])))


def _keys(rows: pa.Table) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows.select(["pos", "ref", "alt"]).to_pylist()]
