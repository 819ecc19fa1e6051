"""Calls to signed counts by variant and stratum, in one pass over rows sorted by variant."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Octets = NDArray[np.uint8]

FIGURES: Final = 6
"""n_het, n_hom, n_hemi, then the same raw."""


class Calls(NamedTuple):
    """Calls of a contig, those of a variant next to each other in the order of `order`.

    `key` numbers the variants; row `order[i]` is the i-th.
    """

    order: Longs
    key: Longs
    pos: Ints
    sample: Ints
    dosage: Octets


class Profiles(NamedTuple):
    """How samples count: persons of the same strata share a profile.

    A sample has the entries `first[sample]` to `first[sample + 1]` of `sex` and `profile`; profile
    p has the slots `slot[p]` to `slot[p + 1]` of `stratum` and `times`.
    """

    first: Longs
    sex: Octets
    profile: Ints
    slot: Longs
    stratum: Ints
    times: Ints


class Regions(NamedTuple):
    """Where the region classes of a contig begin, and which half of a dosage counts by sex."""

    start: Longs
    region: Octets
    copies: Octets


class Counts(NamedTuple):
    """One row per variant and stratum with a count: a row of the calls to tell which variant."""

    row: Longs
    stratum: Ints
    value: Ints


class _Sums(NamedTuple):
    """Figures of some numbers, and which of them have been met; all 0 between two variants."""

    value: Ints
    met: Octets
    listed: Ints


@njit(cache=True, nogil=True)
def count_calls(calls: Calls, profiles: Profiles, regions: Regions, n_strata: int) -> Counts:
    """Count the calls of each variant, in each stratum of the samples; strata below `n_strata`.

    Carriers are counted by profile first: a common variant has many of them, and few profiles.
    """
    by_profile, by_stratum = _sums(len(profiles.slot) - 1), _sums(n_strata)
    out = _room(4096)
    filled, at = 0, 0
    while at < len(calls.order):
        head = calls.order[at]
        region = regions.region[np.searchsorted(regions.start, calls.pos[head], "right") - 1]
        copies = regions.copies[region]
        met = 0
        while at < len(calls.order) and calls.key[calls.order[at]] == calls.key[head]:
            met = _add_call(calls, calls.order[at], profiles, copies, by_profile, met)
            at += 1
        met = _spread(profiles, by_profile, met, by_stratum)
        if filled + met > len(out.row):
            grown = _room(2 * (filled + met))
            grown.row[:filled], grown.stratum[:filled] = out.row[:filled], out.stratum[:filled]
            grown.value[:filled] = out.value[:filled]
            out = grown
        for place in range(met):
            number = by_stratum.listed[place]
            out.row[filled], out.stratum[filled] = head, number
            out.value[filled] = by_stratum.value[number]
            by_stratum.met[number] = 0
            by_stratum.value[number] = 0
            filled += 1
    return Counts(out.row[:filled], out.stratum[:filled], out.value[:filled])


@njit(cache=True, nogil=True)
def _add_call(
    calls: Calls, call: int, profiles: Profiles, copies: Octets, sums: _Sums, met: int
) -> int:
    """Add a call to the profiles of its sample; returns how many have been met."""
    sample, dosage = calls.sample[call], calls.dosage[call]
    if sample + 1 >= len(profiles.first):
        return met
    for entry in range(profiles.first[sample], profiles.first[sample + 1]):
        passing, raw = -1, -1
        if copies[profiles.sex[entry]] == 2:
            passing, raw = (dosage & 3) - 1, (dosage >> 2 & 3) - 1
        elif copies[profiles.sex[entry]] == 1:
            passing, raw = 3 * (dosage >> 4 & 1) - 1, 3 * (dosage >> 5 & 1) - 1
        profile = profiles.profile[entry]
        met = _meet(sums, profile, met)
        if passing >= 0:
            sums.value[profile, passing] += 1
        if raw >= 0:
            sums.value[profile, 3 + raw] += 1
    return met


@njit(cache=True, nogil=True)
def _spread(profiles: Profiles, by_profile: _Sums, met: int, by_stratum: _Sums) -> int:
    """Move the sums of profiles to their strata; returns how many strata were met."""
    strata = 0
    for place in range(met):
        profile = by_profile.listed[place]
        for slot in range(profiles.slot[profile], profiles.slot[profile + 1]):
            number = profiles.stratum[slot]
            strata = _meet(by_stratum, number, strata)
            for figure in range(FIGURES):
                by_stratum.value[number, figure] += (
                    profiles.times[slot] * by_profile.value[profile, figure]
                )
        by_profile.met[profile] = 0
        by_profile.value[profile] = 0
    return strata


@njit(cache=True, nogil=True)
def _meet(sums: _Sums, number: int, met: int) -> int:
    if sums.met[number]:
        return met
    sums.met[number] = 1
    sums.listed[met] = number
    return met + 1


@njit(cache=True, nogil=True)
def _sums(size: int) -> _Sums:
    return _Sums(
        np.zeros((size, FIGURES), np.int32), np.zeros(size, np.uint8), np.empty(size, np.int32)
    )


@njit(cache=True, nogil=True)
def _room(rows: int) -> Counts:
    return Counts(
        np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty((rows, FIGURES), np.int32)
    )
