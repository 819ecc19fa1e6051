"""Reading the figures of a pinned base: by variant, by region, and at any other position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.annotation.reader import AnnotationReader, TableFiles
from cad.build.flags import StratumFigures, flag_columns
from cad.deadline import check_deadline
from cad.flags import FLAG_FIELDS
from cad.index import COUNT_FIELDS, DEPTH_FIELDS, Block, IndexCache, IndexRow
from cad.query.added import AddedBin, AddedCache, Key
from cad.query.base import Base, Place
from cad.query.depth import DepthCache
from cad.query.parse import Region, Variant
from cad.warehouse import Warehouse
from schemas.contigs import BIN_SIZE

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_AT_ONCE: Final = 256
"""Variants of a region that are summed at once."""


def _no_flags() -> Floats:
    return np.full(len(FLAG_FIELDS), np.nan)


@dataclass(frozen=True)
class Figures:
    """The counts of one variant and the denominators at its position.

    `counts` are strata x `COUNT_FIELDS`, `depths` strata x `DEPTH_FIELDS`, the strata in the order
    of `Base.strata`; `flags` are `FLAG_FIELDS` as the base has them, NaN where it has none. `masks`
    tell by figure of an answer in which strata a release hides it.
    """

    counts: Longs
    depths: Longs
    flags: Floats = field(default_factory=_no_flags)
    masks: Mapping[str, Flags] = field(default_factory=dict)

    def __sub__(self, other: Figures) -> Figures:
        return Figures(self.counts - other.counts, self.depths - other.depths, self.flags)


class BaseReader:
    """Answers from one pinned base; threads may share one.

    Attributes:
        warehouse: the warehouse.
        base: the pinned base.
        reference: folder of the registered reference, None where there is none.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        base: Base,
        indexes: IndexCache | None = None,
        depths: DepthCache | None = None,
        tables: TableFiles | None = None,
        added: AddedCache | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.base = base
        self.reference = warehouse.reference
        self._indexes = indexes or IndexCache()
        self._depths = depths or DepthCache()
        self._tables = tables or TableFiles()
        self._adds = added or AddedCache()
        self._top = int(base.numbers.max())

    def lookup(self, variant: Variant) -> Figures:
        """The figures of a variant, whether the base holds it or not.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        place = Place.of(variant.contig, variant.pos)
        path = self.base.path("base_index", place)
        row = None
        if path is not None:
            row = self._indexes.reader(path).lookup(variant.pos, variant.ref, variant.alt)
        return self._answer(variant, place, row)

    def gather(self, variants: Sequence[Variant], chosen: Sequence[int]) -> tuple[Longs, Longs]:
        """The figures of many variants in some strata, as `lookup` gives them of each.

        In order of position each block of the index is read once, and its variants together.

        Args:
            variants: in any order.
            chosen: indexes of `Base.strata`.

        Returns:
            Counts and denominators: variant x stratum x `COUNT_FIELDS` and `DEPTH_FIELDS`.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        counts = np.zeros((len(variants), len(chosen), len(COUNT_FIELDS)), np.int64)
        depths = np.zeros((len(variants), len(chosen), len(DEPTH_FIELDS)), np.int64)
        strata = self.base.numbers[list(chosen)]
        for place, block, asked in self._by_block(variants):
            check_deadline()
            held = {} if block is None or self.base.is_added_to(place) else block.places
            places = [held.get((one.pos, f"{one.ref} {one.alt}")) for _, one in asked]
            for (at, one), row in zip(asked, places, strict=True):
                if row is None:
                    entry = None if block is None else block.find(one.pos, one.ref, one.alt)
                    figures = self._answer(one, place, entry)
                    counts[at], depths[at] = figures.counts[chosen], figures.depths[chosen]
            rows = [row for row in places if row is not None]
            if block is not None and rows:
                found = [at for (at, _), row in zip(asked, places, strict=True) if row is not None]
                counts[found], depths[found] = block.figures(rows, strata)
        return counts, depths

    def _by_block(
        self, variants: Sequence[Variant]
    ) -> Iterator[tuple[Place, Block | None, list[tuple[int, Variant]]]]:
        """Variants with their numbers, by bin and the block that alone can hold them."""
        placed = [(Place.of(one.contig, one.pos), at, one) for at, one in enumerate(variants)]
        placed.sort(key=lambda one: (one[0], one[2].pos))
        for place, of_bin in groupby(placed, lambda one: one[0]):
            path = self.base.path("base_index", place)
            blocks = None if path is None else self._indexes.reader(path)
            numbered = [
                (-1 if blocks is None else blocks.number_of(one.pos), (at, one))
                for _, at, one in of_bin
            ]
            for number, of_block in groupby(numbered, itemgetter(0)):
                block = None if blocks is None else blocks.block(number)
                yield place, block, [asked for _, asked in of_block]

    def _answer(self, variant: Variant, place: Place, row: IndexRow | None) -> Figures:
        """The figures of a variant of which the index says this."""
        if self.base.is_added_to(place):
            (found,) = self._summed(place, [((variant.pos, variant.ref, variant.alt), row)])
            if found is not None:
                return found
        elif row is not None:
            return self._figures(row)
        counts = np.zeros((len(self.base.strata), len(COUNT_FIELDS)), np.int64)
        depths, flags = self.depths_at(variant.contig, variant.pos), _no_flags()
        # Nothing is to be tested of what nobody carries; the first stratum is that of all.
        _, _, persons, assayed = depths[0].tolist()
        if assayed:
            flags[FLAG_FIELDS.index("call_rate")] = persons / assayed
        return Figures(counts, depths, flags)

    def depths_at(self, contig: str, pos: int) -> Longs:
        """The denominators at any position: strata x `DEPTH_FIELDS`.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        paths = self.base.paths("depth", Place.of(contig, pos))
        return self._depth(paths, pos)[:, self.base.numbers].T

    def withheld(self, region: Region, at: int) -> frozenset[str]:
        """Which denominators of a stratum, by its place, are not told in a region: none of a base.

        They are named as answers name them; a release withholds some outside care.
        """
        return frozenset()

    def _depth(self, paths: Iterable[Path], pos: int) -> Longs:
        """What some files say of a position: `DEPTH_FIELDS` x stratum number."""
        total = np.zeros((len(DEPTH_FIELDS), self._top + 1), np.int64)
        for path in paths:
            total += self._depths.at(path, pos, self._top)
        return total

    def annotations(self, words: Sequence[str] | None) -> AnnotationReader:
        """A reader of the annotations that words ask for, at the pinned commit.

        Raises:
            NotFound: `annotation_unknown`.
            Unavailable: `registry_unusable`.
        """
        return self._tables.reader(self.warehouse, self.base.pinned_no, words)

    def between(self, region: Region) -> Iterator[tuple[Variant, Figures]]:
        """The variants of the base in a region, sorted by pos, ref, alt.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        first, last = ((at - 1) // BIN_SIZE for at in (region.start, region.end))
        for number in range(first, last + 1):
            place = Place(region.contig, number)
            path = self.base.path("base_index", place)
            rows: Iterator[IndexRow] = iter(())
            if path is not None:
                rows = self._indexes.reader(path).between(region.start, region.end)
            if self.base.is_added_to(place):
                yield from self._summed_between(place, rows, region)
            else:
                for row in rows:
                    check_deadline()
                    yield Variant(region.contig, row.pos, row.ref, row.alt), self._figures(row)

    def _summed_between(
        self, place: Place, rows: Iterator[IndexRow], region: Region
    ) -> Iterator[tuple[Variant, Figures]]:
        """The variants of a bin to which builds added, some at a time."""
        held = (((row.pos, row.ref, row.alt), row) for row in rows)
        more = ((key, None) for key in self._added(place).between(region.start, region.end))
        both = merge(held, more, key=lambda one: (one[0][0], *map(str.encode, one[0][1:])))
        whole = ((key, next(some)[1]) for key, some in groupby(both, lambda one: one[0]))
        while some := list(islice(whole, _AT_ONCE)):
            check_deadline()
            for (key, _), figures in zip(some, self._summed(place, some), strict=True):
                if figures is not None:
                    yield Variant(region.contig, *key), figures

    def _added(self, place: Place) -> AddedBin:
        return self._adds.bin(self.base.paths_added("added_counts", place))

    def _summed(
        self, place: Place, wanted: Sequence[tuple[Key, IndexRow | None]]
    ) -> list[Figures | None]:
        """The figures of variants of a bin to which builds added.

        `wanted` are variants with what the index says of each. None for what nobody carries. What
        flags are made of is worked out anew, as a build does.
        """
        added = self._added(place)
        counts = np.zeros((len(wanted), self._top + 1, len(COUNT_FIELDS)), np.int64)
        depths = np.zeros((len(wanted), len(DEPTH_FIELDS), self._top + 1), np.int64)
        is_seen = np.zeros(len(wanted), bool)
        for at, (key, row) in enumerate(wanted):
            is_seen[at] = added.add_to(counts[at], *key) or row is not None
            paths: Sequence[Path] = self.base.paths_added("added_depth", place)
            if row is None:
                paths = self.base.paths("depth", place) if is_seen[at] else ()
            else:
                counts[at, row.counts[:, 0]] += row.counts[:, 1:]
                _place_depths(depths[at], row)
            depths[at] += self._depth(paths, key[0])
        flags = self._flags_of(place.contig, [key[0] for key, _ in wanted], counts, depths)
        numbers = self.base.numbers
        return [
            Figures(counts[at, numbers], depths[at][:, numbers].T, flags[at])
            if is_seen[at]
            else None
            for at in range(len(wanted))
        ]

    def _flags_of(
        self, contig: str, positions: Sequence[int], counts: Longs, depths: Longs
    ) -> Floats:
        """What flags are made of, of variants x `FLAG_FIELDS`."""
        strata = {stratum.name: stratum.number for stratum in self.base.strata}
        figures = StratumFigures(counts[:, 1:], depths[:, :, 1:].transpose(0, 2, 1))
        pos = np.array(positions, np.int64)
        columns = flag_columns(figures, strata, pos, self.warehouse.assembly, contig)
        return np.stack([columns[name] for name in FLAG_FIELDS], axis=1)

    def _figures(self, row: IndexRow) -> Figures:
        # A release tells fewer strata than the base it was made of counts.
        top = max(self._top, int(row.counts[:, 0].max(initial=0)))
        counts = np.zeros((top + 1, len(COUNT_FIELDS)), np.int64)
        counts[row.counts[:, 0]] = row.counts[:, 1:]
        depths = np.zeros((len(DEPTH_FIELDS), self._top + 1), np.int64)
        _place_depths(depths, row)
        return Figures(counts[self.base.numbers], depths[:, self.base.numbers].T, row.flags)


def _place_depths(depths: Longs, row: IndexRow) -> None:
    """Put the denominators of a row in their places: `DEPTH_FIELDS` x stratum number."""
    width = min(row.depths.shape[1], depths.shape[1] - 1)
    depths[:, 1 : width + 1] = row.depths[:, :width]
