"""Counts as a file that two sides of a task can be compared by.

One line per variant and stratum: position, ref, alt, stratum, ac, an, tab separated, sorted.
Variants are trimmed, so that it does not matter how a tool writes records with several alternates.
Only variants with ac > 0 in some stratum stand there, but these with every stratum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

Key = tuple[int, str, str]
Counts = dict[Key, dict[str, tuple[int, int]]]
"""By variant, then stratum: ac and an."""


@dataclass(frozen=True)
class Digest:
    """What a file of counts holds.

    Attributes:
        lines: variants times strata.
        ac: sum of ac.
        an: sum of an.
        sha256: of the file.
    """

    lines: int
    ac: int
    an: int
    sha256: str


def trimmed(pos: int, ref: str, alt: str) -> Key:
    """A variant without the bases that ref and alt share, suffix first, one base kept.

    >>> trimmed(100, "CTT", "CGT")
    (101, 'T', 'G')
    """
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, ref, alt


def add_counts(counts: Counts, key: Key, found: Mapping[str, tuple[int, int]]) -> None:
    """Add what one record says of a variant: ac adds up over records, an is the largest."""
    known = counts.setdefault(key, {})
    for stratum, (ac, an) in found.items():
        ac_before, an_before = known.get(stratum, (0, 0))
        known[stratum] = ac + ac_before, max(an, an_before)


def write_counts(path: Path, counts: Counts) -> None:
    """Write counts, without the variants that nobody carries."""
    with path.open("w", encoding="utf-8") as file:
        for (pos, ref, alt), strata in sorted(counts.items()):
            if not any(ac for ac, _ in strata.values()):
                continue
            for stratum, (ac, an) in sorted(strata.items()):
                file.write(f"{pos}\t{ref}\t{alt}\t{stratum}\t{ac}\t{an}\n")


def digest(path: Path) -> Digest:
    """What a file of counts holds, in short."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines]
    return Digest(
        len(lines),
        sum(int(row[4]) for row in cells),
        sum(int(row[5]) for row in cells),
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def first_differences(one: Path, two: Path, limit: int = 5) -> list[str]:
    """Lines in which two files of counts differ, in short."""
    both = zip_longest(*(path.read_text(encoding="utf-8").splitlines() for path in (one, two)))
    return [f"{left!r} against {right!r}" for left, right in both if left != right][:limit]
