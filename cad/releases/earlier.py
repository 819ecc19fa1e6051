"""What earlier releases told of the variants of a window, as disclosure wants to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cad.disclosure import Carried, Layout
from cad.disclosure.since import Told
from cad.disclosure.tables import COUNT_FIGURES, COUNTS, DEPTH_FIGURES, EVERYTHING
from cad.export.figures import FiguresBlock

Key = tuple[int, str, str]
Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Earlier:
    """What one release told for one purpose of the positions of a window.

    Attributes:
        strata: the names of its strata, in the order of the block's.
        block: its variants; None where it has none there.
    """

    strata: Sequence[str]
    block: FiguresBlock | None


@dataclass(frozen=True)
class EarlierWindow:
    """All earlier releases, each by purpose, and the variants that are asked about."""

    releases: Sequence[Mapping[str, Earlier]]
    layout: Layout
    keys: Sequence[Key]

    def carried(self) -> Carried:
        """What any of them hid of a variant, for any purpose: it stays hidden."""
        found = Carried.nothing(len(self.keys), len(self.layout.names))
        forms, persons = found.forms.copy(), found.persons.copy()
        for release in self.releases:
            for one in release.values():
                if one.block is not None:
                    self._carry(one, one.block, found.levels, forms, persons)
        return Carried(found.levels, forms, persons)

    def _carry(
        self,
        one: Earlier,
        block: FiguresBlock,
        levels: NDArray[np.uint8],
        forms: Flags,
        persons: Flags,
    ) -> None:
        to, of = self._places(one.strata)
        nothing = np.zeros(block.ac.shape, bool)
        counts, depth, n_het, blind = (
            block.masks.get(name, nothing) for name in ("ac", "an", "n_het", "persons")
        )
        hid = np.where(depth, EVERYTHING, np.where(counts, COUNTS, 0)).astype(np.uint8)[:, of]
        rows, known = self._rows(block)
        own = np.ix_(rows, to)
        levels[own] = np.maximum(levels[own], hid[known])
        forms[rows] |= n_het[known, 0]
        persons[rows] |= blind[known, 0]
        # Denominators are those of a position, whatever variant of it is asked about.
        rows, known = self._rows_of_position(block)
        own = np.ix_(rows, to)
        levels[own] = np.maximum(levels[own], hid[known] // EVERYTHING * EVERYTHING)

    def told(self, release: Mapping[str, Earlier], purpose: str) -> Told:
        """What a release told of a purpose.

        Of a variant that it does not hold everybody knows that nobody carried it.
        """
        shape = len(self.keys), len(self.layout.names)
        figures = {name: np.zeros(shape, np.int64) for name in (*COUNT_FIGURES, *DEPTH_FIGURES)}
        one = release.get(purpose)
        if one is None:
            return Told(figures, {name: np.zeros(shape, bool) for name in figures})
        to, of = self._places(one.strata)
        shown = {name: self._empty(one.strata, shape) for name in figures}
        for name in DEPTH_FIGURES:
            shown[name][:, to] = False
        if one.block is not None:
            rows, known = self._rows(one.block)
            nearby, beside = self._rows_of_position(one.block)
            for name in figures:
                own, there = (nearby, beside) if name in DEPTH_FIGURES else (rows, known)
                values = getattr(one.block, name)
                hidden = one.block.masks.get(name, np.zeros(values.shape, bool))
                figures[name][np.ix_(own, to)] = np.where(hidden, 0, values)[np.ix_(there, of)]
                shown[name][np.ix_(own, to)] = ~hidden[np.ix_(there, of)]
        return Told(figures, shown)

    def _empty(self, strata: Sequence[str], shape: tuple[int, int]) -> Flags:
        """Strata in which nobody carries what is not held: its own, others of its attributes."""
        has = set(Layout(tuple(strata)).dimensions)
        known = [
            name in strata or set(values) <= has
            for name, values in zip(self.layout.names, self.layout.values, strict=True)
        ]
        return np.broadcast_to(np.array(known), shape).copy()

    def _places(self, strata: Sequence[str]) -> tuple[list[int], list[int]]:
        """Places of strata in the layout, and their own."""
        names = self.layout.names
        pairs = [(names.index(name), at) for at, name in enumerate(strata) if name in names]
        return [to for to, _ in pairs], [of for _, of in pairs]

    def _rows(self, block: FiguresBlock) -> tuple[list[int], list[int]]:
        """Rows of the variants asked about that a block holds, and its own."""
        own = {key: at for at, key in enumerate(keys_of(block))}
        pairs = [(row, own[key]) for row, key in enumerate(self.keys) if key in own]
        return [row for row, _ in pairs], [at for _, at in pairs]

    def _rows_of_position(self, block: FiguresBlock) -> tuple[list[int], list[int]]:
        """Likewise, of variants at a position of which the block holds any."""
        own = {key[0]: at for at, key in enumerate(keys_of(block))}
        pairs = [(row, own[key[0]]) for row, key in enumerate(self.keys) if key[0] in own]
        return [row for row, _ in pairs], [at for _, at in pairs]


def keys_of(block: FiguresBlock) -> list[Key]:
    """The variants of a block."""
    pairs = zip(block.pos.tolist(), block.alleles, strict=True)
    return [(pos, ref, alt) for pos, (ref, alt) in pairs]
