"""Whether strata of which the denominators are shown could still exchange what is hidden of them.

Who sees that 300 of 302 alleles of two hidden strata are carried, and that one of them has 10
alleles, knows that it carries at least 8. Hidden counts stay free only where one stratum could give
all it has to another, and could itself hold as much as must not be known of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cad.disclosure.layout import Places
from cad.disclosure.tables import Counts, Flags, Longs
from cad.disclosure.widen import Needs
from schemas.contigs import RegionClass


class Tiers(NamedTuple):
    """What is hidden: by variant and stratum counts and denominators, by variant the rest."""

    counts: Flags
    depth: Flags
    forms: Flags
    persons: Flags


class Load(NamedTuple):
    """What strata hold, and what they have room for: variant x stratum each."""

    carriers: Longs
    ac: Longs
    n_hom: Longs
    n_hemi: Longs
    ac_raw: Longs

    def fits(self, room: Load) -> Flags:
        """Where all of it has room."""
        fits: Flags = np.logical_and.reduce(
            [own <= free for own, free in zip(self, room, strict=True)]
        )
        return fits


def is_roomy(
    table: Counts,
    at: int,
    places: Places,
    counts_of: Flags,
    hidden: Tiers,
    region: RegionClass,
    needs: Needs,
) -> Flags:
    """By variant: whether each hidden stratum may be empty, and may hold enough, for all one knows.

    Args:
        table: the figures of a purpose.
        at: its number among those of `needs`.
        places: strata that exchange what is hidden of them.
        counts_of: variant x stratum, whose counts are hidden here.
        hidden: what is hidden.
        region: that the variants lie in.
        needs: what must not be known.
    """
    forms = hidden.forms
    depth = hidden.depth
    own = counts_of[:, places] & table.present[places]
    blind = depth[:, places] & own
    seen = own & ~blind
    told = {name: values[:, places] for name, values in table.figures.items()}
    load, capacity = _load(told), _capacity(told, region, forms)
    room = Load(*(most - held for most, held in zip(capacity, load, strict=True)))
    is_empty_able = _may_give(load, room, own, seen)
    may_hold = _may_hold(told, capacity, own, needs.least[at], forms)
    roomy = np.asarray((~seen | (is_empty_able & may_hold)).all(axis=1), bool)
    return roomy & _blind_roomy(told, load, room, blind, seen, needs.least[at], region, forms)


def most_of(table: Counts, region: RegionClass) -> dict[str, Longs]:
    """The most that denominators allow of each figure but n_het, variant x stratum."""
    most = _capacity(dict(table.figures), region, np.zeros(len(table.carriers), bool))
    return {"ac": most.ac, "n_hom": most.n_hom, "n_hemi": most.n_hemi, "ac_raw": most.ac_raw}


def rest_holds(
    table: Counts, whole: int, shown: Places, is_shown: Flags, region: RegionClass, least: Longs
) -> Flags:
    """By variant: whether what a stratum has beside its cells that are shown could hold enough.

    Args:
        table: the figures of a purpose.
        whole: the stratum.
        shown: its cells.
        is_shown: variant x cell.
        region: that the variants lie in.
        least: figure x variant, what must not be known of a hidden count.
    """
    told = {
        name: values[:, [whole]] - (values[:, shown] * is_shown).sum(axis=1, keepdims=True)
        for name, values in table.figures.items()
    }
    room = _capacity(told, region, np.zeros(len(is_shown), bool))
    most = np.stack([room.ac, told["persons"], room.n_hom, room.n_hemi, room.ac_raw])[:, :, 0]
    return np.asarray((most >= least).all(axis=0), bool)


def _load(told: dict[str, Longs]) -> Load:
    carriers = told["n_het"] + told["n_hom"] + told["n_hemi"]
    return Load(carriers, told["ac"], told["n_hom"], told["n_hemi"], told["ac_raw"])


def _capacity(told: dict[str, Longs], region: RegionClass, forms: Flags) -> Load:
    """The most that denominators allow of each."""
    an, persons, an_raw = told["an"], told["persons"], told["an_raw"]
    doubled = an - persons
    homs, hemis = doubled, np.zeros_like(an)
    if region is RegionClass.X_SPECIFIC:
        hemis = np.maximum(persons - doubled, 0)
        # What is hidden everywhere bounds nothing.
        homs = np.where(forms[:, None], persons, homs)
        hemis = np.where(forms[:, None], persons, hemis)
    elif region is RegionClass.Y_SPECIFIC:
        homs, hemis = np.zeros_like(an), persons
    elif region is RegionClass.MITOCHONDRIAL:
        homs = persons
    return Load(persons, an, homs, hemis, an_raw)


def _may_give(load: Load, room: Load, own: Flags, givers: Flags) -> Flags:
    """Where a stratum could give all it has to another one: that with the most room for persons."""
    if own.shape[1] < 2:
        return ~givers
    free = np.where(own, room.carriers, -1)
    order = np.argsort(free, axis=1)
    best, second = order[:, -1:], order[:, -2:-1]
    places = np.arange(own.shape[1])
    takers = np.where(places == best, second, best)
    there = np.take_along_axis(own, takers, axis=1)
    of_taker = Load(*(np.take_along_axis(values, takers, axis=1) for values in room))
    return there & load.fits(of_taker)


def _may_hold(
    told: dict[str, Longs], capacity: Load, own: Flags, least: Longs, forms: Flags
) -> Flags:
    """Where a stratum could hold as much as must not be known, of what the hidden ones have."""
    _, _, least_hom, least_hemi, _ = (one[:, None] for one in least)
    least_ac, has_forms = least[0][:, None], ~forms[:, None]
    enough = ~has_forms | ((capacity.n_hom >= least_hom) & (capacity.n_hemi >= least_hemi))
    het, hom, hemi = (
        (told[name] * own).sum(axis=1, keepdims=True) for name in ("n_het", "n_hom", "n_hemi")
    )
    most = np.minimum(het, capacity.carriers) + 2 * np.minimum(hom, capacity.n_hom)
    holds: Flags = enough & (most + np.minimum(hemi, capacity.n_hemi) >= least_ac)
    return holds


def _blind_roomy(
    told: dict[str, Longs],
    load: Load,
    room: Load,
    blind: Flags,
    seen: Flags,
    least: Longs,
    region: RegionClass,
    forms: Flags,
) -> Flags:
    """Whether strata that are hidden altogether may hold enough, of their own or of the others'."""
    names = ("ac", "n_het", "n_hom", "n_hemi", "ac_raw")
    sums = np.stack([(told[name] * blind).sum(axis=1) for name in names])
    has_enough = (sums >= least).all(axis=0) | ~blind.any(axis=1) | ~seen.any(axis=1)
    summed = {name: (values * blind).sum(axis=1, keepdims=True) for name, values in told.items()}
    together = Load(*((values * blind).sum(axis=1, keepdims=True) for values in load))
    free = np.where(seen, room.carriers, -1).argmax(axis=1)[:, None]
    fits = together.fits(Load(*(np.take_along_axis(values, free, axis=1) for values in room)))
    own = {
        name: (values * (blind | seen)).sum(axis=1, keepdims=True) for name, values in told.items()
    }
    capacity = _capacity(summed, region, forms)
    everywhere = np.ones((len(blind), 1), bool)
    holds = _may_hold(own, capacity, everywhere, least, forms)
    roomy: Flags = (
        has_enough | (fits & holds & (capacity.carriers >= least.max(axis=0)[:, None]))[:, 0]
    )
    return roomy
