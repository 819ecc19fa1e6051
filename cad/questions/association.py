"""Two groups of persons set against each other, variant by variant and gene by gene.

At each variant only those are in its table who could have shown it. A gene's carriers have a
qualifying variant of it; its non-carriers are known at most of the places where any was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cad.build.sources import places_of
from cad.cohort.counts import Counts, count_variants
from cad.cohort.genotypes import Calls, GenotypeReader, Variants
from cad.cohort.select import Members
from cad.query.parse import Region
from cad.registry.engine import reading
from cad.registry.files import lake_files
from schemas.contigs import BIN_SIZE

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MIN_CARRIERS: Final = 2
"""A variant or gene is tested where so many persons of both groups together carry it."""
MIN_KNOWN: Final = 0.9
"""A gene's non-carrier has passing alleles known at so large a share of its qualifying variants."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Persons with something, and those they are set against: masks over members."""

    members: Members
    cases: Mask
    controls: Mask


class GeneVariant(NamedTuple):
    """A qualifying variant of a gene: its place among the variants, and the gene."""

    variant: int
    gene_id: str
    symbol: str


Qualify = Callable[[Region, Variants, Floats], Iterable[GeneVariant]]
"""Which variants qualify for which genes, of their allele frequencies among all members."""


@dataclass(frozen=True, eq=False)
class VariantTables:
    """Tables of variants of one contig: cases with and without it, controls with and without it."""

    variants: Variants
    tables: Longs
    af: Floats


class GeneTable(NamedTuple):
    """A gene's table, with the number of its qualifying variants."""

    gene_id: str
    symbol: str
    contig: str
    variants: int
    table: tuple[int, int, int, int]


def called_regions(members: Members) -> list[Region]:
    """The 10 Mb bins in which anybody at the members' commit may have a call, in genome order."""
    warehouse = members.cohort.warehouse
    with reading(warehouse.engine) as connection:
        files = lake_files(connection, members.cohort.commit_no, "calls")
    places = places_of(files, warehouse.assembly)
    return [Region(place.contig, place.first, place.last) for place in places]


def in_bins(region: Region) -> list[Region]:
    """A region cut at the borders of 10 Mb bins.

    >>> [str(one) for one in in_bins(Region("1", 9_999_999, 10_000_002))]
    ['1:9999999-10000000', '1:10000001-10000002']
    """
    starts = range((region.start - 1) // BIN_SIZE * BIN_SIZE + 1, region.end + 1, BIN_SIZE)
    return [
        Region(region.contig, max(first, region.start), min(first + BIN_SIZE - 1, region.end))
        for first in starts
    ]


class Association:
    """Sets the groups against each other, one region after the other.

    Args:
        groups: whom.
        qualify: which variants count for genes; None where genes are not asked for.
        min_carriers: see `MIN_CARRIERS`.
    """

    def __init__(
        self, groups: Groups, qualify: Qualify | None = None, min_carriers: int = MIN_CARRIERS
    ) -> None:
        self._groups = groups
        self._qualify = qualify
        self._min_carriers = min_carriers
        self._reader = GenotypeReader(groups.members)
        self._genes: dict[str, _GeneSum] = {}

    def read(self, region: Region) -> VariantTables:
        """The tables of a region's variants; its part of genes' tables is kept for `genes`.

        Regions come once each, those of a contig one after the other.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        groups = self._groups
        calls = self._reader.calls(region)
        carried = calls.passing > 0
        within = carried & (groups.cases | groups.controls)[calls.member]
        carriers = np.bincount(calls.variant[within], minlength=calls.variants.size)
        if self._qualify is None:
            calls = calls.of_variants(carriers >= self._min_carriers)
        everybody = np.ones(len(groups.members), bool)
        case, control, whole = count_variants(
            self._reader, calls, [groups.cases, groups.controls, everybody]
        )
        tables = np.stack([*_with_and_without(case), *_with_and_without(control)], axis=1)
        found = VariantTables(calls.variants, tables, whole.af)
        if self._qualify is None:
            return found
        seen = np.bincount(calls.variant[carried], minlength=calls.variants.size) > 0
        qualifying = self._qualify(region, calls.variants, whole.af)
        self._add_genes(calls, [one for one in qualifying if seen[one.variant]])
        own = np.flatnonzero(carriers >= self._min_carriers)
        return VariantTables(calls.variants.take(own), tables[own], whole.af[own])

    def genes(self) -> Iterator[GeneTable]:
        """The tables of the genes met, those with enough carriers, in the order of the genome."""
        groups = self._groups
        for gene_id, one in self._genes.items():
            known = one.known >= MIN_KNOWN * one.variants
            cells = [
                int(np.count_nonzero(own & part))
                for own in (groups.cases, groups.controls)
                for part in (one.carries, known & ~one.carries)
            ]
            if cells[0] + cells[2] >= self._min_carriers:
                table = (cells[0], cells[1], cells[2], cells[3])
                yield GeneTable(gene_id, one.symbol, one.contig, one.variants, table)

    def _add_genes(self, calls: Calls, qualifying: Sequence[GeneVariant]) -> None:
        if not qualifying:
            return
        places = np.unique([one.variant for one in qualifying])
        positions, at = np.unique(calls.variants.pos[places], return_inverse=True)
        known = self._reader.known(calls.variants.contig, positions).passing > 0
        column = dict(zip(places.tolist(), at.tolist(), strict=True))
        for one in qualifying:
            total = self._genes.setdefault(
                one.gene_id, _GeneSum(one.symbol, calls.variants.contig, len(self._groups.members))
            )
            total.variants += 1
            total.carries[calls.carriers(one.variant)] = True
            total.known += known[:, column[one.variant]]


class _GeneSum:
    """What is known of one gene so far: who carries, and at how many places each is known."""

    def __init__(self, symbol: str, contig: str, members: int) -> None:
        self.symbol, self.contig, self.variants = symbol, contig, 0
        self.carries = np.zeros(members, bool)
        self.known = np.zeros(members, np.int64)


def _with_and_without(counts: Counts) -> tuple[Longs, Longs]:
    """Of each variant: persons who carry it, and those who could have shown it and do not."""
    carriers = counts.n_het + counts.n_hom + counts.n_hemi
    return carriers, counts.persons - carriers
