"""One variant brought to the form in which all variants are stored (DESIGN 5.2).

The same rules as `loaders.kernel` applies to files: drop the shared suffix, shift an insertion or
deletion left as long as the registered reference repeats it, drop the shared prefix, keep one base
(Tan, Abecasis and Kang 2015; `bcftools norm`). Files need compiled loops; a question about one
variant is answered before those are even imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from loaders.reference import Sequence, registered_sequence

_ACGT: Final = frozenset("ACGT")


class NormalVariant(NamedTuple):
    """A variant as it is stored.

    `is_aligned` is False where it is an insertion or deletion that might lie further left, which
    the reference does not tell, as none is registered there; `agrees` is False where REF is not
    what the reference holds.
    """

    pos: int
    ref: str
    alt: str
    is_aligned: bool
    agrees: bool


def normalise_variant(
    reference: Path | None, contig: str, pos: int, ref: str, alt: str
) -> NormalVariant:
    """Trim a variant, and left-align it where the registered reference covers its trimmed REF.

    Args:
        reference: folder of the registered reference, None where there is none.
        contig: a counted contig.
        pos: position of the first base of `ref`.
        ref: upper-case bases.
        alt: upper-case bases, other than `ref`.
    """
    bases = registered_sequence(reference, contig)
    if not _agrees(bases, pos, ref):
        return NormalVariant(pos, ref, alt, is_aligned=False, agrees=False)
    shared = _shared_suffix(ref, alt)
    longer, shorter = max(ref, alt, key=len), min(ref, alt, key=len)
    if shared < len(shorter):
        return _without_prefix(pos, ref[: len(ref) - shared], alt[: len(alt) - shared], True)
    # One allele is used up: what is left of the longer one was inserted or deleted.
    keep = len(shorter) - 1
    unit, moved, is_aligned = longer[: len(longer) - shared], 0, False
    if all(bases.base(pos + step) for step in range(len(ref) - keep)):
        unit, moved, is_aligned = _shift_left(bases, pos, unit)
    if not moved:
        return _without_prefix(pos, ref[: len(ref) - keep], alt[: len(alt) - keep], is_aligned)
    anchor = bases.base(pos - moved) or ""
    grown = (anchor + unit, anchor)
    return NormalVariant(pos - moved, *(grown if longer is ref else grown[::-1]), is_aligned, True)


def _agrees(bases: Sequence, pos: int, ref: str) -> bool:
    """Whether REF is the reference's wherever both are one of A, C, G, T (DESIGN 4)."""
    for step, written in enumerate(ref):
        held = bases.base(pos + step)
        if held != written and held in _ACGT and written in _ACGT:
            return False
    return True


def _shared_suffix(ref: str, alt: str) -> int:
    """How many bases both alleles share at their end."""
    shared = 0
    while shared < min(len(ref), len(alt)) and ref[-1 - shared] == alt[-1 - shared]:
        shared += 1
    return shared


def _without_prefix(pos: int, ref: str, alt: str, is_aligned: bool) -> NormalVariant:
    """The alleles without the bases they share at their start; one is kept of each."""
    shared = 0
    while shared < min(len(ref), len(alt)) - 1 and ref[shared] == alt[shared]:
        shared += 1
    return NormalVariant(pos + shared, ref[shared:], alt[shared:], is_aligned, True)


def _shift_left(bases: Sequence, pos: int, unit: str) -> tuple[str, int, bool]:
    """Move what is inserted or deleted before `pos` left while the reference repeats it.

    Returns:
        The unit as it reads there; how far left the base before it, its anchor, lies of `pos`, 0
        where no such base is known; whether the reference was known as far as it was needed.
    """
    moved = 0
    while (held := bases.base(pos - 1 - moved)) is not None:
        moved += 1
        if held != unit[-1]:
            return unit, moved, True
        unit = held + unit[:-1]
    # The last base it moved over is needed as the anchor.
    return unit[1:] + unit[:1] if moved else unit, moved, pos - 1 - moved < 1
