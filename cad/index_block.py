"""The bytes of one block of the key index (`cad.index`): some tens of variants in one piece.

Little-endian, after decompression::

    variants n, strata w, count rows k, bytes of text, width of counts, of shortfalls  6 x u32
    position of each variant                                                           n x u32
    end of each variant's count rows                                                   n x u32
    greatest value in the block of 4 figures by w strata                              4w x i32
    count rows: stratum and six counts                                    7k x u8, u16 or u32
    how far each figure stays below the greatest                         4nw x u8, u16 or u32
    what flags are made of (`cad.flags.FLAG_FIELDS`), NaN where it is null   4 x n float64
    the words "REF ALT", one line a variant                                              UTF-8

Most denominators equal their stratum's greatest, so that shortfalls are mostly 0 and compress well,
while one variant is still read without touching the others.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cad.flags import FLAG_FIELDS

COUNT_FIELDS: Final = ("n_het", "n_hom", "n_hemi", "n_het_raw", "n_hom_raw", "n_hemi_raw")
DEPTH_FIELDS: Final = ("an", "an_raw", "persons", "assayed")

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Figures = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]

_HEADER: Final = struct.Struct("<6I")


class IndexRow(NamedTuple):
    """One variant of a base.

    Attributes:
        pos: position of the first reference base.
        ref: reference allele.
        alt: alternate allele.
        counts: one row per stratum with a raw count above 0, ascending: the stratum's number, then
            `COUNT_FIELDS`.
        flags: `cad.flags.FLAG_FIELDS`.
        depths: one row per figure of `DEPTH_FIELDS`; column k is stratum number k + 1. Strata
            beyond the last column have 0.
    """

    pos: int
    ref: str
    alt: str
    counts: Figures
    depths: Figures
    flags: Floats


def pack(
    pos: Ints, ends: Longs, rows: Ints, depths: Ints, flags: Floats, texts: list[str]
) -> bytes:
    """One block's bytes.

    Args:
        pos: position of each variant, ascending.
        ends: end of each variant's rows among `rows`.
        rows: count rows: stratum, then `COUNT_FIELDS`.
        depths: `DEPTH_FIELDS` x variant x stratum.
        flags: `FLAG_FIELDS` x variant.
        texts: "REF ALT" of each variant.
    """
    text = "\n".join(texts).encode()
    high = depths.max(axis=1)
    counts = _narrow(rows.astype(np.int64))
    short = _narrow((high[:, None, :] - depths).transpose(1, 0, 2).astype(np.int64))
    sizes = (len(pos), depths.shape[2], len(rows), len(text), counts.itemsize, short.itemsize)
    ints = (pos.astype("<u4"), ends.astype("<u4"), high.astype("<i4"))
    parts = (*ints, counts, short, flags.astype("<f8"))
    return b"".join((_HEADER.pack(*sizes), *(part.tobytes() for part in parts), text))


def _narrow(values: Longs) -> Figures:
    """The same numbers in the narrowest unsigned type that holds them."""
    high = int(values.max(initial=0))
    return values.astype("<u1" if high < 1 << 8 else "<u2" if high < 1 << 16 else "<u4")


@dataclass(frozen=True)
class Block:
    """A block's content, as views on its bytes."""

    pos: Figures
    ends: Figures
    high: Figures
    rows: Figures
    short: Figures
    flags: Floats
    text: bytes

    @classmethod
    def unpack(cls, data: bytes) -> Block:
        """Lay the views over a block's bytes."""
        n, width, k, text, count_width, short_width = _HEADER.unpack_from(data)
        at = _HEADER.size
        pos = np.frombuffer(data, "<u4", n, at)
        ends = np.frombuffer(data, "<u4", n, at + 4 * n)
        at += 8 * n
        high = np.frombuffer(data, "<i4", 4 * width, at).reshape(4, width)
        at += 16 * width
        rows = np.frombuffer(data, f"<u{count_width}", 7 * k, at).reshape(k, 7)
        at += 7 * k * count_width
        short = np.frombuffer(data, f"<u{short_width}", 4 * n * width, at).reshape(n, 4, width)
        at += 4 * n * width * short_width
        flags = np.frombuffer(data, "<f8", len(FLAG_FIELDS) * n, at).reshape(-1, n)
        at += flags.nbytes
        return cls(pos, ends, high, rows, short, flags, data[at : at + text])

    def may_hold(self, pos: int) -> bool:
        """Whether a position lies between those of the first and the last variant."""
        return bool(self.pos[0] <= pos <= self.pos[-1])

    def find(self, pos: int, ref: str, alt: str) -> IndexRow | None:
        """The variant, if it is here."""
        place = self.places.get((pos, f"{ref} {alt}"))
        return None if place is None else self._row(place, ref, alt)

    @cached_property
    def places(self) -> dict[tuple[int, str], int]:
        """Where each variant stands, by position and "REF ALT"."""
        keys = zip(self.pos.tolist(), self.text.decode().split("\n"), strict=True)
        return {key: place for place, key in enumerate(keys)}

    def figures(self, places: Sequence[int], strata: Longs) -> tuple[Longs, Longs]:
        """The figures of some variants in some strata.

        Args:
            places: of the variants, from `places`.
            strata: their numbers.

        Returns:
            Counts and denominators: variant x stratum x `COUNT_FIELDS` and `DEPTH_FIELDS`.
        """
        width = self.high.shape[1]
        depths = np.zeros((len(places), len(strata), len(DEPTH_FIELDS)), np.int64)
        inside = strata <= width
        columns = strata[inside] - 1
        below = self.high[:, columns] - self.short[places][:, :, columns]
        depths[:, inside] = below.transpose(0, 2, 1)
        return self._counts(strata)[places], depths

    def _counts(self, strata: Longs) -> Longs:
        """The counts of all variants in some strata."""
        numbers = self.rows[:, 0].astype(np.int64)
        columns = np.full(int(max(numbers.max(initial=0), strata.max(initial=0))) + 1, -1)
        columns[strata] = np.arange(len(strata))
        found = columns[numbers]
        is_asked = found >= 0
        owners = np.repeat(np.arange(len(self.pos)), np.diff(self.ends, prepend=0))
        counts = np.zeros((len(self.pos), len(strata), len(COUNT_FIELDS)), np.int64)
        counts[owners[is_asked], found[is_asked]] = self.rows[is_asked, 1:]
        return counts

    def alleles(self) -> list[list[str]]:
        """REF and ALT of each variant."""
        return [line.split(" ") for line in self.text.decode().split("\n")]

    def depths(self) -> Figures:
        """The denominators of all variants: variant x `DEPTH_FIELDS` x stratum."""
        return self.high - self.short

    def between(self, start: int, end: int) -> Iterator[IndexRow]:
        """The variants of some positions."""
        first, stop = np.searchsorted(self.pos, [start, end + 1]).tolist()
        for place, line in enumerate(self.text.decode().split("\n")[first:stop], start=first):
            ref, alt = line.split(" ")
            yield self._row(place, ref, alt)

    def _row(self, place: int, ref: str, alt: str) -> IndexRow:
        first = self.ends[place - 1] if place else 0
        counts = self.rows[first : self.ends[place]]
        depths = self.high - self.short[place]
        return IndexRow(int(self.pos[place]), ref, alt, counts, depths, self.flags[:, place])
