"""The sketch of a genome: the SNVs it carries at the first places of one order of all positions.

Positions are ordered by a fixed permutation of 32-bit numbers, so that any two samples are sketched
at the same places (bottom-k sketches; Cohen 1997, Broder 1997). Where two sketches both reach, they
tell what a comparison of all genotypes would, within sampling error, at 8 kB a sample.

An entry packs rank (32 bits), contig (5), REF (2), ALT (2) and whether it is homozygous (1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.door.thresholds import DoorThresholds

Sketch = NDArray[np.uint64]
"""Entries, ascending and therefore by rank."""

SIZE: Final = 1000
"""Most entries of a sketch: two genomes share about half of theirs."""
BANDS: Final = 16
SLOTS: Final = 8
"""Samples are compared if all of one band's slots agree, each with about one entry in 128: some
0.1 % of strangers, and all but one in 100 000 of repeated genomes that agree at 92 % of slots."""

MULTIPLIER: Final = 2_654_435_761
"""Odd, so that ``pos * MULTIPLIER mod 2**32`` permutes positions; 2**32 over the golden ratio, so
that low ranks are spread evenly (Knuth, The Art of Computer Programming 3, 6.4)."""
_INVERSE: Final = pow(MULTIPLIER, -1, 2**32)
_RANK_SHIFT: Final = np.uint64(10)
_CONTIG_SHIFT: Final = np.uint64(5)
_ONE: Final = np.uint64(1)
_WINDOW: Final = 1_000_000


@dataclass(frozen=True)
class Likeness:
    """What two samples have in common.

    Attributes:
        shared: SNVs that both carry.
        concordant: those of equal zygosity.
        smaller: SNVs of the one with fewer, within what both sketches reach.
        windows: megabases in which the shared ones lie.
    """

    shared: int
    concordant: int
    smaller: int
    windows: int

    def is_enough(self, limits: DoorThresholds) -> bool:
        """Whether anything can be said."""
        return self.shared >= limits.min_shared

    def is_same(self, limits: DoorThresholds) -> bool:
        """Whether the two are one genome."""
        return (
            self.is_enough(limits)
            and self.windows >= limits.min_windows
            and self.concordant >= limits.same_concordance * self.shared
            and self.shared >= limits.same_containment * self.smaller
        )

    def is_different(self, limits: DoorThresholds) -> bool:
        """Whether the two are two genomes."""
        return (
            self.is_enough(limits) and self.concordant < limits.different_concordance * self.shared
        )


def pack_entries(
    pos: NDArray[np.int64],
    contig: NDArray[np.int64],
    ref: NDArray[np.int64],
    alt: NDArray[np.int64],
    hom: NDArray[np.bool_],
) -> Sketch:
    """Entries of SNVs: contig 1-22, bases as places in ACGT."""
    rank = (pos * MULTIPLIER) & 0xFFFF_FFFF
    packed = rank << 10 | contig << 5 | ref << 3 | alt << 1 | hom
    return packed.astype(np.uint64)


def make_sketch(entries: Sketch) -> Sketch:
    """The sketch of a sample, of all its entries or of those of the lowest ranks, in any order."""
    # np.unique hashes first, which for so few takes longer than to sort them.
    ordered = np.sort(entries)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    sketch: Sketch = ordered[first][:SIZE]
    return sketch


def compare(one: Sketch, other: Sketch) -> Likeness:
    """Compare two samples as far as both sketches reach."""
    end = min(_reach(one), _reach(other))
    first, second = one[one < end], other[other < end]
    keys, at, there = np.intersect1d(
        first >> _ONE, second >> _ONE, assume_unique=True, return_indices=True
    )
    concordant = np.count_nonzero((first[at] ^ second[there]) & _ONE == 0)
    smaller = min(len(first), len(second))
    return Likeness(len(keys), int(concordant), smaller, len(windows(first[at])))


def _reach(sketch: Sketch) -> np.uint64:
    """The entry from which on the sketch may lack some: a full one was cut off there."""
    full = len(sketch) >= SIZE
    return (sketch[-1] >> _RANK_SHIFT) << _RANK_SHIFT if full else np.uint64(2**63)


def windows(entries: Sketch) -> NDArray[np.uint64]:
    """The megabases that entries lie in, each once; a rank gives its position back."""
    pos = ((entries >> _RANK_SHIFT) * np.uint64(_INVERSE)) & np.uint64(0xFFFF_FFFF)
    contig = (entries >> _CONTIG_SHIFT) & np.uint64(31)
    return np.unique(contig << np.uint64(32) | pos // np.uint64(_WINDOW))


def bands(sketch: Sketch) -> list[int]:
    """The bands of a sketch, as signed 64-bit numbers: one for each group of `SLOTS` slots.

    An entry belongs to the slot that its key is mixed to, and the lowest rank of a slot stands for
    it, so that a call lost to one of two samples of a genome changes one slot.
    """
    slot = (_mix(sketch >> _ONE) % np.uint64(BANDS * SLOTS)).astype(np.int64)
    lowest = np.zeros(BANDS * SLOTS, np.uint64)
    found, first = np.unique(slot, return_index=True)
    lowest[found] = sketch[first]
    groups = lowest.reshape(BANDS, SLOTS)
    value = np.arange(1, BANDS + 1, dtype=np.uint64)
    for column in groups.T:
        value = _mix(value ^ _mix(column))
    used = groups.any(axis=1)
    return [int(number) for number in value.astype(np.int64)[used]]


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = values + np.uint64(0x9E37_79B9_7F4A_7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return mixed ^ (mixed >> np.uint64(31))


def to_bytes(sketch: Sketch) -> bytes:
    """The sketch as the registry keeps it: little-endian, 8 bytes an entry."""
    return sketch.astype("<u8").tobytes()


def from_bytes(data: bytes) -> Sketch:
    """The sketch that `to_bytes` wrote."""
    return np.frombuffer(data, "<u8").astype(np.uint64)
