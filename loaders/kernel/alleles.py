"""Alternate alleles: what kind each is, and the normalised form of those that are variants.

Normalisation follows Tan, Abecasis and Kang (2015), as `bcftools norm` does: drop the shared suffix, borrowing bases from the
reference on the left when an allele runs out, then drop the shared prefix; one base is kept. Multi-nucleotide variants stay whole.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel.numbers import upper
from loaders.kernel.words import ANY_OTHER, BAD, KEYED, OUT_OF_SCOPE, STAR

Bytes = NDArray[np.uint8]


@njit(cache=True, nogil=True)
def is_acgt(byte: int) -> bool:
    """Whether an upper-case byte is one of A, C, G, T."""
    return byte == 65 or byte == 67 or byte == 71 or byte == 84


@njit(cache=True, nogil=True)
def is_iupac(text: Bytes, start: int, stop: int) -> bool:
    """Whether all letters are IUPAC nucleotide codes, in either case, and there is at least one."""
    for at in range(start, stop):
        byte = upper(text[at])
        if not (
            is_acgt(byte) or byte == 78 or byte == 82 or byte == 89 or byte == 83 or byte == 87
            or byte == 75 or byte == 77 or byte == 66 or byte == 68 or byte == 72 or byte == 86
        ):  # fmt: skip
            return False
    return stop > start


@njit(cache=True, nogil=True)
def alt_category(text: Bytes, start: int, stop: int, ref_start: int, ref_stop: int) -> int:
    """The kind of one ALT: keyed, ``*``, any other allele, out of scope (symbolic, breakend) or bad."""
    length = stop - start
    if length == 0:
        return BAD
    first = text[start]
    if length == 1 and (first == 42 or first == 46):
        return STAR if first == 42 else ANY_OTHER
    if first == 60:
        return _symbol_category(text, start, stop)
    for at in range(start, stop):
        if text[at] == 91 or text[at] == 93:
            return OUT_OF_SCOPE
    if first == 46 or text[stop - 1] == 46:
        return OUT_OF_SCOPE
    same = length == ref_stop - ref_start
    for step in range(length):
        byte = upper(text[start + step])
        if not (is_acgt(byte) or byte == 78):
            return BAD
        if same and byte != upper(text[ref_start + step]):
            same = False
    return BAD if same else KEYED


@njit(cache=True, nogil=True)
def _symbol_category(text: Bytes, start: int, stop: int) -> int:
    """``<NON_REF>``, ``<*>`` and ``<X>`` stand for any other allele; other symbols are out of scope."""
    length = stop - start
    if text[stop - 1] != 62 or length < 3:
        return BAD
    if length == 3 and (text[start + 1] == 42 or text[start + 1] == 88):
        return ANY_OTHER
    non_ref = (60, 78, 79, 78, 95, 82, 69, 70, 62)
    if length == 9:
        for step in range(9):
            if text[start + step] != non_ref[step]:
                return OUT_OF_SCOPE
        return ANY_OTHER
    return OUT_OF_SCOPE


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
) -> tuple[int, int, int, int, bool]:
    """Normalise one allele; its upper-case REF and ALT go to the arena at `room`.

    Returns:
        The normalised position, the lengths of REF and ALT, the next free byte of the arena, and whether an indel met a
        position that the reference does not cover (so that it may not be left-aligned).
    """
    ref_length, alt_length = ref_stop - ref_start, alt_stop - alt_start
    shared = min(ref_length, alt_length)
    suffix = 0
    while suffix < shared and upper(text[ref_stop - 1 - suffix]) == upper(text[alt_stop - 1 - suffix]):
        suffix += 1
    borrowed = 0
    uncovered = False
    if suffix == shared and ref_length != alt_length:
        # One allele is used up: it is a pure insertion or deletion of what is left of the longer one.
        longer, longer_start = (ref_length, ref_start) if ref_length > alt_length else (alt_length, alt_start)
        unit = longer - suffix
        borrowed, uncovered = _shift_left(text, longer_start, unit, pos, bases, bases_start)
        if borrowed == 0:
            suffix -= 1
        else:
            return _write_shifted(
                text, longer_start, unit, borrowed, pos, bases, bases_start, arena, room,
                ref_length > alt_length, uncovered,
            )  # fmt: skip
    elif suffix == shared:
        suffix -= 1
    left_ref, left_alt = ref_length - suffix, alt_length - suffix
    prefix = 0
    while (
        prefix < min(left_ref, left_alt) - 1
        and upper(text[ref_start + prefix]) == upper(text[alt_start + prefix])
    ):
        prefix += 1
    for step in range(prefix, left_ref):
        arena[room + step - prefix] = upper(text[ref_start + step])
    next_room = room + left_ref - prefix
    for step in range(prefix, left_alt):
        arena[next_room + step - prefix] = upper(text[alt_start + step])
    return pos + prefix, left_ref - prefix, left_alt - prefix, next_room + left_alt - prefix, uncovered


@njit(cache=True, nogil=True)
def _shift_left(
    text: Bytes, start: int, unit: int, pos: int, bases: Bytes, bases_start: int
) -> tuple[int, bool]:
    """How many bases to the left of `pos` an inserted or deleted unit can take along, and whether the reference ended.

    The unit stands before `pos` as if all shared sequence were gone. It moves one base left while the base
    before it equals its last base; one base more is always needed as the anchor.
    """
    at = pos - 1
    moved = 0
    while True:
        index = at - bases_start
        if at < 1 or index < 0 or index >= len(bases) or bases[index] == 0:
            return moved, at >= 1
        moved += 1
        if moved <= unit:
            last = upper(text[start + unit - moved])
        else:
            last = bases[pos - (moved - unit) - bases_start]
        if bases[index] != last:
            return moved, False
        at -= 1


@njit(cache=True, nogil=True)
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
    uncovered: bool,
) -> tuple[int, int, int, int, bool]:
    """Write the anchor base alone for the shorter allele, and the anchor with the moved unit for the longer."""
    new_pos = pos - borrowed
    anchor = bases[new_pos - bases_start]
    at = room
    for side in range(2):
        arena[at] = anchor
        at += 1
        if (side == 0) == deletion:
            for step in range(unit):
                # Read the sequence [borrowed bases][unit] from the anchor on.
                index = 1 + step
                if index < borrowed:
                    arena[at] = bases[new_pos + index - bases_start]
                else:
                    arena[at] = upper(text[start + index - borrowed])
                at += 1
    ref_length = 1 + unit if deletion else 1
    alt_length = 1 if deletion else 1 + unit
    return new_pos, ref_length, alt_length, at, uncovered
