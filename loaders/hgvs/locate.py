"""Where an HGVS name's change lies on the contig: its position and alleles, with an anchor base."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from loaders.genes.transcript import Place, Transcript
from loaders.hgvs.codons import reverse_complement
from loaders.hgvs.parse import HgvsEdit, HgvsPosition
from loaders.reference import Sequence


class Located(NamedTuple):
    """A change on the contig's forward strand, as a VCF would write it."""

    pos: int
    ref: str
    alt: str


class NotLocatedError(Exception):
    """A name that cannot be placed; the message says why."""


def locate_genomic(edit: HgvsEdit, bases: Sequence) -> Located:
    """Place a g. or m. change.

    Raises:
        NotLocatedError: a position that is none of a contig, or bases that are not registered.
    """

    def position(one: HgvsPosition) -> int:
        if one.mark or one.offset:
            raise NotLocatedError("a contig's positions are whole numbers")
        return one.base

    return _locate(edit, bases, position, forward=True)


def locate_coding(edit: HgvsEdit, transcript: Transcript, bases: Sequence) -> Located:
    """Place a c. or n. change on a transcript's contig.

    Raises:
        NotLocatedError: a position that the transcript has not, or bases that are not registered.
    """

    def position(one: HgvsPosition) -> int:
        base = one.base
        if one.mark == "-":
            base = transcript.cds_first - one.base
        elif one.mark == "*":
            base = transcript.cds_last + one.base
        elif transcript.is_coding:
            base = transcript.cds_first + one.base - 1
        found = transcript.position(Place(base, one.offset))
        if found is None:
            shown = f"{one.mark}{one.base}{one.offset:+}" if one.offset else f"{one.mark}{one.base}"
            raise NotLocatedError(f"{transcript.name} has no position {shown}")
        return found

    return _locate(edit, bases, position, forward=transcript.is_forward)


def _locate(
    edit: HgvsEdit,
    bases: Sequence,
    position: Callable[[HgvsPosition], int],
    *,
    forward: bool,
) -> Located:
    first, last = position(edit.first), position(edit.last)
    start, end = (first, last) if forward else (last, first)
    ref, alt = edit.ref.replace("U", "T"), edit.alt.replace("U", "T")
    if not forward:
        ref, alt = reverse_complement(ref), reverse_complement(alt)
    if start > end or (edit.kind == "ins" and end != start + 1):
        raise NotLocatedError("the first position must stand before the last, next to it for ins")
    match edit.kind:
        case ">":
            return Located(start, ref, alt)
        case "ins":
            anchor = _held(bases, start, start)
            return Located(start, anchor, anchor + alt)
        case "dup":
            return anchored(bases, end, "", _told(bases, start, end, ref))
        case "repeat":
            return _repeat(bases, start, end, ref, edit.times, forward=forward)
    gone = _told(bases, start, end, ref)
    if edit.kind == "inv":
        return Located(start, gone, reverse_complement(gone))
    if edit.kind == "delins":
        return Located(start, gone, alt)
    return anchored(bases, start - 1, gone, "")


def anchored(bases: Sequence, before: int, gone: str, come: str) -> Located:
    """A change behind a position, with the base there; at the contig's start with the next one.

    Raises:
        NotLocatedError: no base is registered there.
    """
    if before < 1:
        after = _held(bases, len(gone) + 1, len(gone) + 1)
        return Located(1, gone + after, come + after)
    anchor = _held(bases, before, before)
    return Located(before, anchor + gone, anchor + come)


def _told(bases: Sequence, start: int, end: int, told: str) -> str:
    """The bases that are replaced; those a name tells are left to be compared with the others."""
    if told and len(told) != end - start + 1:
        raise NotLocatedError(f"{len(told)} bases are told of {end - start + 1} positions")
    return told or _held(bases, start, end)


def _repeat(
    bases: Sequence, start: int, end: int, unit: str, times: int, *, forward: bool
) -> Located:
    """A unit from its first copy on repeated so many times, whatever the reference holds."""
    size, copies = len(unit), 0
    step = size if forward else -size
    at = start if forward else end - size + 1
    while bases.fetch(at, at + size - 1) == unit:
        copies += 1
        at += step
    if not copies:
        raise NotLocatedError("the reference has no such unit there")
    first = start if forward else at + size
    come = (times - copies) * unit if times > copies else ""
    gone = (copies - times) * unit if times < copies else ""
    if not gone and not come:
        raise NotLocatedError("the reference repeats the unit as often")
    return anchored(bases, first - 1, gone, come)


def _held(bases: Sequence, start: int, end: int) -> str:
    found = bases.fetch(start, end)
    if found is None:
        raise NotLocatedError("no reference is registered there, whose bases the name leaves out")
    return found
