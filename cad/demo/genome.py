"""The stage of the simulation: reference slices with tandem repeats, and loci that vary on them.

A slice is cut into cells of ``CELL`` bases and a cell holds at most one locus (or one deletion with
the SNV under it). No record of one locus therefore reaches another, so that how many alleles are
known at a variant's position (DESIGN 5.3) can be stated without looking at its neighbours.

Positions are 1-based inclusive. The table of contigs and the PAR's end are written out here instead
of taken from ``schemas``: the demo's truth must not share a mistake with what it checks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELL = 50
LEAD = 8
"""Bases of a cell before its first variant base: room for the anchor of an indel."""

PAR1_END_X = 2_781_479
CONTIG_LENGTHS = {"22": 50_818_468, "X": 156_040_895, "Y": 57_227_415, "M": 16_569}
UNPLACED = ("Un_KI270742v1", 186_739)


@dataclass(frozen=True)
class Slice:
    """A piece of a contig that the demo simulates and whose reference it writes."""

    contig: str
    start: int
    end: int

    @property
    def fasta_name(self) -> str:
        """Name of the FASTA record: the contig, with its span where only a part is there."""
        whole = self.start == 1 and self.end == CONTIG_LENGTHS[self.contig]
        return self.contig if whole else f"{self.contig}:{self.start}-{self.end}"

    @property
    def cells(self) -> int:
        """Number of whole cells."""
        return (self.end - self.start + 1) // CELL

    def cell_start(self, cell: int) -> int:
        """First position of a cell."""
        return self.start + cell * CELL


SLICES = (
    Slice("22", 20_000_001, 20_300_000),
    Slice("X", PAR1_END_X - 50_000 + 1, PAR1_END_X + 50_000),
    Slice("M", 1, 16_569),
)


@dataclass(frozen=True)
class Tract:
    """A tandem repeat: ``copies`` of ``unit`` from ``start``.

    The base before it differs from the unit's last, which makes ``start - 1`` the leftmost anchor
    of any indel of whole units.
    """

    start: int
    unit: str
    copies: int

    @property
    def max_shift(self) -> int:
        """How far right an indel of up to two units may be written within the tract."""
        return (self.copies - 2) * len(self.unit)


@dataclass(frozen=True)
class Reference:
    """The bases of every slice and the tandem repeats planted in them, by contig and cell."""

    sequences: dict[str, str]
    tracts: dict[tuple[str, int], Tract]

    def bases(self, contig: str, first: int, last: int) -> str:
        """Bases from ``first`` to ``last`` inclusive; empty when ``last`` is before ``first``."""
        start = next(piece.start for piece in SLICES if piece.contig == contig)
        return self.sequences[contig][first - start : last - start + 1]


def other_base(rng: np.random.Generator, *excluded: str) -> str:
    """A base drawn among those not excluded."""
    return str(rng.choice([base for base in "ACGT" if base not in excluded]))


def make_reference(rng: np.random.Generator, repeat_share: float = 0.15) -> Reference:
    """Random bases for every slice, with a tandem repeat in ``repeat_share`` of the cells."""
    sequences: dict[str, str] = {}
    tracts: dict[tuple[str, int], Tract] = {}
    for piece in SLICES:
        letters = [str(base) for base in rng.choice(list("ACGT"), piece.end - piece.start + 1)]
        for cell in np.flatnonzero(rng.random(piece.cells) < repeat_share):
            offset = int(cell) * CELL + LEAD
            unit = _primitive_unit(rng, int(rng.integers(1, 5)))
            copies = int(rng.integers(4, 8))
            letters[offset : offset + len(unit) * copies] = list(unit * copies)
            letters[offset - 1] = other_base(rng, unit[-1])
            tracts[piece.contig, int(cell)] = Tract(piece.start + offset, unit, copies)
        sequences[piece.contig] = "".join(letters)
    return Reference(sequences, tracts)


def _primitive_unit(rng: np.random.Generator, length: int) -> str:
    """A repeat unit that is not itself a repeat: its first base occurs in it once."""
    first = other_base(rng)
    if length == 1:
        return first
    rest = [other_base(rng, first) for _ in range(length - 1)]
    return first + "".join(rest)


@dataclass(frozen=True)
class Allele:
    """One alternate allele, leftmost: ``deleted`` bases from ``at`` become ``inserted``."""

    at: int
    deleted: int
    inserted: str

    @property
    def is_indel(self) -> bool:
        """Whether the lengths differ, so that VCF asks for an anchor base."""
        return self.deleted != len(self.inserted)

    def shifted(self, unit: str, by: int) -> Allele:
        """The same change written ``by`` bases further right in a tract of ``unit``."""
        if not by:
            return self
        turn = by % len(unit)
        copies = len(self.inserted) // len(unit)
        return Allele(self.at + by, self.deleted, (unit[turn:] + unit[:turn]) * copies)


@dataclass(frozen=True)
class Locus:
    """A place that varies. All its alleles have their canonical POS at ``pos``.

    ``under_deletion``: an SNV inside the deletion of the locus before it in the list; haplotypes
    with that deletion carry ``*`` here. ``clean``: planted for display, so no artefact falls on it.
    """

    contig: str
    cell: int
    pos: int
    kind: str
    alleles: tuple[Allele, ...]
    unit: str = ""
    max_shift: int = 0
    under_deletion: bool = False
    clean: bool = False

    def keys(self, reference: Reference) -> list[tuple[str, int, str, str]]:
        """(contig, pos, ref, alt) of each allele, trimmed and left-aligned by construction."""
        spelled = [spell(reference, self, (allele,)) for allele in self.alleles]
        return [(self.contig, pos, ref, alts[0]) for pos, ref, alts in spelled]


def spell(
    reference: Reference, locus: Locus, alleles: tuple[Allele, ...], *, shift: int = 0, pad: int = 0
) -> tuple[int, str, list[str]]:
    """POS, REF and ALTs of one record with these alleles, ``shift`` bases right of canonical.

    ``pad`` adds reference bases behind REF and every ALT, as some callers leave them.
    """
    edits = [allele.shifted(locus.unit, shift) for allele in alleles]
    first = min(edit.at - edit.is_indel for edit in edits)
    last = max(max(edit.at + edit.deleted - 1, first) for edit in edits) + pad
    alts = [
        reference.bases(locus.contig, first, edit.at - 1)
        + edit.inserted
        + reference.bases(locus.contig, edit.at + edit.deleted, last)
        for edit in edits
    ]
    return first, reference.bases(locus.contig, first, last), alts
