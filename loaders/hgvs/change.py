"""What a variant changes, without anchor base, and as far towards one end as it may be written."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from loaders.reference import Sequence


class Change(NamedTuple):
    """Bases `ref` from `start` on become `alt`; either may be empty.

    An insertion stands before the base at `start`.
    """

    start: int
    ref: str
    alt: str

    @property
    def end(self) -> int:
        """Last position that is replaced; ``start - 1`` for an insertion."""
        return self.start + len(self.ref) - 1


def change_of(pos: int, ref: str, alt: str) -> Change:
    """A variant without the bases that both alleles share at their ends.

    >>> change_of(100, "CAG", "CG")
    Change(start=101, ref='A', alt='')
    """
    shortest = min(len(ref), len(alt))
    shared = 0
    while shared < shortest and ref[shared] == alt[shared]:
        shared += 1
    pos, ref, alt, shortest = pos + shared, ref[shared:], alt[shared:], shortest - shared
    shared = 0
    while shared < shortest and ref[-1 - shared] == alt[-1 - shared]:
        shared += 1
    return Change(pos, ref[: len(ref) - shared], alt[: len(alt) - shared])


@lru_cache(maxsize=256)
def written_on(bases: Sequence, pos: int, ref: str, alt: str, *, forward: bool) -> Change:
    """A variant as a name read in one direction writes it: all transcripts of a strand share it."""
    return shifted(change_of(pos, ref, alt), bases, forward=forward)


def shifted(change: Change, bases: Sequence, *, forward: bool) -> Change:
    """An insertion or deletion moved as far as the reference repeats it, anything else as it is.

    `forward` is towards higher positions.
    """
    start, ref, alt = change
    if bool(ref) == bool(alt):
        return change
    unit = ref or alt
    while True:
        at = start + len(ref) if forward else start - 1
        held = bases.base(at)
        if held is None or held != (unit[0] if forward else unit[-1]):
            break
        unit = unit[1:] + held if forward else held + unit[:-1]
        start += 1 if forward else -1
    return Change(start, unit, "") if ref else Change(start, "", unit)
