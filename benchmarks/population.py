"""Simulated people whose variants look like a cohort's: some common and shared, many rare.

Each haplotype is a mosaic of founder haplotypes, so that near sites are correlated, which is what
BCF, pgen and Parquet compress. Common sites have the 1/x spectrum of a constant population among
the founders; the rest are carried by a few haplotypes, as growth leaves them. No tree is simulated:
no benchmark depends on one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Alleles = NDArray[np.int8]
"""Allele numbers, one row per site and one column per haplotype; -1 where the call is missing."""

FIRST: Final = 10_000_001
LENGTH: Final = 10_000_000
"""The simulated stretch: one 10 Mb bin, position 1-based."""

_FOUNDERS: Final = 60
_WINDOW: Final = 20_000
_SWITCH: Final = 0.1
_BLOCK: Final = 1_000
_BASES: Final = np.frombuffer(b"ACGT", np.uint8)


@dataclass(frozen=True)
class Site:
    """One record: position (1-based), reference and alternate alleles, all padded by one base."""

    pos: int
    ref: str
    alts: tuple[str, ...]


class Population:
    """People of one seed: the same for the same arguments, on every machine.

    Args:
        seed: which people.
        people: how many.
        sites: at how many positions they vary, at most one record each.
        common: the share of sites whose variant the founders carried.
        missing: the share of calls that are missing, at a tenth of the sites.
    """

    def __init__(
        self, seed: int, people: int, sites: int, *, common: float, missing: float = 0.0
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._haplotypes = 2 * people
        self._missing = missing
        self._reference = _BASES[self._random.integers(0, 4, LENGTH)]
        places = self._random.choice(LENGTH - 20, sites, replace=False)
        self._places = np.sort(places).astype(np.int64)
        self._is_common = self._random.random(sites) < common
        self._founder_of = self._mosaic()

    def blocks(self) -> Iterator[tuple[list[Site], Alleles]]:
        """Sites in order, some at a time, with everybody's alleles; to be consumed once."""
        for start in range(0, len(self._places), _BLOCK):
            places = self._places[start : start + _BLOCK]
            common = self._is_common[start : start + _BLOCK]
            drawn = [self._draw(int(at), bool(how)) for at, how in zip(places, common, strict=True)]
            yield [site for site, _ in drawn], np.stack([alleles for _, alleles in drawn])

    def _mosaic(self) -> NDArray[np.int64]:
        """Which founder each haplotype copies, by window."""
        windows = LENGTH // _WINDOW + 1
        drawn = self._random.integers(0, _FOUNDERS, (windows, self._haplotypes))
        switches = self._random.random((windows, self._haplotypes)) < _SWITCH
        switches[0] = True
        since = np.where(switches, np.arange(windows)[:, None], 0)
        rows = np.maximum.accumulate(since, axis=0)
        return np.take_along_axis(drawn, rows, axis=0)

    def _draw(self, place: int, common: bool) -> tuple[Site, Alleles]:
        site = self._site(place, common)
        alleles = self._of_founders(place, len(site.alts)) if common else self._of_few()
        if self._missing and self._random.random() < 0.1:
            lost = self._random.random(self._haplotypes // 2) < self._missing
            alleles[np.repeat(lost, 2)] = -1
        return site, alleles

    def _site(self, place: int, common: bool) -> Site:
        """88 % single bases (some of them with two alternates), deletions and insertions."""
        base = chr(self._reference[place])
        others = [other for other in "ACGT" if other != base]
        self._random.shuffle(others)
        kind = self._random.random()
        size = int(self._random.geometric(0.4))
        if kind < 0.06:
            text = self._reference[place : place + 1 + min(size, 15)].tobytes().decode()
            return Site(FIRST + place, text, (base,))
        if kind < 0.12:
            more = _BASES[self._random.integers(0, 4, size)].tobytes().decode()
            return Site(FIRST + place, base, (base + more,))
        return Site(FIRST + place, base, tuple(others[: 2 if common and kind > 0.97 else 1]))

    def _of_founders(self, place: int, alts: int) -> Alleles:
        carriers = int((_FOUNDERS - 1) ** self._random.random())
        allele = np.zeros(_FOUNDERS, np.int8)
        carrying = self._random.permutation(_FOUNDERS)[: max(carriers, alts)]
        allele[carrying] = 1 + np.arange(len(carrying)) % alts
        carried: Alleles = allele[self._founder_of[place // _WINDOW]]
        return carried

    def _of_few(self) -> Alleles:
        alleles = np.zeros(self._haplotypes, np.int8)
        carriers = min(int(self._random.geometric(0.5)), self._haplotypes)
        alleles[self._random.integers(0, self._haplotypes, carriers)] = 1
        return alleles
