"""Which variant stands where, and which founder haplotype carries it.

In: the reference and, per contig, the sites msprime found with the haplotypes that carry each.
Out: loci in genome order and a matrix (locus x founder haplotype) of allele codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cad.demo.genome import LEAD, Allele, Locus, Reference, Slice, Tract, other_base

STAR = 3
"""Allele code of ``*``: a deletion that starts before covers the locus. 0: REF, 1 and 2: ALTs."""
MISSING = -1
ABSENT = -2
"""Second allele of a haploid genotype."""

_COMMON = 12
"""Carrier haplotypes a site needs to become multi-allelic or overlapped by a deletion."""
_KINDS = ("snv", "mnv", "insertion", "deletion", "multi_snv", "snv_deletion", "overlap")
_KIND_SHARES = (0.78, 0.04, 0.04, 0.05, 0.05, 0.02, 0.02)

Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Sites:
    """What msprime gives for one contig: offsets from the slice's start, carriers by haplotype."""

    offsets: NDArray[np.int64]
    carriers: Codes


def plan_loci(
    rng: np.random.Generator,
    reference: Reference,
    piece: Slice,
    sites: Sites,
    planted: Sequence[int] = (),
) -> tuple[list[Locus], Codes]:
    """One locus per cell that holds a site, and one clean SNV nobody carries in each planted cell.

    Returns:
        The loci in order and their codes, one row per locus and one column per founder haplotype.
    """
    first_site: dict[int, int] = {}
    cell_size = piece.cell_start(1) - piece.cell_start(0)
    for site, offset in enumerate(sites.offsets):
        first_site.setdefault(int(offset) // cell_size, site)
    loci: list[Locus] = []
    rows: list[Codes] = []
    nobody = np.zeros(sites.carriers.shape[1], dtype=np.int8)
    for cell in sorted({*first_site, *planted}):
        if cell >= piece.cells:
            continue
        if cell in planted:
            made = [_snv(rng, reference, piece, cell, clean=True)]
            codes = [nobody]
        else:
            made, codes = _locus(rng, reference, piece, cell, sites.carriers[first_site[cell]])
        loci += made
        rows += codes
    return loci, np.stack(rows)


def free_cells(reference: Reference, piece: Slice, sites: Sites) -> list[int]:
    """Cells with neither a site nor a repeat, in order."""
    cell_size = piece.cell_start(1) - piece.cell_start(0)
    taken = {int(offset) // cell_size for offset in sites.offsets}
    return [
        cell
        for cell in range(piece.cells)
        if cell not in taken and (piece.contig, cell) not in reference.tracts
    ]


def _locus(
    rng: np.random.Generator, reference: Reference, piece: Slice, cell: int, carriers: Codes
) -> tuple[list[Locus], list[Codes]]:
    """The locus (two where a deletion covers an SNV) of one cell with a site."""
    nuclear = piece.contig != "M"
    common = nuclear and int(carriers.sum()) >= _COMMON
    tract = reference.tracts.get((piece.contig, cell))
    if tract:
        kind = str(rng.choice(["insertion", "deletion", "two_deletions", "both"]))
        if not common:
            kind = str(rng.choice(["insertion", "deletion"]))
        return [_repeat_locus(piece, cell, tract, kind)], [_split(rng, carriers, kind)]
    kind = str(rng.choice(_KINDS, p=_KIND_SHARES)) if nuclear else "snv"
    if kind == "overlap" and common:
        return _overlap(rng, reference, piece, cell, carriers)
    if kind in {"multi_snv", "snv_deletion"} and common:
        return [_multi(rng, reference, piece, cell, kind)], [_split(rng, carriers, "both")]
    if kind in {"mnv", "insertion", "deletion"}:
        return [_simple(rng, reference, piece, cell, kind)], [carriers]
    return [_snv(rng, reference, piece, cell)], [carriers]


def _split(rng: np.random.Generator, carriers: Codes, kind: str) -> Codes:
    """Give two fifths of the carrier haplotypes the second allele where the locus has two."""
    if kind not in {"both", "two_deletions"}:
        return carriers
    second = rng.random(carriers.size) < 0.4
    return np.where((carriers == 1) & second, 2, carriers).astype(np.int8)


def _place(rng: np.random.Generator, piece: Slice, cell: int) -> int:
    """A position in the first half of a cell, behind its lead."""
    return piece.cell_start(cell) + LEAD + int(rng.integers(0, 15))


def _snv(
    rng: np.random.Generator, reference: Reference, piece: Slice, cell: int, *, clean: bool = False
) -> Locus:
    at = _place(rng, piece, cell)
    allele = Allele(at, 1, other_base(rng, reference.bases(piece.contig, at, at)))
    return Locus(piece.contig, cell, at, "snv", (allele,), clean=clean)


def _repeat_locus(piece: Slice, cell: int, tract: Tract, kind: str) -> Locus:
    """Whole units more or fewer: every copy count can be written at several positions."""
    one_less = Allele(tract.start, len(tract.unit), "")
    two_less = Allele(tract.start, 2 * len(tract.unit), "")
    one_more = Allele(tract.start, 0, tract.unit)
    alleles = {
        "insertion": (one_more,),
        "deletion": (one_less,),
        "two_deletions": (one_less, two_less),
        "both": (one_less, one_more),
    }[kind]
    return Locus(
        piece.contig,
        cell,
        tract.start - 1,
        f"repeat_{kind}",
        alleles,
        unit=tract.unit,
        max_shift=tract.max_shift,
    )


def _deletion(
    rng: np.random.Generator, reference: Reference, contig: str, at: int, length: int
) -> Allele:
    """A deletion from ``at`` of ``length`` bases or more, such that it cannot move to the left."""
    anchor = reference.bases(contig, at - 1, at - 1)
    while reference.bases(contig, at + length - 1, at + length - 1) == anchor:
        length += 1
    return Allele(at, length, "")


def _simple(
    rng: np.random.Generator, reference: Reference, piece: Slice, cell: int, kind: str
) -> Locus:
    """A locus with one MNV, one insertion or one deletion outside repeats."""
    at = _place(rng, piece, cell)
    if kind == "deletion":
        allele = _deletion(rng, reference, piece.contig, at, int(rng.integers(1, 6)))
    elif kind == "insertion":
        anchor = reference.bases(piece.contig, at - 1, at - 1)
        body = "".join(str(base) for base in rng.choice(list("ACGT"), int(rng.integers(0, 5))))
        allele = Allele(at, 0, body + other_base(rng, anchor))
    else:
        bases = reference.bases(piece.contig, at, at + int(rng.integers(1, 3)))
        allele = Allele(at, len(bases), "".join(other_base(rng, base) for base in bases))
    return Locus(piece.contig, cell, at - allele.is_indel, kind, (allele,))


def _multi(
    rng: np.random.Generator, reference: Reference, piece: Slice, cell: int, kind: str
) -> Locus:
    """Two alleles at one position: two SNVs, or an SNV on the anchor base of a deletion."""
    at = _place(rng, piece, cell)
    base = reference.bases(piece.contig, at, at)
    first = other_base(rng, base)
    if kind == "multi_snv":
        second = Allele(at, 1, other_base(rng, base, first))
    else:
        second = _deletion(rng, reference, piece.contig, at + 1, 3)
    return Locus(piece.contig, cell, at, kind, (Allele(at, 1, first), second))


def _overlap(
    rng: np.random.Generator, reference: Reference, piece: Slice, cell: int, carriers: Codes
) -> tuple[list[Locus], list[Codes]]:
    """A deletion and, inside it, an SNV of other haplotypes, where the deleted ones show ``*``."""
    at = piece.cell_start(cell) + LEAD + 1
    deletion = _deletion(rng, reference, piece.contig, at, 10)
    inside = at + 4
    base = reference.bases(piece.contig, inside, inside)
    snv = Allele(inside, 1, other_base(rng, base))
    deleted = carriers * (rng.random(carriers.size) < 0.5)
    under = np.where(deleted == 1, STAR, carriers).astype(np.int8)
    loci = [
        Locus(piece.contig, cell, at - 1, "deletion", (deletion,)),
        Locus(piece.contig, cell, inside, "snv", (snv,), under_deletion=True),
    ]
    return loci, [deleted.astype(np.int8), under]
