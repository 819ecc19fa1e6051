"""Exact counts of variants among members: the base's own figures for the same persons.

AC, AN and the rest are counted as DESIGN 5.6 and 5.7 say, from the calls and the known alleles of
the members alone; af and faf95 come from them through `cad.frequency`, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cad.cohort.genotypes import Calls, GenotypeReader, Known, Variants
from cad.frequency import allele_count, allele_frequency, counted_alleles, faf95

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
State = Literal["seen", "callable_not_seen", "not_callable", "not_assayed"]

_CELLS_AT_ONCE: Final = 50_000_000
"""Members times positions that are in memory at once; a few bytes each."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Figures of variants among some members, one element per variant."""

    variants: Variants
    n_het: Ints
    n_hom: Ints
    n_hemi: Ints
    n_het_raw: Ints
    n_hom_raw: Ints
    n_hemi_raw: Ints
    an: Ints
    an_raw: Ints
    persons: Ints
    assayed: Ints

    @cached_property
    def ac(self) -> Ints:
        """Alleles carried."""
        forms = (self.n_het, self.n_hom, self.n_hemi)
        return np.asarray(allele_count(self.variants.contig, *forms), np.int64)

    @cached_property
    def ac_raw(self) -> Ints:
        """Alleles carried, whatever the thresholds say."""
        raw = (self.n_het_raw, self.n_hom_raw, self.n_hemi_raw)
        return np.asarray(allele_count(self.variants.contig, *raw), np.int64)

    @cached_property
    def af(self) -> NDArray[np.float64]:
        """Allele frequency; NaN where no allele is known; on M of homoplasmic alleles."""
        return allele_frequency(counted_alleles(self.variants.contig, self.ac, self.n_hom), self.an)

    @cached_property
    def faf95(self) -> NDArray[np.float64]:
        """DESIGN 5.11."""
        return faf95(counted_alleles(self.variants.contig, self.ac, self.n_hom), self.an)

    def state(self, at: int) -> State:
        """The state of one variant among the members (DESIGN 6)."""
        if self.ac[at] > 0:
            return "seen"
        if self.an[at] > 0:
            return "callable_not_seen"
        return "not_callable" if self.assayed[at] > 0 else "not_assayed"

    def document(self, at: int) -> dict[str, Any]:
        """The figures of one variant, named as in every answer (DESIGN 8)."""
        names = ("ac", "an", "af", "n_het", "n_hom", "n_hemi", "persons", "faf95", "ac_raw")
        row = {name: getattr(self, name)[at].item() for name in (*names, "an_raw")}
        return {**row, "af": row["af"] if row["an"] else None}


def count_variants(
    reader: GenotypeReader, calls: Calls, groups: Sequence[Mask] | None = None
) -> list[Counts]:
    """Count the variants of some calls in groups of members, one answer per group.

    Args:
        reader: of the members of the calls.
        calls: as the reader gave them, of one contig; `Calls.of_members` must not have been used.
        groups: masks over the members; all of them as one group where unset.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    everybody = np.ones(len(calls.members), bool)
    masks = [everybody] if groups is None else list(groups)
    positions, place = np.unique(calls.variants.pos, return_inverse=True)
    depths = np.zeros((len(masks), 4, len(positions)), np.int64)
    step = max(1, _CELLS_AT_ONCE // max(1, len(reader.members)))
    for first in range(0, len(positions), step):
        some = slice(first, first + step)
        known = reader.known(calls.variants.contig, positions[some])
        depths[:, :, some] = [_depth(known, mask) for mask in masks]
    return _joined(calls, masks, depths[:, :, place])


def count_known(calls: Calls, known: Known, groups: Sequence[Mask]) -> list[Counts]:
    """`count_variants` where what is known at the variants' positions was read already."""
    place = np.searchsorted(known.positions, calls.variants.pos)
    depths = np.array([_depth(known, mask) for mask in groups], np.int64)
    return _joined(calls, groups, depths[:, :, place])


def _joined(calls: Calls, masks: Sequence[Mask], depths: Ints) -> list[Counts]:
    return [
        Counts(calls.variants, *_forms(calls, mask), *depth)
        for mask, depth in zip(masks, depths, strict=True)
    ]


def _forms(calls: Calls, mask: Mask) -> Iterator[Ints]:
    """n_het, n_hom, n_hemi, then the same raw."""
    own = mask[calls.member]
    variant, copies = calls.variant[own], calls.copies[own]
    for dose in (calls.passing[own], calls.raw[own]):
        for form in ((copies == 2) & (dose == 1), dose == 2, (copies == 1) & (dose == 1)):
            yield np.bincount(variant[form], minlength=calls.variants.size).astype(np.int64)


def _depth(known: Known, mask: Mask) -> Ints:
    """an, an_raw, persons, assayed at each position."""
    passing = known.passing[mask]
    return np.stack(
        [
            passing.sum(axis=0, dtype=np.int64),
            known.raw[mask].sum(axis=0, dtype=np.int64),
            np.count_nonzero(passing, axis=0),
            np.count_nonzero(known.assayed[mask], axis=0),
        ]
    )
