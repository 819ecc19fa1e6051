"""Alternate alleles: what kind each is, and the normalised form of those that are variants.

Normalisation follows Tan, Abecasis and Kang (2015), as `bcftools norm` does: drop the shared
suffix, borrowing bases from the reference on the left when an allele runs out, then drop the shared
prefix; one base is kept. Multi-nucleotide variants stay whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.jit import compiled, inlined, inner, load_word
from loaders.kernel.numbers import packed, upper

Bytes = NDArray[np.uint8]

_NON_RE = int.from_bytes(b"<NON_REF", "little")
_STAR_SYMBOL, _X_SYMBOL = packed(b"<*>"), packed(b"<X>")


@inlined
def is_acgt(byte: int) -> bool:
    """Whether an upper-case byte is one of A, C, G, T."""
    return byte == 65 or byte == 67 or byte == 71 or byte == 84


@inlined
def is_iupac(text: Bytes, start: int, stop: int) -> bool:
    """Whether all letters are IUPAC nucleotide codes, in either case, and there is at least one."""
    for at in range(start, stop):
        byte = upper(text[at])
        if not (
            is_acgt(byte)
            or byte == 78
            or byte == 82
            or byte == 89
            or byte == 83
            or byte == 87
            or byte == 75
            or byte == 77
            or byte == 66
            or byte == 68
            or byte == 72
            or byte == 86
        ):
            return False
    return stop > start


@inlined
def alt_category(text: Bytes, start: int, stop: int, ref_start: int, ref_stop: int) -> int:
    """The kind of an ALT: keyed, ``*``, any other, out of scope (symbolic, breakend) or bad."""
    length = stop - start
    if length == 0:
        return w.BAD
    first = text[start]
    if length == 1 and (first == 42 or first == 46):
        return w.STAR if first == 42 else w.ANY_OTHER
    if first == 60:
        return _symbol_category(text, start, stop)
    return _sequence_category(text, start, stop, ref_start, ref_stop)


@inlined
def _symbol_category(text: Bytes, start: int, stop: int) -> int:
    """``<NON_REF>``, ``<*>``, ``<X>`` are any other allele; other symbols are out of scope."""
    length = stop - start
    if text[stop - 1] != 62 or length < 3:
        return w.BAD
    word = load_word(text, start)
    if length == 3 and ((word & 0xFFFFFF) == _STAR_SYMBOL or (word & 0xFFFFFF) == _X_SYMBOL):
        return w.ANY_OTHER
    return w.ANY_OTHER if length == 9 and word == _NON_RE else w.OUT_OF_SCOPE


@inlined
def _sequence_category(text: Bytes, start: int, stop: int, ref_start: int, ref_stop: int) -> int:
    """A sequence of A, C, G, T, N other than REF, else a breakend, else bad."""
    same = stop - start == ref_stop - ref_start
    good = True
    for step in range(stop - start):
        byte = upper(text[start + step])
        if byte == 91 or byte == 93:
            return w.OUT_OF_SCOPE
        good = good and (is_acgt(byte) or byte == 78)
        same = same and byte == upper(text[ref_start + step])
    if text[start] == 46 or text[stop - 1] == 46:
        return w.OUT_OF_SCOPE
    return w.KEYED if good and not same else w.BAD


@inlined
def ref_disagrees(
    text: Bytes, start: int, stop: int, pos: int, bases: Bytes, bases_start: int
) -> bool:
    """Whether REF differs from the reference anywhere both are one of A, C, G, T."""
    for step in range(stop - start):
        at = pos + step - bases_start
        if 0 <= at < len(bases):
            ours = upper(text[start + step])
            theirs = bases[at]
            if ours != theirs and is_acgt(ours) and is_acgt(theirs):
                return True
    return False


@compiled
def normalise(
    text: Bytes,
    ref_start: int,
    ref_stop: int,
    alt_start: int,
    alt_stop: int,
    pos: int,
    bases: Bytes,
    bases_start: int,
    arena: Bytes,
    room: int,
) -> tuple[int, int, int, bool]:
    """Normalise one allele; its upper-case REF and its ALT go to the arena, back to back.

    Returns:
        The normalised position, the lengths of REF and ALT, and whether an indel met a position
        that the reference does not cover (so that it may not be left-aligned).
    """
    ref_length, alt_length = ref_stop - ref_start, alt_stop - alt_start
    shared = min(ref_length, alt_length)
    suffix = 0
    while suffix < shared and upper(text[ref_stop - 1 - suffix]) == upper(
        text[alt_stop - 1 - suffix]
    ):
        suffix += 1
    uncovered = False
    if suffix == shared:
        # One allele is used up: it is a pure insertion or deletion of what is left of the longer
        # one.
        deletion = ref_length > alt_length
        unit = (ref_length if deletion else alt_length) - suffix
        unit_start = ref_start if deletion else alt_start
        borrowed, uncovered = _shift_left(
            text, unit_start, unit, pos, unit + 1 if deletion else 1, bases, bases_start
        )
        if borrowed > 0:
            _write_shifted(
                text, unit_start, unit, borrowed, pos, bases, bases_start, arena, room, deletion
            )
            return (
                pos - borrowed,
                1 + unit if deletion else 1,
                1 if deletion else 1 + unit,
                uncovered,
            )
        suffix -= 1
    left_ref, left_alt = ref_length - suffix, alt_length - suffix
    prefix = 0
    while prefix < min(left_ref, left_alt) - 1 and upper(text[ref_start + prefix]) == upper(
        text[alt_start + prefix]
    ):
        prefix += 1
    for step in range(prefix, left_ref):
        arena[room + step - prefix] = upper(text[ref_start + step])
    next_room = room + left_ref - prefix
    for step in range(prefix, left_alt):
        arena[next_room + step - prefix] = upper(text[alt_start + step])
    return pos + prefix, left_ref - prefix, left_alt - prefix, uncovered


@inner
def _shift_left(
    text: Bytes, start: int, unit: int, pos: int, span: int, bases: Bytes, bases_start: int
) -> tuple[int, bool]:
    """How far left of `pos` an inserted or deleted unit moves, and whether the reference ended.

    The unit stands before `pos` as if all shared sequence were gone. It moves one base left while
    the base before it equals its last base; one base more is always needed as the anchor. Nothing
    moves unless the reference covers the trimmed REF, `span` bases from `pos` on.
    """
    for index in range(pos - bases_start, pos - bases_start + span):
        if index < 0 or index >= len(bases) or bases[index] == 0:
            return 0, True
    at = pos - 1
    moved = 0
    while True:
        index = at - bases_start
        if at < 1 or index < 0 or bases[index] == 0:
            return moved, at >= 1
        moved += 1
        if moved <= unit:
            last = upper(text[start + unit - moved])
        else:
            last = bases[pos - (moved - unit) - bases_start]
        if bases[index] != last:
            return moved, False
        at -= 1


@inner
def _write_shifted(
    text: Bytes,
    start: int,
    unit: int,
    borrowed: int,
    pos: int,
    bases: Bytes,
    bases_start: int,
    arena: Bytes,
    room: int,
    deletion: bool,
) -> None:
    """Write the anchor for the shorter allele, the anchor and the moved unit for the longer."""
    anchor = pos - borrowed - bases_start
    at = room
    for is_ref in (True, False):
        arena[at] = bases[anchor]
        at += 1
        if is_ref == deletion:
            for step in range(1, unit + 1):
                # Read the sequence [borrowed bases][unit] from the anchor on.
                if step < borrowed:
                    arena[at] = bases[anchor + step]
                else:
                    arena[at] = upper(text[start + step - borrowed])
                at += 1
