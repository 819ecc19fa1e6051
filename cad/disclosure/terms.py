"""Which numbers of persons with a term, or without it, a table of phenotypes hides.

A term's small figures are hidden like a stratum's. Terms do not add up to anything, but who has a
term has what it is a kind of, and who lacks a term lacks all its kinds: `bounds` has what follows
of a hidden figure. Where its bounds come closer than the small count, what binds it is hidden too.
`excluded` adds to `observed` at most everybody: where a figure of nearly everybody would tell a
hidden one, no excluded feature is told at all.

Who sees an earlier table too knows what is told of the persons new since: a table of its own. What
is hidden now and was shown then is as free as it grew, so that the growth is treated likewise; it
need be no freer than everybody grew, as no more can be. What the earlier one hid stays hidden, so
that both tables tell of the earlier persons what the earlier one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cad.disclosure.tables import Flags, Longs


@dataclass(frozen=True)
class ToldTerms:
    """What an earlier table told for one purpose: term x (observed, excluded).

    Attributes:
        values: 0 where they are hidden.
        shown: where they are known.
        persons: whom it counted.
    """

    values: Longs
    shown: Flags
    persons: int

    def grew_into(self, values: Longs, persons: int) -> bool:
        """Whether later figures may be of the same persons and more; else these say nothing."""
        grown = (values - self.values)[self.shown]
        return bool((grown >= 0).all() and (grown <= persons - self.persons).all())


@dataclass(frozen=True)
class _Table:
    """What one purpose is told of some persons: of all, or of those new since an earlier table.

    Attributes:
        values: term x (observed, excluded).
        persons: how many there are.
        unknown: likewise, what is not told whatever is hidden.
        need: likewise, how far the least and the greatest value of what is hidden must be apart.
    """

    values: Longs
    persons: int
    unknown: Flags
    need: Longs


def hidden_figures(
    figures: Sequence[Longs],
    persons: Sequence[int],
    small: int,
    kinds: Longs,
    earlier: Sequence[Sequence[ToldTerms]] = (),
) -> Flags:
    """Which figures are hidden, of all purposes alike: term x (observed, excluded).

    Args:
        figures: of each purpose: term x (observed, excluded).
        persons: whom each purpose counts.
        small: the small count.
        kinds: pairs of a term and one that it is a kind of, each with itself too; as places.
        earlier: of each earlier table, what it told of each purpose.
    """
    hidden = np.zeros(figures[0].shape, bool)
    for told in earlier:
        for one in told:
            hidden |= ~one.shown
    nothing = np.zeros(hidden.shape, bool)
    tables = [
        _Table(own, total, nothing, np.full(own.shape, min(small, total)))
        for own, total in zip(figures, persons, strict=True)
    ]
    grown = [
        _growth(table, one, small)
        for told in earlier
        for table, one in zip(tables, told, strict=True)
        if one.grew_into(table.values, table.persons)
    ]
    for table in tables:
        hidden |= (table.values >= 1) & (table.values < small)
    for table in tables:
        tight = table.persons - table.values < min(small, table.persons)
        # Beside a figure of nearly everybody the other one cannot be large.
        told_beside = tight & ~hidden & hidden[:, ::-1]
        if told_beside.any() or (tight & (table.values > 0))[:, 1].any():
            hidden[:, 1] = True
    while any(_widen(hidden, table, kinds) for table in (*tables, *grown)):
        pass
    return hidden


def _growth(table: _Table, told: ToldTerms, small: int) -> _Table:
    grew = table.persons - told.persons
    more = min(small, table.persons) - min(small, told.persons)
    need = np.where(told.shown, min(small, grew), more)
    return _Table(table.values - told.values, grew, ~told.shown, need)


def bounds(
    hidden: Flags, values: Longs, persons: int, kinds: Longs
) -> tuple[Longs, Longs, Longs, Longs]:
    """What is known of each figure by those shown: `observed`, then everybody but `excluded`.

    In this order a term's `observed` is at most that of what it is a kind of, and at most everybody
    but those in whom either was excluded: one partial order, so that the bounds are exact.

    Returns:
        The figures, least and greatest values, and the pairs of which the first is at most the
        second; as places among the figures.
    """
    terms, (of, above) = len(values), kinds.T
    nodes = np.concatenate([values[:, 0], persons - values[:, 1]])
    shown = ~hidden.T.ravel()
    strict = of != above
    pairs = np.concatenate(
        [
            np.stack([of, above])[:, strict],
            np.stack([of + terms, above + terms])[:, strict],
            np.stack([of, above + terms]),
        ],
        axis=1,
    )
    least, most = np.zeros(2 * terms, np.int64), np.full(2 * terms, persons)
    low, high = pairs[:, shown[pairs[0]]], pairs[:, shown[pairs[1]]]
    np.maximum.at(least, low[1], nodes[low[0]])
    np.minimum.at(most, high[0], nodes[high[1]])
    return nodes, least, most, pairs


def _widen(hidden: Flags, table: _Table, kinds: Longs) -> bool:
    """Hide what binds hidden figures too closely; returns whether there was any."""
    blind, need = hidden | table.unknown, table.need.T.ravel()
    values, least, most, (low, high) = bounds(blind, table.values, table.persons, kinds)
    terms = len(table.values)
    narrow = hidden.T.ravel() & (most - least < need)
    if hidden[:, 1].all():
        # Nothing excluded is told at all: `observed` alone has hidden figures.
        narrow[terms:] = False
    if not narrow.any():
        return False
    shown = ~blind.T.ravel()
    by_low = shown[low] & narrow[high] & (values[low] > 0) & (values[low] > (most - need)[high])
    is_bound = np.zeros(2 * terms, bool)
    is_bound[high[by_low]] = True
    by_high = shown[high] & (narrow & ~is_bound)[low] & (values[high] < (least + need)[low])
    more = np.concatenate([low[by_low], high[by_high]])
    hidden[more % terms, more // terms] = True
    return len(more) > 0
