"""Variants and regions as people write them, checked and brought to the base's own form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loaders.normalise import normalise_variant
from schemas.contigs import Assembly, canonical_contig, contig_length
from schemas.errors import BadQuestion

_VARIANT: Final = re.compile(r"([^-]+)-(\d{1,10})-([A-Z]+)-([A-Z]+)", re.ASCII)
_REGION: Final = re.compile(r"([^:]+):(\d{1,10})-(\d{1,10})", re.ASCII)
_IUPAC: Final = frozenset("ACGTNRYSWKMBDHV")
_BASES: Final = frozenset("ACGTN")


@dataclass(frozen=True)
class Variant:
    """A variant in the form in which the base keeps it.

    Attributes:
        contig: a counted contig, without ``chr``.
        pos: position of the first base of `ref`.
        ref: reference allele, upper-case.
        alt: alternate allele, upper-case.
        normalised_from: the variant as it was asked for, where that is another form; else None.
        is_aligned: False where it is an insertion or deletion that might lie further left, which no
            registered reference tells: it was trimmed only (DESIGN 5.2).
    """

    contig: str
    pos: int
    ref: str
    alt: str
    normalised_from: str | None = None
    is_aligned: bool = True

    def __str__(self) -> str:
        return f"{self.contig}-{self.pos}-{self.ref}-{self.alt}"


@dataclass(frozen=True)
class Region:
    """Positions `start` to `end` of a counted contig, 1-based inclusive."""

    contig: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.contig}:{self.start}-{self.end}"


def parse_variant(text: str, assembly: Assembly, reference: Path | None = None) -> Variant:
    """Read a variant such as ``22-16050075-A-G``; ``chr`` and ``MT`` are tolerated, case too.

    Args:
        text: contig, position, reference and alternate allele.
        assembly: of the warehouse.
        reference: folder of its registered reference, to left-align against.

    Raises:
        BadQuestion: `variant_malformed`; `ref_mismatch_query` where REF is not the reference's.

    >>> str(parse_variant("chr22-16050075-cag-cgg", "GRCh38"))
    '22-16050076-A-G'
    """
    match = _VARIANT.fullmatch(text.strip().upper())
    contig = canonical_contig(match[1]) if match else None
    if match is None or contig is None:
        raise _malformed(text, "expected contig-pos-ref-alt, as in 22-16050075-A-G")
    pos, ref, alt = int(match[2]), match[3], match[4]
    if not (_IUPAC.issuperset(ref) and _BASES.issuperset(alt)) or ref == alt:
        raise _malformed(text, "expected two different alleles, of bases A, C, G, T, N")
    length = contig_length(assembly, contig)
    if not 1 <= pos <= length - len(ref) + 1:
        raise _malformed(text, f"contig {contig} of {assembly} has positions 1 to {length}")
    normal = normalise_variant(reference, contig, pos, ref, alt)
    if not normal.agrees:
        raise BadQuestion(
            "ref_mismatch_query", f"the reference of {assembly} holds other bases there", text
        )
    found = Variant(contig, *normal[:3], is_aligned=normal.is_aligned)
    asked = Variant(contig, pos, ref, alt)
    if str(found) == str(asked):
        return found
    return Variant(contig, *normal[:3], str(asked), normal.is_aligned)


def parse_region(text: str, assembly: Assembly) -> Region:
    """Read a region such as ``22:16050000-16060000``.

    Raises:
        BadQuestion: `region_malformed`.

    >>> str(parse_region("chr22:16050000-16060000", "GRCh38"))
    '22:16050000-16060000'
    """
    match = _REGION.fullmatch(text.strip().upper())
    contig = canonical_contig(match[1]) if match else None
    if match is None or contig is None:
        raise BadQuestion(
            "region_malformed", "expected contig:start-end, as in 22:16050000-16060000", text
        )
    start, end = int(match[2]), int(match[3])
    length = contig_length(assembly, contig)
    if not 1 <= start <= end <= length:
        raise BadQuestion(
            "region_malformed", f"expected 1 <= start <= end <= {length} on contig {contig}", text
        )
    return Region(contig, start, end)


def _malformed(text: str, detail: str) -> BadQuestion:
    return BadQuestion("variant_malformed", detail, text)
