"""How variants run in a family: which of a child's fit a way of inheritance, all at once.

Each answer is a mask over the variants of some calls. A member *carries* a variant with a passing
copy; is *clear* of it where every allele of the member's is known and passes there, and no call of
it was made, passing or not; of anybody else nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.cohort.genotypes import Calls, Known, region_classes
from schemas.contigs import RegionClass

Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_NOBODY: Final = -1


@dataclass(frozen=True, eq=False)
class Segregation:
    """The genotypes of a family at the variants of a contig.

    Attributes:
        calls: of the family.
        known: what is known at the positions of the calls' variants.
        father: which member is each one's father; -1 where none is.
        mother: likewise.
        unaffected: who is known not to be affected.
    """

    calls: Calls
    known: Known
    father: Ints
    mother: Ints
    unaffected: Mask

    @cached_property
    def copies(self) -> Octets:
        """Passing copies, members x variants."""
        return self._table(self.calls.passing)

    @cached_property
    def ploidy(self) -> Octets:
        """Alleles that each member has, members x variants."""
        found: Octets = self.known.ploidy[:, self._place]
        return found

    @cached_property
    def clear(self) -> Mask:
        """Who is clear of which variant, members x variants."""
        passing = self.known.passing[:, self._place]
        whole = (self.ploidy > 0) & (passing == self.ploidy)
        found: Mask = whole & (self._table(self.calls.raw) == 0)
        return found

    @cached_property
    def reference(self) -> Mask:
        """Who is clear of every variant that begins at the position."""
        calls = np.zeros(self.known.passing.shape, bool)
        calls[self.calls.member, self._place[self.calls.variant]] = True
        return self.clear & ~calls[:, self._place]

    def de_novo(self, child: int) -> Mask:
        """Heterozygous, or the only copy, where each parent who gives a copy is reference."""
        father, mother = self._parents(self.reference, child)
        ploidy, one = self.ploidy[child], self.copies[child] == 1
        on_x, on_y = (self._regions == region for region in
                      (RegionClass.X_SPECIFIC, RegionClass.Y_SPECIFIC))  # fmt: skip
        alone = (ploidy == 1) & ((on_x & mother) | (on_y & father))
        found: Mask = one & (((ploidy == 2) & father & mother) | alone)
        return found

    def recessive(self, child: int) -> Mask:
        """Homozygous, where neither parent is clear of it and no unaffected member is so too."""
        father, mother = self._parents(self.clear, child)
        double = (self.copies[child] == 2) & ~self._is_x & ~self._is_m
        found: Mask = double & ~father & ~mother & ~self._borne
        return found

    def x_linked(self, child: int) -> Mask:
        """On X outside the PARs: a son's only copy or both of a daughter's, likewise."""
        father, mother = self._parents(self.clear, child)
        ploidy = self.ploidy[child]
        every = (ploidy > 0) & (self.copies[child] == ploidy)
        found: Mask = self._is_x & every & ~mother & ~(father & (ploidy == 2)) & ~self._borne
        return found

    def heterozygous(self, child: int) -> Mask:
        """One copy of two: what may be half of a compound."""
        found: Mask = (self.copies[child] == 1) & (self.ploidy[child] == 2) & ~self._is_m
        return found

    def is_borne_together(self, one: int, other: int) -> bool:
        """Whether an unaffected member carries two variants, neither parent of the two copies.

        Parents may: both on one copy is no compound.
        """
        both = (self.copies[:, one] > 0) & (self.copies[:, other] > 0) & self.unaffected
        parents = {*self.father.tolist(), *self.mother.tolist()}
        return any(member not in parents for member in np.flatnonzero(both).tolist())

    @cached_property
    def _borne(self) -> Mask:
        """Which variants an unaffected member has in every copy."""
        every = (self.ploidy > 0) & (self.copies == self.ploidy)
        found: Mask = (every & self.unaffected[:, None]).any(axis=0)
        return found

    @cached_property
    def _place(self) -> Ints:
        return np.searchsorted(self.known.positions, self.calls.variants.pos)

    @cached_property
    def _regions(self) -> Ints:
        assembly = self.calls.members.cohort.warehouse.assembly
        return region_classes(assembly, self.calls.variants.contig, self.calls.variants.pos)

    @cached_property
    def _is_x(self) -> Mask:
        return np.equal(self._regions, RegionClass.X_SPECIFIC)

    @cached_property
    def _is_m(self) -> Mask:
        return np.equal(self._regions, RegionClass.MITOCHONDRIAL)

    def _parents(self, table: Mask, child: int) -> tuple[Mask, Mask]:
        """What a table says of a child's father and mother; False of one who is not there."""
        rows = [table[at] if at != _NOBODY else np.zeros(table.shape[1], bool)
                for at in (int(self.father[child]), int(self.mother[child]))]  # fmt: skip
        return rows[0], rows[1]

    def _table(self, doses: Octets) -> Octets:
        table = np.zeros((len(self.calls.members), self.calls.variants.size), np.uint8)
        table[self.calls.member, self.calls.variant] = doses
        return table
