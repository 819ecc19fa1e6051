"""Lines of a VCF as positions in their bytes: where each column and each alternate stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loaders.sites.alleles import Written
from schemas.errors import BadQuestion

Longs = NDArray[np.int64]

_NEWLINE, _TAB, _COMMA, _RETURN, _ZERO = b"\n\t,\r0"
_COLUMNS_BEFORE_INFO: Final = 7
_MAX_DIGITS: Final = 10


@dataclass(frozen=True)
class Lines:
    """A block of whole data lines.

    Attributes:
        text: the bytes, which end with a newline.
        start: where each line begins.
        info: where its INFO column begins.
        info_end: one past INFO's last byte.
        tabs: where each of the first eight columns ends: line x column.
        contigs: name and number of lines of each run of lines on one contig.
        pos: POS of each line.
        first: the first of each line's alternates among all, and one past the last of all.
        ref: first and one past the last byte of each line's REF.
        alt: likewise of each alternate.
    """

    text: bytes
    start: Longs
    info: Longs
    info_end: Longs
    tabs: Longs
    contigs: list[tuple[bytes, int]]
    pos: Longs
    first: Longs
    ref: tuple[Longs, Longs]
    alt: tuple[Longs, Longs]

    @classmethod
    def parse(cls, text: bytes, number: int, name: str) -> Lines:
        """Find the columns of a block that begins with line `number` of a file.

        Raises:
            BadQuestion: `line_malformed`, `pos_unusable`, with the line.
        """
        octets = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero(octets == _NEWLINE)
        start = np.concatenate([[0], ends[:-1] + 1])
        tabs = _columns(octets, start, ends, number, name)
        contigs = _contigs(text, octets, start, tabs[:, 0])
        pos = _numbers(octets, tabs[:, 0] + 1, tabs[:, 1], number, name)
        first, alt = _alternates(octets, tabs[:, 3] + 1, tabs[:, 4])
        # Where no column follows INFO, a carriage return may.
        bare = (tabs[:, 7] == ends) & (octets[ends - 1] == _RETURN)
        ref = tabs[:, 2] + 1, tabs[:, 3]
        info = tabs[:, 6] + 1, tabs[:, 7] - bare
        return cls(text, start, *info, tabs, contigs, pos, first, ref, alt)

    def __len__(self) -> int:
        return len(self.start)

    def runs(self) -> Iterator[tuple[bytes, slice]]:
        """Each run of lines on one contig, in order: its name, and which lines."""
        begin = 0
        for chrom, count in self.contigs:
            yield chrom, slice(begin, begin + count)
            begin += count

    def written(self, lines: slice) -> Written:
        """The alternates of some lines."""
        rows = slice(int(self.first[lines.start]), int(self.first[lines.stop]))
        line = np.repeat(np.arange(lines.start, lines.stop), np.diff(self.first)[lines])
        ref, ref_end = (edge[line] for edge in self.ref)
        alt, alt_end = (edge[rows] for edge in self.alt)
        octets = np.frombuffer(self.text, np.uint8)
        single_ref, single_alt = ref_end - ref == 1, alt_end - alt == 1
        # A single base beside a longer allele is told with it, as text.
        is_plain = single_ref & single_alt
        edges = np.stack([ref, ref_end, alt, alt_end])
        longer = np.flatnonzero(~is_plain)
        return Written(
            self.pos[line],
            np.where(is_plain, octets[ref], 0).astype(np.uint8),
            np.where(is_plain, octets[alt], 0).astype(np.uint8),
            {
                row: (self.text[a:b], self.text[c:d])
                for row, (a, b, c, d) in zip(
                    longer.tolist(), edges[:, longer].T.tolist(), strict=True
                )
            },
        )


def _contigs(
    text: bytes, octets: NDArray[np.uint8], start: Longs, end: Longs
) -> list[tuple[bytes, int]]:
    """Name and number of lines of each run of lines on one contig."""
    width = end - start
    differs = np.ones(len(start), bool)
    differs[1:] = width[1:] != width[:-1]
    # Where widths are alike letters are compared, one place after the other.
    for place in range(int(width.max(initial=0))):
        letter = octets[np.minimum(start + place, end - 1)]
        differs[1:] |= letter[1:] != letter[:-1]
    first = np.flatnonzero(differs)
    counts = np.diff(first, append=len(start)).tolist()
    edges = zip(start[first].tolist(), end[first].tolist(), strict=True)
    return [(text[a:b], count) for (a, b), count in zip(edges, counts, strict=True)]


def _columns(octets: NDArray[np.uint8], start: Longs, ends: Longs, number: int, name: str) -> Longs:
    """Where each line's first eight columns end: line x column."""
    tabs = np.flatnonzero(octets == _TAB)
    first = np.searchsorted(tabs, start)
    # Of a line without further columns the eighth ends with the line.
    known = np.concatenate([tabs, np.full(_COLUMNS_BEFORE_INFO + 1, len(octets))])
    found: Longs = known[first[:, None] + np.arange(_COLUMNS_BEFORE_INFO + 1)]
    short = np.flatnonzero(found[:, _COLUMNS_BEFORE_INFO - 1] >= ends)
    if len(short):
        raise _malformed("line_malformed", "fewer than eight columns", name, number, short)
    found[:, _COLUMNS_BEFORE_INFO] = np.minimum(found[:, _COLUMNS_BEFORE_INFO], ends)
    return found


def _numbers(octets: NDArray[np.uint8], start: Longs, end: Longs, number: int, name: str) -> Longs:
    """The whole numbers written from `start` to before `end`."""
    width = end - start
    values = np.zeros(len(start), np.int64)
    is_bad = (width < 1) | (width > _MAX_DIGITS)
    for place in range(min(int(width.max(initial=0)), _MAX_DIGITS)):
        inside = place < width
        digit = octets[np.where(inside, start + place, 0)].astype(np.int64) - _ZERO
        is_bad |= inside & ((digit < 0) | (digit > 9))
        values = np.where(inside, values * 10 + digit, values)
    bad = np.flatnonzero(is_bad)
    if len(bad):
        raise _malformed("pos_unusable", "POS is not a whole number", name, number, bad)
    return values


def _alternates(
    octets: NDArray[np.uint8], start: Longs, end: Longs
) -> tuple[Longs, tuple[Longs, Longs]]:
    """The alternates of each line's ALT, which stands from `start` to before `end`."""
    commas = np.flatnonzero(octets == _COMMA)
    before, after = np.searchsorted(commas, start), np.searchsorted(commas, end)
    first = np.concatenate([[0], np.cumsum(after - before + 1)])
    begins, ends = np.empty(first[-1], np.int64), np.empty(first[-1], np.int64)
    begins[first[:-1]], ends[first[1:] - 1] = start, end
    inner = np.ones(first[-1], bool)
    inner[first[:-1]] = False
    line = np.repeat(np.arange(len(start)), np.diff(first))[inner]
    comma = commas[before[line] + np.flatnonzero(inner) - first[line] - 1]
    begins[inner] = comma + 1
    ends[np.flatnonzero(inner) - 1] = comma
    return first, (begins, ends)


def _malformed(
    reason: str, detail: str, name: str, number: int, lines: NDArray[Any]
) -> BadQuestion:
    return BadQuestion(reason, detail, f"{name}, line {number + int(lines[0])}")
