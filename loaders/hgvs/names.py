"""HGVS names of a variant: g. (m.) on the contig, c. (n.) on a transcript.

As the nomenclature says (Hart et al. 2024, version 21): an insertion or deletion is written as far
towards the 3' end as it may be, an insertion that repeats what stands before it is a duplication,
two or more bases replaced by their reverse complement are an inversion.
"""

from __future__ import annotations

from collections.abc import Callable

from loaders.genes.transcript import Place, Transcript
from loaders.hgvs.change import Change, written_on
from loaders.hgvs.codons import reverse_complement
from loaders.reference import Sequence
from schemas.contigs import Assembly
from schemas.refseq import ACCESSIONS


def genomic_name(
    assembly: Assembly, bases: Sequence, contig: str, pos: int, ref: str, alt: str
) -> str:
    """The g. name of a variant, m. on the mitochondrion.

    >>> genomic_name("GRCh37", Sequence.empty(), "22", 16050075, "A", "G")
    'NC_000022.10:g.16050075A>G'
    """
    change = written_on(bases, pos, ref, alt, forward=True)
    kind = "m" if contig == "M" else "g"
    written = _edit(change, bases, str, forward=True)
    return f"{ACCESSIONS[assembly][contig]}:{kind}.{written}"


def coding_name(
    transcript: Transcript, bases: Sequence, pos: int, ref: str, alt: str
) -> str | None:
    """The c. name of a variant on a transcript, n. where that codes for nothing.

    None where the variant does not lie within the transcript as a whole.
    """
    forward = transcript.is_forward
    change = written_on(bases, pos, ref, alt, forward=forward)
    around = (change.start, change.end) if change.ref else (change.start - 1, change.start)
    if any(transcript.place(at) is None for at in around):
        return None

    def position(at: int) -> str:
        place = transcript.place(at)
        return "?" if place is None else place_name(transcript, place)

    kind = "c" if transcript.is_coding else "n"
    return f"{transcript.name}:{kind}.{_edit(change, bases, position, forward=forward)}"


def place_name(transcript: Transcript, place: Place) -> str:
    """A place as c. and n. names write it: ``-15``, ``76+2``, ``*7``."""
    if not transcript.is_coding:
        base = str(place.base)
    elif place.base < transcript.cds_first:
        base = f"-{transcript.cds_first - place.base}"
    elif place.base > transcript.cds_last:
        base = f"*{place.base - transcript.cds_last}"
    else:
        base = str(place.base - transcript.cds_first + 1)
    return f"{base}{place.offset:+}" if place.offset else base


def _edit(change: Change, bases: Sequence, position: Callable[[int], str], *, forward: bool) -> str:
    """Where and what, read in one direction."""
    ref, alt = change.ref, change.alt
    if not forward:
        ref, alt = reverse_complement(ref), reverse_complement(alt)
    if len(ref) == len(alt) == 1:
        return f"{position(change.start)}{ref}>{alt}"
    if ref:
        where = _where(change.start, change.end, position, forward=forward)
        if not alt:
            return f"{where}del"
        return f"{where}inv" if alt == reverse_complement(ref) else f"{where}delins{alt}"
    copied = _copied(change, bases, forward=forward)
    if copied is not None:
        return f"{_where(*copied, position, forward=forward)}dup"
    return f"{_where(change.start - 1, change.start, position, forward=forward)}ins{alt}"


def _copied(change: Change, bases: Sequence, *, forward: bool) -> tuple[int, int] | None:
    """The bases before an insertion, in its direction, where they are what is inserted."""
    size = len(change.alt)
    span = (
        (change.start - size, change.start - 1)
        if forward
        else (change.start, change.start + size - 1)
    )
    return span if bases.fetch(*span) == change.alt else None


def _where(start: int, end: int, position: Callable[[int], str], *, forward: bool) -> str:
    first, last = (start, end) if forward else (end, start)
    return position(first) if first == last else f"{position(first)}_{position(last)}"
