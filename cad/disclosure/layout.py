"""Which strata add up to which: dimensions, and conjunctions over them.

Each attribute is a dimension: its strata part the persons, so that their figures add up to `all`.
The cells of a conjunction add up to the strata of its attributes. A dimension of one value repeats
`all`, and a conjunction with it repeats another: both are left out of what is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.build.people import ALL, attributes_of
from schemas.contigs import RegionClass

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_COPY: Final[dict[RegionClass, frozenset[str]]] = {
    RegionClass.X_SPECIFIC: frozenset({"other", "unknown"}),
    RegionClass.Y_SPECIFIC: frozenset({"XX", "other", "unknown"}),
}
"""Sexes of which no copy is counted there: their figures are 0, as everybody knows (DESIGN 5.5)."""


@dataclass(frozen=True)
class Pair:
    """A conjunction of two attributes whose strata are parted by nothing else.

    Attributes:
        rows: places of the first attribute's strata.
        columns: places of the second one's.
        cells: rows x columns: the place of each cell's stratum, -1 where nobody is in it.
    """

    rows: Places
    columns: Places
    cells: Places


@dataclass(frozen=True)
class Web:
    """Conjunctions that share attributes, or are of more than two: hidden all or not at all.

    Attributes:
        dimensions: of their attributes, as places.
        cells: places of all their cells.
    """

    dimensions: tuple[Places, ...]
    cells: Places


@dataclass(frozen=True)
class Layout:
    """The strata of a release, `all` first, and how they hang together."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> Layout:
        """The layout of strata as a base names them, without those that repeat others.

        >>> Layout.of(["all", "sex=XX", "sex=XY", "assay=WGS", "sex=XX,assay=WGS"]).names
        ('all', 'sex=XX', 'sex=XY')
        """
        many = _attributes_of_many(names)
        kept: dict[frozenset[str], tuple[str, ...]] = {}
        chosen = [ALL]
        for name in names:
            attributes = tuple(attributes_of(name))
            parts = frozenset(attributes) & many
            if parts and kept.setdefault(parts, attributes) == attributes:
                chosen.append(name)
        return cls(tuple(chosen))

    @cached_property
    def values(self) -> tuple[dict[str, str], ...]:
        """Each stratum's attributes, of those with several values."""
        many = _attributes_of_many(self.names)
        return tuple(
            {name: value for name, value in attributes_of(stratum).items() if name in many}
            for stratum in self.names
        )

    @cached_property
    def dimensions(self) -> dict[str, Places]:
        """The strata of each attribute that has several, as places."""
        found: dict[str, list[int]] = {}
        for place, values in enumerate(self.values):
            if len(values) == 1:
                found.setdefault(next(iter(values)), []).append(place)
        return {name: np.array(places) for name, places in found.items() if len(places) > 1}

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The conjunctions of two attributes that no other conjunction has."""
        return tuple(
            self._pair(*group[0])
            for group in self._groups
            if len(group) == 1 and self._is_pair(group[0])
        )

    @cached_property
    def webs(self) -> tuple[Web, ...]:
        """All other conjunctions, gathered where they share attributes."""
        return tuple(
            Web(
                tuple(
                    self.dimensions[name]
                    for name in sorted({name for one in group for name in one})
                    if name in self.dimensions
                ),
                np.array([at for one in group for at in self._cells_of(one)]),
            )
            for group in self._groups
            if not (len(group) == 1 and self._is_pair(group[0]))
        )

    def no_copy(self, region: RegionClass) -> Flags:
        """By stratum: whether its figures are 0 in a region class, as everybody knows."""
        sexes = NO_COPY.get(region, frozenset())
        return np.array([values.get("sex") in sexes for values in self.values])

    @cached_property
    def sexes(self) -> Places:
        """Strata that a sex parts from others."""
        return np.array([at for at, values in enumerate(self.values) if "sex" in values], np.int64)

    @cached_property
    def _groups(self) -> list[list[tuple[str, ...]]]:
        """Conjunctions by their attributes, gathered where they share any."""
        groups: list[list[tuple[str, ...]]] = []
        for one in dict.fromkeys(tuple(values) for values in self.values if len(values) > 1):
            touched = [group for group in groups if any(set(one) & set(other) for other in group)]
            rest = [group for group in groups if group not in touched]
            groups = [*rest, [*(other for group in touched for other in group), one]]
        return groups

    def _is_pair(self, attributes: tuple[str, ...]) -> bool:
        # Where a sex has no copy the cells of others repeat theirs.
        has_rows = all(name in self.dimensions for name in attributes)
        return len(attributes) == 2 and has_rows and "sex" not in attributes

    def _cells_of(self, attributes: tuple[str, ...]) -> list[int]:
        return [at for at, values in enumerate(self.values) if tuple(values) == attributes]

    def _pair(self, first: str, second: str) -> Pair:
        rows, columns = self.dimensions[first], self.dimensions[second]
        row_of = {self.values[at][first]: place for place, at in enumerate(rows.tolist())}
        column_of = {self.values[at][second]: place for place, at in enumerate(columns.tolist())}
        cells = np.full((len(rows), len(columns)), -1)
        for at in self._cells_of((first, second)):
            values = self.values[at]
            cells[row_of[values[first]], column_of[values[second]]] = at
        return Pair(rows, columns, cells)


def _attributes_of_many(names: Sequence[str]) -> frozenset[str]:
    """The attributes of which some strata have different values."""
    values: dict[str, set[str]] = {}
    for name in names:
        for attribute, value in attributes_of(name).items():
            values.setdefault(attribute, set()).add(value)
    return frozenset(attribute for attribute, found in values.items() if len(found) > 1)
