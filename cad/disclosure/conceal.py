"""Which figures are hidden, of many variants at once and of several purposes alike (DESIGN 7).

One decision holds for all purposes of a release: who sees two of them could else subtract. It holds
for what the release before hid too: who sees both could else tell what came between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cad.disclosure.capacity import Tiers, is_roomy, most_of, rest_holds
from cad.disclosure.layout import Layout, Places
from cad.disclosure.since import Growth, Told, growths, widen_since
from cad.disclosure.tables import (
    COUNT_FIGURES,
    COUNTS,
    DEPTH_FIGURES,
    EVERYTHING,
    Carried,
    Counts,
    Flags,
    Levels,
    Longs,
)
from cad.disclosure.widen import Needs, widen, widen_pair
from schemas.contigs import RegionClass


@dataclass(frozen=True)
class Hidden:
    """What is hidden.

    Attributes:
        levels: variant x stratum: `SHOWN`, `COUNTS` or `EVERYTHING`; of `all` nothing is hidden but
            what `forms` says.
        forms: by variant, whether n_het, n_hom and n_hemi are hidden in every stratum, `all` too:
            on X outside the PARs they are the sexes' own.
        persons: by variant, whether persons are hidden in every stratum, `all` too: there AN less
            persons is the number of women.
    """

    levels: Levels
    forms: Flags
    persons: Flags


def conceal(
    tables: Sequence[Counts],
    layout: Layout,
    region: RegionClass,
    pos: Longs,
    small: int,
    carried: Carried,
    earlier: Sequence[Sequence[Told]] = (),
) -> Hidden:
    """Decide what is hidden of some variants.

    Args:
        tables: the figures of each purpose that is told to others than care.
        layout: their strata.
        region: that all the variants lie in.
        pos: of each variant; all variants of a position are there, side by side.
        small: the small count.
        carried: what the releases before hid of them.
        earlier: of each release before what it told of each purpose.
    """
    no_copy = layout.no_copy(region)
    active = np.broadcast_to(~no_copy, carried.levels.shape)
    depth = active & (carried.levels >= EVERYTHING)
    counts = active & (carried.levels >= COUNTS)
    for table in tables:
        told = table.present & active
        depth |= told & (table.figures["persons"] < small)
        for carriers in (table.carriers, table.figures["carriers_raw"]):
            counts |= told & (carriers >= 1) & (carriers < small)
    depth[:, 0] = counts[:, 0] = False
    depth_needs = Needs(tables, DEPTH_FIGURES, small)
    depth_since = growths(tables, earlier, DEPTH_FIGURES, [{} for _ in tables], small)
    _spread_since(depth, layout, active, depth_needs, depth_since)
    needs = Needs(tables, COUNT_FIGURES, small)
    counts |= depth
    rooms = [most_of(table, region) for table in tables]
    since = growths(tables, earlier, COUNT_FIGURES, rooms, small)
    _spread_since(counts, layout, active, needs, since)
    tight = np.zeros(counts.shape, bool)
    for one in since:
        tight |= one.tight(counts) & ~depth
    if tight.any():
        # Who knows neither its denominators may take it to have grown.
        depth |= tight & active
        depth[:, 0] = False
        _spread_since(depth, layout, active, depth_needs, depth_since)
        counts |= depth
        _spread_since(counts, layout, active, needs, since)
    forms = carried.forms | _sexes_hidden(counts, layout, region)
    blind = carried.persons | _sexes_hidden(depth, layout, region)
    for places in _crowded(tables, layout, region, Tiers(counts, depth, forms, blind), needs):
        # Nothing but `all` is told of these strata then, whatever variant of the position it is.
        depth |= places & active
    blind |= _sexes_hidden(depth, layout, region) | (
        forms & _squeezed(tables, layout, counts, small)
    )
    # Where even the sexes' denominators are hidden, nothing but `all` is told.
    depth |= blind[:, None] & active
    depth[:, 0] = False
    depth = _alike(depth, pos)
    counts |= depth
    for hidden in (depth, counts):
        _show_alone(hidden, layout, active)
    forms = forms | _sexes_hidden(counts, layout, region)
    blind = _alike((blind | _sexes_hidden(depth, layout, region))[:, None], pos)[:, 0]
    levels = np.where(depth, EVERYTHING, np.where(counts, COUNTS, 0)).astype(np.uint8)
    levels[:, no_copy] = EVERYTHING
    return Hidden(levels, forms, blind)


def _spread_since(
    hidden: Flags, layout: Layout, active: Flags, needs: Needs, since: Sequence[Growth]
) -> None:
    """Hide as many more as it takes, of one release and of it with those before."""
    _spread(hidden, layout, active, needs)
    held = -1
    while since and held != (held := int(hidden.sum())):
        widen_since(hidden, layout, active, since)
        _spread(hidden, layout, active, needs)


def _spread(hidden: Flags, layout: Layout, active: Flags, needs: Needs) -> None:
    """Hide as many more strata as it takes that none of those hidden can be worked out."""
    for places in layout.dimensions.values():
        widen(hidden, places, active, needs)
    for pair in layout.pairs:
        widen_pair(hidden, pair, active, needs)
    for web in layout.webs:
        own = np.concatenate([*web.dimensions, web.cells])
        touched = np.asarray((hidden & active)[:, own].any(axis=1), bool)
        hidden[np.ix_(touched, own)] = True
        hidden &= active
        for places in web.dimensions:
            widen(hidden, places, active, needs)


def _squeezed(tables: Sequence[Counts], layout: Layout, counts: Flags, small: int) -> Flags:
    """By variant of X: whether strata that are shown tell how much a hidden sex carries.

    Of what a stratum carries no more can be men's than it has men, by its denominators.
    """
    found = np.zeros(len(counts), bool)
    for table in tables:
        ac, an, persons = (table.figures[name] for name in ("ac", "an", "persons"))
        men = np.maximum(2 * persons - an, 0)
        of_women = np.maximum(ac - men, 0) * (~counts & table.present)
        least = np.minimum(ac[:, 0], small)
        for places in layout.dimensions.values():
            found |= ac[:, 0] - of_women[:, places].sum(axis=1) < least
    return found


def _show_alone(hidden: Flags, layout: Layout, active: Flags) -> None:
    """Show what repeats `all`: the only stratum of a dimension that has copies there."""
    for places in layout.dimensions.values():
        hidden[:, places] &= (active[:, places].sum(axis=1) > 1)[:, None]


def _sexes_hidden(counts: Flags, layout: Layout, region: RegionClass) -> Flags:
    """By variant: whether some sex is hidden where the forms are the sexes' own."""
    if region is not RegionClass.X_SPECIFIC:
        return np.zeros(len(counts), bool)
    return np.asarray(counts[:, layout.sexes].any(axis=1), bool)


