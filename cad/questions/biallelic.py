"""Who carries both copies of a gene changed, by the parents where those are members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cad.cohort.genotypes import Calls, Known

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Origin = Literal["father", "mother", "unknown"]

_CARRIES: Final = 1
_CLEAR: Final = 0
_NO_WORD: Final = -1


@dataclass(frozen=True)
class Biallelic:
    """Masks over the members; a member may be in several.

    Attributes:
        homozygous: two copies of one variant, or its only copy where the sex has one.
        compound: variants of both parents.
        unphased: two heterozygous variants that no parent tells to lie on one copy or on both.
    """

    homozygous: Mask
    compound: Mask
    unphased: Mask

    @property
    def any(self) -> Mask:
        """Who is counted as changed on both copies: unphased ones too."""
        return self.homozygous | self.compound | self.unphased


class Phase:
    """Which parent each heterozygous call came from, of the members of some calls.

    Args:
        calls: of the members, parents among them.
        known: what is known at the positions of the calls' variants.
        father: which member is each one's father; -1 where none is.
        mother: likewise.
    """

    def __init__(self, calls: Calls, known: Known, father: Ints, mother: Ints) -> None:
        self._calls = calls
        self._known = known
        self._parents = {"father": father, "mother": mother}
        self._place = np.searchsorted(known.positions, calls.variants.pos)
        own = calls.passing > 0
        rows = zip(calls.member[own].tolist(), calls.variant[own].tolist(), strict=True)
        self._carried = set(rows)

    def origin(self, member: int, variant: int) -> Origin:
        """The parent that a heterozygous call of a member came from.

        A parent who carries it, where the other does not; where one parent alone is known, the
        other if that one does not carry it. A parent does not carry it whose alleles are all known
        there; without that nothing is said of them.
        """
        father = self._says(int(self._parents["father"][member]), variant)
        mother = self._says(int(self._parents["mother"][member]), variant)
        if father == mother:
            return "unknown"
        if father == _CARRIES or (mother == _CLEAR and father == _NO_WORD):
            return "father"
        return "mother"

    def _says(self, parent: int, variant: int) -> int:
        if parent < 0:
            return _NO_WORD
        if (parent, variant) in self._carried:
            return _CARRIES
        at = parent, self._place[variant]
        ploidy = self._known.ploidy[at]
        return _CLEAR if ploidy > 0 and self._known.passing[at] == ploidy else _NO_WORD


def find_biallelic(calls: Calls, known: Known, father: Ints, mother: Ints) -> Biallelic:
    """Who carries the calls' variants on both copies (`Biallelic`); calls that pass alone count."""
    size = len(calls.members)
    homozygous, compound, unphased = (np.zeros(size, bool) for _ in range(3))
    double = (calls.passing == 2) | ((calls.copies == 1) & (calls.passing == 1))
    homozygous[calls.member[double]] = True
    het = (calls.copies == 2) & (calls.passing == 1)
    if calls.variants.contig == "M":
        return Biallelic(homozygous, compound, unphased)
    phase = Phase(calls, known, father, mother)
    several = np.flatnonzero(np.bincount(calls.member[het], minlength=size) > 1)
    for member in several.tolist():
        own = calls.variant[het & (calls.member == member)].tolist()
        origins = {phase.origin(member, variant) for variant in own}
        compound[member] = {"father", "mother"} <= origins
        unphased[member] = "unknown" in origins and not compound[member]
    return Biallelic(homozygous, compound, unphased)
