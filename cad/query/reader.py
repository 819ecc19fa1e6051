"""Reading the figures of a pinned base: by variant, by region, and at any other position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cad.annotation.reader import AnnotationReader, TableFiles, open_annotations
from cad.flags import FLAG_FIELDS
from cad.index import COUNT_FIELDS, DEPTH_FIELDS, Block, IndexCache, IndexRow
from cad.query.base import Base, Place
from cad.query.depth import DepthCache
from cad.query.parse import Region, Variant
from cad.warehouse import Warehouse
from schemas.contigs import BIN_SIZE

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


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
    ) -> None:
        self.warehouse = warehouse
        self.base = base
        self.reference = warehouse.reference
        self._indexes = indexes or IndexCache()
        self._depths = depths or DepthCache()
        self._tables = tables or TableFiles()
        self._top = int(base.numbers.max())

    def lookup(self, variant: Variant) -> Figures:
        """The figures of a variant, whether the base holds it or not.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        path = self.base.path("base_index", Place.of(variant.contig, variant.pos))
        row = None
        if path is not None:
            row = self._indexes.reader(path).lookup(variant.pos, variant.ref, variant.alt)
        return self._figures(row) if row is not None else self._unseen(variant)

    def lookup_sorted(self, variants: Iterable[Variant]) -> Iterator[Figures]:
        """The figures of variants in order of contig and position, as `lookup` gives them.

        A block of the index that holds several is read once.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        held: tuple[Place, Block] | None = None
        for variant in variants:
            place = Place.of(variant.contig, variant.pos)
            if held is None or held[0] != place or not held[1].may_hold(variant.pos):
                path = self.base.path("base_index", place)
                block = None if path is None else self._indexes.reader(path).block_at(variant.pos)
                held = None if block is None else (place, block)
            row = held and held[1].find(variant.pos, variant.ref, variant.alt)
            yield self._figures(row) if row else self._unseen(variant)

    def _unseen(self, variant: Variant) -> Figures:
        """The figures of a variant that the base does not hold."""
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
        path = self.base.path("base_depth", Place.of(contig, pos))
        if path is None:
            return np.zeros((len(self.base.strata), len(DEPTH_FIELDS)), np.int64)
        return self._depths.at(path, pos, self._top)[:, self.base.numbers].T

    def annotations(self, words: Sequence[str] | None) -> AnnotationReader:
        """A reader of the annotations that words ask for, at the pinned commit.

        Raises:
            NotFound: `annotation_unknown`.
            Unavailable: `registry_unusable`.
        """
        commit_no = self.base.pinned_no
        if words is None:
            return self._tables.default_reader(self.warehouse, commit_no)
        return open_annotations(self.warehouse, commit_no, words, self._tables)

    def between(self, region: Region) -> Iterator[tuple[Variant, Figures]]:
        """The variants of the base in a region, sorted by pos, ref, alt.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        first, last = ((at - 1) // BIN_SIZE for at in (region.start, region.end))
        for number in range(first, last + 1):
            path = self.base.path("base_index", Place(region.contig, number))
            if path is not None:
                for row in self._indexes.reader(path).between(region.start, region.end):
                    variant = Variant(region.contig, row.pos, row.ref, row.alt)
                    yield variant, self._figures(row)

    def _figures(self, row: IndexRow) -> Figures:
        # A release tells fewer strata than the base it was made of counts.
        top = max(self._top, int(row.counts[:, 0].max(initial=0)))
        counts = np.zeros((top + 1, len(COUNT_FIELDS)), np.int64)
        counts[row.counts[:, 0]] = row.counts[:, 1:]
        depths = np.zeros((len(DEPTH_FIELDS), self._top + 1), np.int64)
        width = min(row.depths.shape[1], self._top)
        depths[:, 1 : width + 1] = row.depths[:, :width]
        return Figures(counts[self.base.numbers], depths[:, self.base.numbers].T, row.flags)
