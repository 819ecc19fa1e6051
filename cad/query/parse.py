"""Variants and regions as people write them, checked and brought to the base's own form.

A variant by its place: ``22-16050075-A-G``, SPDI (``NC_000022.11:16050074:A:G``) and HGVS on a
contig (``chr22:g.16050075A>G``). What needs a source to be found is for `cad.query.look_up`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from loaders.hgvs.locate import NotLocatedError, anchored, locate_genomic
from loaders.hgvs.parse import HgvsName, parse_edit, parse_name
from loaders.normalise import normalise_variant
from loaders.reference import registered_sequence
from schemas.contigs import ASSEMBLIES, Assembly, canonical_contig, contig_length
from schemas.errors import BadQuestion
from schemas.refseq import accession_contig

_VARIANT: Final = re.compile(r"([^-]+)-(\d{1,10})-([A-Z]+)-([A-Z]+)", re.ASCII)
# Of an accession alone: 22:100:A:G could as well count from 1.
_SPDI: Final = re.compile(r"(N[A-Z]_\d+\.\d+):(\d{1,10}):([A-Z]*|\d{1,10}):([A-Z]*)", re.ASCII)
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
        asked_as: the name it was asked by, where that is no contig-pos-ref-alt; else None.
        is_aligned: False where it is an insertion or deletion that might lie further left, which no
            registered reference tells: it was trimmed only (DESIGN 5.2).
    """

    contig: str
    pos: int
    ref: str
    alt: str
    normalised_from: str | None = None
    is_aligned: bool = True
    asked_as: str | None = None

    def __str__(self) -> str:
        return f"{self.contig}-{self.pos}-{self.ref}-{self.alt}"


class Written(NamedTuple):
    """A variant by its place, as it was written."""

    contig: str
    pos: int
    ref: str
    alt: str

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
    """Read a variant by its place; ``chr`` and ``MT`` are tolerated, in an id case too.

    Args:
        text: ``22-16050075-A-G``, ``NC_000022.11:16050074:A:G`` or ``chr22:g.16050075A>G``.
        assembly: of the warehouse.
        reference: folder of its registered reference, to left-align against.

    Raises:
        BadQuestion: `variant_malformed`; `variant_not_located` where a name leaves out bases that
            no reference tells; `assembly_mismatch_query` for an accession of the other assembly;
            `ref_mismatch_query` where REF is not the reference's.

    >>> str(parse_variant("chr22-16050075-cag-cgg", "GRCh38"))
    '22-16050076-A-G'
    >>> str(parse_variant("NC_000022.11:g.16050075A>G", "GRCh38"))
    '22-16050075-A-G'
    """
    placed = parse_place(text, assembly, reference)
    if placed is not None:
        return placed
    name = parse_name(text)
    if name is not None and name.kind in ("g", "m"):
        return normalised(_from_hgvs(name, text, assembly, reference), text, assembly, reference)
    spdi = _SPDI.fullmatch(text.strip())
    if spdi is not None:
        return normalised(_from_spdi(spdi, text, assembly, reference), text, assembly, reference)
    raise _malformed(
        text,
        "expected contig-pos-ref-alt, as in 22-16050075-A-G, SPDI, HGVS, an rs number or a "
        "VRS identifier",
    )


def parse_place(text: str, assembly: Assembly, reference: Path | None) -> Variant | None:
    """A variant as contig-pos-ref-alt; None where it is written in another way.

    Raises:
        BadQuestion: `variant_malformed`, `ref_mismatch_query`.
    """
    match = _VARIANT.fullmatch(text.strip().upper())
    contig = canonical_contig(match[1]) if match else None
    if match is None or contig is None:
        return None
    written = Written(contig, int(match[2]), match[3], match[4])
    return normalised(written, None, assembly, reference, where=text)


def normalised(
    written: Written,
    asked_as: str | None,
    assembly: Assembly,
    reference: Path | None,
    *,
    where: str | None = None,
) -> Variant:
    """A variant by its place, checked and brought to the base's own form.

    Args:
        written: the variant.
        asked_as: the name it was asked by, where that is another one.
        assembly: of the warehouse.
        reference: folder of its registered reference, to left-align against.
        where: what errors call it, unless that is `asked_as`.

    Raises:
        BadQuestion: `variant_malformed`, `ref_mismatch_query`.
    """
    contig, pos, ref, alt = written
    text = where or asked_as or str(written)
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
    found = Variant(contig, *normal[:3], is_aligned=normal.is_aligned, asked_as=asked_as)
    if str(found) == str(written):
        return found
    return replace(found, normalised_from=str(written))


def named_contig(name: str, assembly: Assembly, text: str) -> str:
    """The counted contig that a contig's name or accession means.

    Raises:
        BadQuestion: `variant_malformed`; `assembly_mismatch_query` for an accession of the other
            assembly.
    """
    contig = canonical_contig(name) or accession_contig(assembly, name)
    if contig is not None:
        return contig
    for other in ASSEMBLIES:
        if accession_contig(other, name) is not None:
            detail = f"{name} is a sequence of {other}; the warehouse is of {assembly}"
            raise BadQuestion("assembly_mismatch_query", detail, text)
    raise _malformed(text, "expected a counted contig: 1-22, X, Y, M or its accession with version")


def _from_hgvs(name: HgvsName, text: str, assembly: Assembly, reference: Path | None) -> Written:
    contig = named_contig(name.accession, assembly, text)
    edit = parse_edit(name.change)
    if edit is None:
        raise _malformed(text, "expected a substitution, del, dup, ins, delins, inv or repeat")
    try:
        return Written(contig, *locate_genomic(edit, registered_sequence(reference, contig)))
    except NotLocatedError as error:
        raise BadQuestion("variant_not_located", str(error), text) from None


def _from_spdi(
    match: re.Match[str], text: str, assembly: Assembly, reference: Path | None
) -> Written:
    contig = named_contig(match[1], assembly, text)
    bases = registered_sequence(reference, contig)
    before, gone, come = int(match[2]), match[3], match[4]
    if gone.isdecimal():
        held = bases.fetch(before + 1, before + int(gone)) if int(gone) else ""
        if held is None:
            detail = "no reference is registered there, whose bases the name leaves out"
            raise BadQuestion("variant_not_located", detail, text)
        gone = held
    if gone and come:
        return Written(contig, before + 1, gone, come)
    try:
        return Written(contig, *anchored(bases, before, gone, come))
    except NotLocatedError as error:
        raise BadQuestion("variant_not_located", str(error), text) from None


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
