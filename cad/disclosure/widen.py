"""Hiding more than the small figures, until what is hidden cannot be worked out from what is not.

Hidden strata of a dimension share what `all` leaves over beside the strata shown. Each of them can
be anything between 0 and that remainder, as long as there are two of them: so the remainder must be
at least the smaller of the small count and the figure of `all`, for every figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cad.disclosure.layout import Pair, Places
from cad.disclosure.tables import Counts, Flags, Longs

Floats = NDArray[np.float64]


class Needs:
    """What each remainder must come to, for some figures of several purposes at once."""

    def __init__(self, tables: Sequence[Counts], names: Sequence[str], small: int) -> None:
        self.tables = tables
        self.names = names
        self.least = [
            np.stack([np.minimum(table.figures[name][:, 0], small) for name in names])
            for table in tables
        ]
        """By purpose: figure x variant."""

    def of(self, purpose: int, places: Places) -> Longs:
        """Figures of some strata: figure x variant x stratum."""
        figures = self.tables[purpose].figures
        return np.stack([figures[name][:, places] for name in self.names])


def widen(hidden: Flags, places: Places, active: Flags, needs: Needs) -> None:
    """Hide more strata of a dimension wherever some are hidden, until the remainder is enough.

    Args:
        hidden: variant x stratum of the layout; is added to.
        places: the dimension's strata.
        active: variant x stratum, where a figure is not 0 as everybody knows.
        needs: what the remainders must come to.
    """
    may = active[:, places]
    own = hidden[:, places] & may
    # With one stratum left, it repeats `all`: nothing is to be hidden.
    own &= (may.sum(axis=1) > 1)[:, None]
    hidden[:, places] = own
    for _ in range(len(places)):
        rows = np.flatnonzero(own.any(axis=1))
        gain, is_enough = _gains(own[rows], may[rows], places, needs, rows)
        left = np.flatnonzero(~is_enough)
        if not len(left):
            break
        best = gain[left].argmax(axis=1)
        own[rows[left], best] = True
    hidden[:, places] = own


def _gains(
    own: Flags, may: Flags, places: Places, needs: Needs, rows: Longs
) -> tuple[Floats, Flags]:
    """How much each stratum not hidden would help, and whether enough is hidden, by variant."""
    helps = np.zeros(own.shape)
    left = np.zeros(own.shape)
    missing = np.zeros(len(own), bool)
    size = np.zeros(own.shape)
    for at, table in enumerate(needs.tables):
        there = table.present[places] & may
        is_told = there.sum(axis=1) > 1
        figures = needs.of(at, places)[:, rows] * there
        lack = needs.least[at][:, rows] - (figures * own).sum(axis=2)
        lack = np.maximum(lack, 0) * is_told
        helps += np.minimum(figures, lack[:, :, None]).sum(axis=0)
        left += np.maximum(lack[:, :, None] - figures, 0).sum(axis=0)
        few = np.maximum(2 - (own & there).sum(axis=1), 0) * is_told
        helps += there * np.minimum(few, 1)[:, None]
        left += np.maximum(few[:, None] - there, 0)
        missing |= (lack.sum(axis=0) > 0) | (few > 0)
        size += table.figures["persons"][np.ix_(rows, places)]
    # The smallest stratum that does it alone, else the one that helps most.
    gain = np.where(left == 0, 1e15 - size, helps * 1e3 - size * 1e-6)
    return np.where(own | ~may, -np.inf, gain), ~missing | (own | ~may).all(axis=1)


def widen_pair(hidden: Flags, pair: Pair, active: Flags, needs: Needs) -> None:
    """Hide rows, columns and cells of a conjunction of two attributes, so that none follows.

    A row with a small cell is hidden with all its cells. Rows that are hidden can then exchange
    what they have in a column, of which enough must be left over in each column shown; where it is
    not, the whole second attribute is hidden.
    """
    cells = pair.cells
    is_cell = cells >= 0
    small = (hidden[:, cells] & is_cell).any(axis=2)
    hidden[:, pair.rows] |= small
    # A hidden column without hidden cells would be the sum of its cells.
    bare = hidden[:, pair.columns].any(axis=1) & ~hidden[:, pair.rows].any(axis=1)
    smallest = needs.tables[0].figures["persons"][:, pair.rows].argmin(axis=1)
    hidden[bare, pair.rows[smallest[bare]]] = True
    widen(hidden, pair.rows, active, needs)
    own = hidden[:, pair.rows]
    some = own.any(axis=1)
    is_enough = _columns_hold(hidden, pair, own, needs)
    hidden[np.ix_(some & ~is_enough, pair.columns)] = True
    widen(hidden, pair.columns, active, needs)
    for row in range(len(pair.rows)):
        places = cells[row][is_cell[row]]
        hidden[:, places] = own[:, row, None]


def _columns_hold(hidden: Flags, pair: Pair, own: Flags, needs: Needs) -> Flags:
    """By variant: whether each column shown, and all hidden ones together, keep enough."""
    is_hidden = hidden[:, pair.columns]
    holds = np.ones(len(own), bool)
    for at, table in enumerate(needs.tables):
        least = needs.least[at]
        together = np.zeros_like(least)
        cells_together = np.zeros(len(own), np.int64)
        for column in range(len(pair.columns)):
            there = pair.cells[:, column]
            is_there = (there >= 0) & table.present[there]
            block = needs.of(at, there) * (own & is_there)
            left, cells = block.sum(axis=2), (own & is_there).sum(axis=1)
            enough = (left >= least).all(axis=0) & (cells > 1)
            apart = ~is_hidden[:, column]
            # A column in which nobody of the hidden rows is has nothing to tell of them.
            holds &= ~apart | enough | (cells == 0)
            together += left * ~apart
            cells_together += cells * ~apart
        some = is_hidden.any(axis=1)
        holds &= ~some | ((together >= least).all(axis=0) & (cells_together > 1))
    return holds
