"""One integer for what is known of a sample's alleles, before its ploidy is applied.

Whether a genotype of X counts as two alleles or one depends on the declared sex, which may be
corrected after the genotype was stored. A *code* therefore keeps the answer for both ploidies and
both readings:

====== ===== =======================================================
bits   name  meaning
====== ===== =======================================================
0-1    pass2 at ploidy 2, alleles that pass the thresholds (0-2)
2-3    raw2  at ploidy 2, alleles whatever the thresholds say (0-2)
4      pass1 at ploidy 1, alleles that pass (0-1)
5      raw1  at ploidy 1, alleles whatever the thresholds say (0-1)
====== ===== =======================================================

The same layout holds known alleles (callable) and dosages (calls). On the mitochondrion known
alleles use ``pass1``/``raw1``; dosages use ``pass2``/``raw2`` with 1 = heteroplasmic, 2 =
homoplasmic (DESIGN 5.7).

Beside the known alleles, *why* tells which criteria of passing (DESIGN 5.4) fail where some allele
is known and none passes: bits 0-4 at ploidy 2, bits 5-9 at ploidy 1, in the order of `CRITERIA`. It
is the union over the records that decide here (DESIGN 5.3) and know an allele, all of which fail.
"""

from __future__ import annotations

from typing import Final

from schemas.contigs import RegionClass

FULL: Final = 0b11_10_10
"""Everything known and passing: two alleles at ploidy 2, one at ploidy 1."""

KNOWN_MASK: Final[dict[RegionClass, int]] = {
    RegionClass.DIPLOID: 0b00_11_11,
    RegionClass.X_SPECIFIC: 0b11_11_11,
    RegionClass.Y_SPECIFIC: 0b11_00_00,
    RegionClass.MITOCHONDRIAL: 0b11_00_00,
    RegionClass.Y_PAR: 0,
}
"""The bits of a known-allele code that can ever count in a region class.

The others are stored as 0.
"""

DOSAGE_MASK: Final[dict[RegionClass, int]] = {
    **KNOWN_MASK,
    RegionClass.MITOCHONDRIAL: 0b00_11_11,
}
"""Likewise for dosage codes."""

CRITERIA: Final[tuple[str, ...]] = ("filter", "quality", "depth", "balance", "outside_bed")
"""What may fail: FILTER or FT; the quality; the depth; the share of the reads; being in the BED."""

_WHY_AT: Final = {2: 0b11111, 1: 0b11111 << 5}

WHY_MASK: Final[dict[RegionClass, int]] = {
    RegionClass.DIPLOID: _WHY_AT[2],
    RegionClass.X_SPECIFIC: _WHY_AT[2] | _WHY_AT[1],
    RegionClass.Y_SPECIFIC: _WHY_AT[1],
    RegionClass.MITOCHONDRIAL: _WHY_AT[1],
    RegionClass.Y_PAR: 0,
}
"""The bits of why that can ever count in a region class; the others are stored as 0."""

SEXES: Final[tuple[str, ...]] = ("XX", "XY", "other", "unknown")

PLOIDY: Final[dict[RegionClass, tuple[int, int, int, int]]] = {
    RegionClass.DIPLOID: (2, 2, 2, 2),
    RegionClass.X_SPECIFIC: (2, 1, 0, 0),
    RegionClass.Y_SPECIFIC: (0, 1, 0, 0),
    RegionClass.MITOCHONDRIAL: (1, 1, 1, 1),
    RegionClass.Y_PAR: (0, 0, 0, 0),
}
"""Copies by region class and sex, in the order of `SEXES` (DESIGN 5.5)."""

COPIES_OF_DOSE: Final = {**PLOIDY, RegionClass.MITOCHONDRIAL: (2, 2, 2, 2)}
"""Which half of a dosage code counts: on M the dose stands in the bits of two copies."""


def pack(pass2: int, raw2: int, pass1: int, raw1: int) -> int:
    """Pack the four numbers into one code.

    >>> pack(2, 2, 1, 1) == FULL
    True
    """
    return pass2 | raw2 << 2 | pass1 << 4 | raw1 << 5


def passing(code: int, ploidy: int) -> int:
    """Alleles of a code that pass, at a ploidy of 0, 1 or 2."""
    return (0, code >> 4 & 1, code & 3)[ploidy]


def raw(code: int, ploidy: int) -> int:
    """Alleles of a code whatever the thresholds say, at a ploidy of 0, 1 or 2."""
    return (0, code >> 5 & 1, code >> 2 & 3)[ploidy]


def failed(why: int, ploidy: int) -> tuple[str, ...]:
    """The criteria that fail at a ploidy of 0, 1 or 2, in the order of `CRITERIA`.

    >>> failed(0b00001_00110, 2), failed(0b00001_00110, 1)
    (('quality', 'depth'), ('filter',))
    """
    bits = (0, why >> 5, why)[ploidy]
    return tuple(name for place, name in enumerate(CRITERIA) if bits >> place & 1)