def _crowded(
    tables: Sequence[Counts],
    layout: Layout,
    region: RegionClass,
    hidden: Tiers,
    needs: Needs,
) -> list[Flags]:
    """Variant x stratum, where denominators that are shown would pin down what is hidden."""
    counts = hidden[0]
    found: list[Flags] = []

    def is_tight(pool: Flags, of: Places) -> Flags:
        """Where strata share what the pool leaves over, and have no room to exchange it."""
        rooms = [
            is_roomy(table, at, of, pool, hidden, region, needs) for at, table in enumerate(tables)
        ]
        return ~np.asarray(np.stack(rooms).all(axis=0), bool)

    def rest(whole: int, cells: Places) -> Flags:
        """Whether what a hidden stratum has beside its cells that are shown tells too little."""
        shown = ~counts[:, cells]
        holds = [
            rest_holds(table, whole, cells, shown, region, needs.least[at]) | ~table.present[whole]
            for at, table in enumerate(tables)
        ]
        return np.asarray(np.stack(holds).all(axis=0), bool)

    def mark(crowded: Flags, of: Places) -> None:
        places = np.zeros(counts.shape, bool)
        places[np.ix_(crowded, of)] = True
        found.append(places)

    for places in layout.dimensions.values():
        mark(is_tight(counts, places), places)
    for pair in layout.pairs:
        own = pair.cells[pair.cells >= 0]
        blind = np.zeros(counts.shape, bool)
        for column, there in zip(pair.columns, pair.cells.T, strict=True):
            blind[:, there[there >= 0]] = counts[:, column, None]
        crowded = is_tight(counts & blind, own)
        for column, there in zip(pair.columns.tolist(), pair.cells.T, strict=True):
            crowded |= counts[:, column] & ~rest(column, there[there >= 0])
        for there in pair.cells.T:
            crowded |= is_tight(counts & ~blind, there[there >= 0])
        for margin in (pair.rows, pair.columns):
            crowded |= is_tight(counts, margin)
        mark(crowded, np.concatenate([pair.rows, pair.columns, own]))
    for web in layout.webs:
        own = np.concatenate([*web.dimensions, web.cells])
        mark(np.asarray(counts[:, own].any(axis=1), bool), own)
    return found


def _alike(hidden: Flags, pos: Longs) -> Flags:
    """The same for all variants of a position: their denominators are the same."""
    starts = np.flatnonzero(np.diff(pos, prepend=-1))
    if not len(starts):
        return hidden
    of_position = np.logical_or.reduceat(hidden, starts, axis=0)
    spread: Flags = np.repeat(of_position, np.diff(starts, append=len(pos)), axis=0)
    return spread
