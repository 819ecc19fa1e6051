"""Counts of several tables of rows added up, in the order in which a base keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from cad.build.count_kernel import FIGURES
from cad.index_block import COUNT_FIELDS
from loaders import columns

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

_WIDEST_KEY: Final = 2**63
_CODED: Final = pa.schema(
    {
        "pos": pa.int32(),
        "ref": pa.dictionary(pa.int32(), pa.string()),
        "alt": pa.dictionary(pa.int32(), pa.string()),
        "stratum": pa.int32(),
        **dict.fromkeys(COUNT_FIELDS, pa.int32()),
    }
)


class Variants(NamedTuple):
    """Variants in the order of a base, one row each; texts are dictionaries."""

    pos: Ints
    ref: Any
    alt: Any

    def take(self, rows: NDArray[np.integer[Any]]) -> Variants:
        """Some of them."""
        at = columns.numbers(rows)
        return Variants(self.pos[rows], self.ref.take(at), self.alt.take(at))

    def rows(self, contig: str) -> pa.Table:
        """Rows of `schemas.tables.KEY`; texts are dictionaries."""
        pos = columns.numbers(self.pos)
        one = columns.constant(contig, len(self.pos))
        return pa.table({"contig": one, "pos": pos, "ref": self.ref, "alt": self.alt})


class Sums(NamedTuple):
    """Counts before and after a difference, one row per variant and stratum that either tells of.

    Sorted by pos, ref, alt, stratum; `before` and `after` are row x `COUNT_FIELDS`. Row k is of
    variant `variant[k]` of `variants`.
    """

    variants: Variants
    variant: Longs
    stratum: Ints
    before: Ints
    after: Ints

    def entries(self) -> Ints:
        """Of each row the stratum and the counts after."""
        return np.column_stack([self.stratum, self.after])

    def ends(self) -> Longs:
        """Where each variant's rows end."""
        return np.searchsorted(self.variant, np.arange(len(self.variants.pos)), "right")

    def dense(self, strata: int) -> Ints:
        """n_het, n_hom and n_hemi after, by variant and stratum; column k is number k + 1."""
        table = np.zeros((len(self.variants.pos), strata, 3), np.int32)
        table[self.variant, self.stratum - 1] = self.after[:, :3]
        return table

    def rows(self, contig: str) -> pa.Table:
        """Rows of `schemas.tables.BASE_COUNTS` after; texts are dictionaries."""
        rows = self.variants.take(self.variant).rows(contig)
        named = zip(("stratum", *COUNT_FIELDS), self.entries().T, strict=True)
        for name, column in named:
            rows = rows.append_column(name, columns.numbers(column))
        return rows

    def held(self) -> Sums:
        """Without the rows, and the variants, that come to nothing."""
        kept = self.after.any(axis=1)
        if kept.all():
            return self
        own, variant = np.unique(self.variant[kept], return_inverse=True)
        return Sums(
            self.variants.take(own),
            variant,
            self.stratum[kept],
            self.before[kept],
            self.after[kept],
        )


def sum_rows(held: Sequence[pa.Table], difference: pa.Table) -> Sums:
    """Add a difference to counts that several tables tell together.

    All have pos, ref, alt, stratum and `COUNT_FIELDS`, in any order, and rows of the same variant
    and stratum are added up.
    """
    tables = [rows.select(_CODED.names).cast(_CODED) for rows in (*held, difference)]
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    if not rows.num_rows:
        return _no_sums()
    before = rows.num_rows - difference.num_rows
    pos, stratum = columns.values(rows["pos"]), columns.values(rows["stratum"])
    ref, alt = (rows[name].chunk(0) for name in ("ref", "alt"))
    strata = int(stratum.max(initial=0)) + 1
    variant = _variant_keys(pos, ref, alt, _WIDEST_KEY // strata)
    key = variant * strata + stratum
    value = np.column_stack([columns.values(rows[name]) for name in COUNT_FIELDS])
    # Each table is sorted, or nearly so: a merge sort passes over it once.
    order = np.argsort(key, kind="stable")
    row, old, new = _sum_sorted(order, key, np.ascontiguousarray(value, np.int32), before)
    of_row = variant[row]
    first = np.diff(of_row, prepend=-1) != 0
    heads = row[first]
    return Sums(Variants(pos, ref, alt).take(heads), np.cumsum(first) - 1, stratum[row], old, new)


def _no_sums() -> Sums:
    words: Any = columns.texts(np.zeros(0, np.int32), [])
    ints = np.zeros(0, np.int32)
    figures = np.zeros((0, FIGURES), np.int32)
    return Sums(Variants(ints, words, words), np.zeros(0, np.int64), ints, figures, figures)


def _variant_keys(pos: Ints, ref: Any, alt: Any, widest: int) -> Longs:
    """A number for each row, in the order of pos, ref and alt by bytes, below `widest`."""
    ref_rank, alt_rank = _ranks(ref), _ranks(alt)
    pairs = len(ref.dictionary) * len(alt.dictionary)
    pair = ref_rank * len(alt.dictionary) + alt_rank
    first = int(pos.min())
    if (int(pos.max()) - first + 1) * pairs >= widest:
        known, pair = np.unique(pair, return_inverse=True)
        pairs = len(known)
    key: Longs = (pos - first).astype(np.int64) * pairs + pair
    return key


def _ranks(texts: Any) -> Longs:
    """Of each row's text its place among all, by bytes."""
    order = columns.values(pc.array_sort_indices(texts.dictionary))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    found: Longs = rank[columns.values(texts.indices)]
    return found


@njit(cache=True, nogil=True)
def _sum_sorted(order: Longs, key: Longs, value: Ints, before: int) -> tuple[Longs, Ints, Ints]:
    """Add up rows of one key, which lie next to each other in `order`.

    Rows below `before` are held already. Returns the first row of each key, and the sums without
    and with the others.
    """
    keys = 0
    for at in range(len(order)):
        if at == 0 or key[order[at]] != key[order[at - 1]]:
            keys += 1
    row = np.empty(keys, np.int64)
    old, new = np.zeros((keys, FIGURES), np.int32), np.zeros((keys, FIGURES), np.int32)
    place = -1
    for at in range(len(order)):
        own = order[at]
        if at == 0 or key[own] != key[order[at - 1]]:
            place += 1
            row[place] = own
        for figure in range(FIGURES):
            new[place, figure] += value[own, figure]
            if own < before:
                old[place, figure] += value[own, figure]
    return row, old, new
