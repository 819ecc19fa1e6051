"""What two releases tell together: figures that one shows and the next hides.

Who sees both knows that a stratum which the first one showed has at least what it had then, and
that the strata hidden now share what these grew by together, not what they hold. So that growth
must be at least the small count, the figure of `all`, or what `all` grew by, whichever is least:
more cannot be, as both of `all` are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cad.disclosure.layout import Layout, Pair, Places
from cad.disclosure.tables import Counts, Flags, Longs


@dataclass(frozen=True)
class Told:
    """What an earlier release told of one purpose: variant x stratum of the layout, by figure.

    Attributes:
        figures: 0 where they are hidden, or nobody was in the stratum.
        shown: where they are known: shown, or of a stratum that nobody was in.
    """

    figures: Mapping[str, Longs]
    shown: Mapping[str, Flags]

    def part(self, start: int, stop: int) -> Told:
        """Of some of the variants."""
        figures = {name: values[start:stop] for name, values in self.figures.items()}
        return Told(figures, {name: mask[start:stop] for name, mask in self.shown.items()})


@dataclass(frozen=True)
class Growth:
    """One figure of one purpose since an earlier release.

    Attributes:
        name: of the figure.
        grown: variant x stratum: by how much.
        shown: variant x stratum: where the earlier one is known.
        room: variant x stratum: what the denominators shown now allow above the earlier one.
        need: by variant: what those hidden must have grown by.
    """

    name: str
    grown: Longs
    shown: Flags
    room: Longs
    need: Longs

    def lacks(self, hidden: Flags, places: Places, whole: Longs, is_known: Flags) -> Flags:
        """By variant: whether strata newly hidden among some are bounded too closely.

        Args:
            hidden: variant x stratum: what is hidden now.
            places: strata that add up to something.
            whole: by variant, what that grew by.
            is_known: by variant, whether this is known.
        """
        own, was = hidden[:, places], self.shown[:, places]
        pool = whole - (self.grown[:, places] * ~own).sum(axis=1)
        found: Flags = (own & was).any(axis=1) & is_known & (pool < self.need)
        return found

    def lacks_of_all(self, hidden: Flags, places: Places) -> Flags:
        """Likewise, of strata that add up to `all`."""
        return self.lacks(hidden, places, self.grown[:, 0], self.shown[:, 0])

    def tight(self, hidden: Flags) -> Flags:
        """Variant x stratum: where one newly hidden has no room to have grown in."""
        found: Flags = hidden & self.shown & (self.room < self.need[:, None])
        return found


def growths(
    tables: Sequence[Counts],
    earlier: Sequence[Sequence[Told]],
    names: Sequence[str],
    rooms: Sequence[Mapping[str, Longs]],
    small: int,
) -> list[Growth]:
    """The growth of some figures of each purpose since each earlier release.

    Args:
        tables: the purposes.
        earlier: of each earlier release what it told of each purpose.
        names: of the figures.
        rooms: of each purpose and figure the most that denominators shown allow.
        small: the small count.
    """
    found = []
    for told in earlier:
        for table, own, most in zip(tables, told, rooms, strict=True):
            for name in names:
                figures, was = table.figures[name], own.figures[name]
                shown = own.shown[name] & table.present
                room = most.get(name, np.full(figures.shape, 2**40)) - was
                grew = np.maximum(figures[:, 0] - was[:, 0], 0)
                need = np.minimum(np.minimum(figures[:, 0], small), grew)
                found.append(Growth(name, figures - was, shown, room, need))
    return found


def widen_since(hidden: Flags, layout: Layout, active: Flags, since: Sequence[Growth]) -> None:
    """Hide more strata of dimensions and conjunctions, so that what is hidden grew by enough."""
    for places in layout.dimensions.values():
        _widen(hidden, places, active, since)
    for pair in layout.pairs:
        tight = np.zeros(len(hidden), bool)
        for one in since:
            tight |= _cells_lack(hidden, pair, one)
        own = np.concatenate([pair.rows, pair.columns, pair.cells[pair.cells >= 0]])
        hidden[np.ix_(tight, own)] = True
        hidden &= active


def _widen(hidden: Flags, places: Places, active: Flags, since: Sequence[Growth]) -> None:
    for _ in range(len(places)):
        lack = np.zeros(len(hidden), bool)
        gain: NDArray[np.float64] = np.zeros((len(hidden), len(places)))
        for one in since:
            own = one.lacks_of_all(hidden, places)
            lack |= own
            gain += np.minimum(one.grown[:, places], one.need[:, None]) * own[:, None]
        may = active[:, places] & ~hidden[:, places]
        rows = np.flatnonzero(lack & may.any(axis=1))
        if not len(rows):
            return
        best = np.where(may, gain, -np.inf)[rows].argmax(axis=1)
        hidden[rows, places[best]] = True


def _cells_lack(hidden: Flags, pair: Pair, one: Growth) -> Flags:
    """By variant: whether cells newly hidden are bounded too closely, by their columns or `all`."""
    found = np.zeros(len(hidden), bool)
    whole, is_known = one.grown[:, 0].copy(), one.shown[:, 0].copy()
    blind = hidden[:, pair.columns] | ~one.shown[:, pair.columns]
    for at, column in enumerate(pair.columns.tolist()):
        there = pair.cells[:, at]
        there = there[there >= 0]
        own = ~blind[:, at]
        found |= one.lacks(hidden, there, one.grown[:, column], own)
        whole -= one.grown[:, column] * own
    # Cells of columns that are hidden share what the columns shown leave over.
    cells = np.zeros_like(hidden)
    for at in range(len(pair.columns)):
        there = pair.cells[:, at]
        there = there[there >= 0]
        cells[:, there] = blind[:, at, None]
    pool = whole - (one.grown * (cells & ~hidden)).sum(axis=1)
    newly = (cells & hidden & one.shown).any(axis=1) & is_known
    found |= newly & (pool < one.need)
    return found
