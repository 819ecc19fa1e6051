"""Calls and known alleles of members, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cad.cohort.select import Members

Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]
Mask = NDArray[np.bool_]


class Variants(NamedTuple):
    """Variants of one contig, sorted by position, ref, alt."""

    contig: str
    pos: Ints
    ref: list[str]
    alt: list[str]

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.pos)

    def key(self, at: int) -> tuple[str, int, str, str]:
        """Contig, pos, ref, alt of one."""
        return self.contig, int(self.pos[at]), self.ref[at], self.alt[at]

    def take(self, places: Ints) -> Variants:
        """Some of them, by place."""
        some = places.tolist()
        return Variants(
            self.contig,
            self.pos[places],
            [self.ref[at] for at in some],
            [self.alt[at] for at in some],
        )


@dataclass(frozen=True, eq=False)
class Calls:
    """Who carries which of some variants: one row per member and variant with a raw dosage.

    Rows are sorted by variant, then member.

    Attributes:
        members: of whom.
        variants: each that a row is of, and others that were asked for.
        variant: which of `variants` a row is of.
        member: of whom.
        passing: copies that pass: 0, 1 or 2.
        raw: copies whatever the thresholds say: 1 or 2.
        copies: 2 where one copy is heterozygous (on M heteroplasmic), 1 where it is hemizygous.
        evidence: `cad.cohort.genotypes.EVIDENCE`, where it was asked for.
    """

    members: Members
    variants: Variants
    variant: Ints
    member: Ints
    passing: Octets
    raw: Octets
    copies: Octets
    evidence: Mapping[str, Ints] = field(default_factory=dict)

    def of_variants(self, chosen: Mask) -> Calls:
        """The calls of some variants: those where a mask over `variants` holds."""
        renumbered = np.cumsum(chosen) - 1
        own = chosen[self.variant]
        rows = self._rows(own)
        return replace(
            rows,
            variants=self.variants.take(np.flatnonzero(chosen)),
            variant=renumbered[rows.variant],
        )

    def of_members(self, chosen: Mask) -> Calls:
        """The calls of some members, who keep their numbers; no variant is left out."""
        return self._rows(chosen[self.member])

    def carriers(self, at: int) -> Ints:
        """The members with a passing copy of one variant."""
        lower, upper = np.searchsorted(self.variant, [at, at + 1])
        own = slice(int(lower), int(upper))
        return self.member[own][self.passing[own] > 0]

    def _rows(self, own: Mask) -> Calls:
        return replace(
            self,
            variant=self.variant[own],
            member=self.member[own],
            passing=self.passing[own],
            raw=self.raw[own],
            copies=self.copies[own],
            evidence={name: values[own] for name, values in self.evidence.items()},
        )


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of members at positions: each a table of members by positions.

    Attributes:
        positions: ascending.
        passing: known alleles that pass.
        raw: known alleles whatever the thresholds say.
        assayed: whether the member's assay covers the position.
        ploidy: the alleles that the declared sex has there.
    """

    positions: Ints
    passing: Octets
    raw: Octets
    assayed: Mask
    ploidy: Octets
