"""One transcript as names and consequences need it: exons, coding parts, its coordinates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Exon(NamedTuple):
    """An exon, or the part of one with one coding part; positions on the forward strand."""

    start: int
    end: int
    cds_start: int | None = None
    cds_end: int | None = None
    phase: int | None = None


class Place(NamedTuple):
    """A position in a transcript: the nearest exonic base, from 1, and how far off in an intron.

    `offset` is negative before an exon, positive after one, 0 within.
    """

    base: int
    offset: int


@dataclass(frozen=True, eq=False)
class Transcript:
    """A transcript and its gene.

    Attributes:
        transcript_id: without version.
        version: of `transcript_id`, None where the source gives none.
        gene_id: without version.
        symbol: of the gene.
        biotype: in the source's word.
        contig: a counted contig.
        start: first position.
        end: last position.
        strand: ``+`` or ``-``.
        exons: ascending on the forward strand.
        protein_id: with version where known.
        mane_select: whether it is the MANE Select transcript.
        canonical: whether it is the source's canonical one.
        tags: all tags.
    """

    transcript_id: str
    version: int | None
    gene_id: str
    symbol: str
    biotype: str
    contig: str
    start: int
    end: int
    strand: str
    exons: Sequence[Exon]
    protein_id: str | None = None
    mane_select: bool = False
    canonical: bool = False
    tags: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The identifier with its version."""
        return versioned(self.transcript_id, self.version)

    @cached_property
    def is_forward(self) -> bool:
        """Whether it reads as the forward strand does."""
        return self.strand == "+"

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """First and last position of each exon, in the transcript's direction."""
        spans = dict.fromkeys((exon.start, exon.end) for exon in self.exons)
        return tuple(sorted(spans, reverse=not self.is_forward))

    @cached_property
    def coding(self) -> tuple[tuple[int, int, int], ...]:
        """First and last position and phase of each coding part, in the transcript's direction."""
        parts = [
            (exon.cds_start, exon.cds_end, exon.phase or 0)
            for exon in self.exons
            if exon.cds_start is not None and exon.cds_end is not None
        ]
        return tuple(sorted(parts, reverse=not self.is_forward))

    @property
    def is_coding(self) -> bool:
        """Whether any part of it codes for a protein."""
        return bool(self.coding)

    @cached_property
    def cds_first(self) -> int:
        """Base of the transcript, from 1, with which the coding part begins; 0 without one."""
        if not self.coding:
            return 0
        start, end, _ = self.coding[0]
        return self._base(start if self.is_forward else end)

    @cached_property
    def cds_last(self) -> int:
        """Base of the transcript with which the coding part ends; 0 without one."""
        if not self.coding:
            return 0
        start, end, _ = self.coding[-1]
        return self._base(end if self.is_forward else start)

    @property
    def lead(self) -> int:
        """Bases of an incomplete codon with which a coding part known in part begins."""
        return self.coding[0][2] if self.coding else 0

    @cached_property
    def length(self) -> int:
        """Exonic bases."""
        return sum(end - start + 1 for start, end in self.spans)

    @cached_property
    def _ladder(self) -> tuple[list[int], list[int], list[int]]:
        """Starts and ends of exons, ascending, and the transcript's bases 5' of each."""
        before, told = 0, []
        for start, end in self.spans:
            told.append((start, end, before))
            before += end - start + 1
        starts, ends, bases = zip(*sorted(told), strict=True)
        return list(starts), list(ends), list(bases)

    def place(self, pos: int) -> Place | None:
        """Where a position of the contig lies; None before and after the transcript."""
        starts, ends, before = self._ladder
        at = bisect_right(starts, pos) - 1
        if at < 0 or pos > ends[-1]:
            return None
        start, end = starts[at], ends[at]
        if pos <= end:
            return Place(before[at] + 1 + (pos - start if self.is_forward else end - pos), 0)
        low, high = pos - end, starts[at + 1] - pos
        # Midway, the donor's side names it (HGVS, intronic positions).
        if self.is_forward:
            donor = before[at + 1]
            return Place(donor, low) if low <= high else Place(donor + 1, -high)
        donor = before[at]
        return Place(donor, high) if high <= low else Place(donor + 1, -low)

    def position(self, place: Place) -> int | None:
        """The position of the contig that a place means; None where there is no such base."""
        before = 0
        for start, end in self.spans:
            size = end - start + 1
            if before < place.base <= before + size:
                step = place.base - before - 1
                if place.offset < 0 and step or place.offset > 0 and step != size - 1:
                    return None
                return (
                    start + step + place.offset if self.is_forward else (end - step - place.offset)
                )
            before += size
        return None

    def _base(self, pos: int) -> int:
        found = self.place(pos)
        if found is None or found.offset:
            raise ValueError(f"{self.name}: {pos} is coding and in no exon")
        return found.base


def versioned(identifier: str, version: int | None) -> str:
    """An identifier with its version, where it has one.

    >>> versioned("ENST00000342066", 3)
    'ENST00000342066.3'
    """
    return identifier if version is None else f"{identifier}.{version}"


def split_version(identifier: str) -> tuple[str, int | None]:
    """An identifier and its version.

    GENCODE's PAR copies (``ENST..._PAR_Y``, ``.1_PAR_Y``) and mapped-back ones (``.5_2``) keep
    what follows the number in the identifier.

    >>> split_version("ENSG00000187634.14"), split_version("ENSG00000187634")
    (('ENSG00000187634', 14), ('ENSG00000187634', None))
    >>> split_version("ENST00000381192.10_PAR_Y")
    ('ENST00000381192_PAR_Y', 10)
    """
    bare, dot, rest = identifier.rpartition(".")
    number, _, tail = rest.partition("_")
    if not dot or not number.isdecimal():
        return identifier, None
    return (bare if not tail or tail.isdecimal() else f"{bare}_{tail}"), int(number)
