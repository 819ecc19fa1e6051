"""What a window of several purposes hides: the rules of `cad.disclosure`, applied to blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.disclosure import Carried, Counts, Hidden, Layout, conceal
from cad.disclosure.since import Told
from cad.disclosure.tables import COUNT_FIGURES, COUNTS, DEPTH_FIGURES, EVERYTHING
from cad.export.figures import FiguresBlock
from cad.flags import FLAG_FIELDS
from cad.releases.earlier import Earlier, EarlierWindow, keys_of
from schemas.contigs import Assembly, RegionClass, stretches

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]

_FORMS: Final = ("n_het", "n_hom", "n_hemi")
_OF_COUNTS: Final = ("ac", "af", *_FORMS, "faf95", "ac_raw")
_OF_DEPTH: Final = ("an", "an_raw", "persons")
_CHANCES: Final = [at for at, name in enumerate(FLAG_FIELDS) if name.startswith("p_")]


@dataclass(frozen=True)
class Decider:
    """Hides what has to be hidden of the purposes that are told outside care.

    Attributes:
        layout: the strata of all these purposes.
        strata: by purpose, the names of its own, in the order of its blocks.
        small: the small count.
        assembly: of the warehouse.
    """

    layout: Layout
    strata: Mapping[str, Sequence[str]]
    small: int
    assembly: Assembly

    def hide(
        self, window: Mapping[str, FiguresBlock], releases: Sequence[Mapping[str, Earlier]]
    ) -> dict[str, FiguresBlock]:
        """The window's blocks with what is hidden of each, after what earlier releases told."""
        keys = sorted(
            {key for block in window.values() for key in keys_of(block)},
            key=lambda key: (key[0], key[1].encode(), key[2].encode()),
        )
        place = {key: at for at, key in enumerate(keys)}
        owns = {
            name: np.array([place[key] for key in keys_of(block)]) for name, block in window.items()
        }
        pos = np.array([key[0] for key in keys])
        contig = next(iter(window.values())).contig
        tables = [
            self._counts(name, window.get(name), owns.get(name), len(keys)) for name in self.strata
        ]
        earlier = EarlierWindow(releases, self.layout, keys)
        told = [[earlier.told(release, name) for name in self.strata] for release in releases]
        hidden = self._conceal(tables, contig, pos, earlier.carried(), told)
        return {
            name: self._masked(name, block, owns[name], hidden) for name, block in window.items()
        }

    def _counts(
        self, purpose: str, block: FiguresBlock | None, own: Longs | None, variants: int
    ) -> Counts:
        """A purpose's figures among all variants of the window and all strata of the layout."""
        of = self._places(purpose)
        figures = {}
        for name in (*COUNT_FIGURES, *DEPTH_FIGURES, "carriers_raw"):
            values = np.zeros((variants, len(self.layout.names)), np.int64)
            if block is not None and own is not None:
                values[np.ix_(own, of)] = getattr(block, name)
            figures[name] = values
        present = np.zeros(len(self.layout.names), bool)
        present[of] = True
        return Counts(figures, present)

    def _places(self, purpose: str) -> Longs:
        return np.array([self.layout.names.index(name) for name in self.strata[purpose]])

    def _conceal(
        self,
        tables: Sequence[Counts],
        contig: str,
        pos: Longs,
        carried: Carried,
        told: Sequence[Sequence[Told]],
    ) -> Hidden:
        found = []
        for start, stop, region in _cut(self.assembly, contig, pos):
            own = slice(start, stop)
            before = Carried(carried.levels[own], carried.forms[own], carried.persons[own])
            parts = [_rows(table, start, stop) for table in tables]
            since = [[one.part(start, stop) for one in release] for release in told]
            found.append(conceal(parts, self.layout, region, pos[own], self.small, before, since))
        return Hidden(
            np.concatenate([one.levels for one in found]),
            np.concatenate([one.forms for one in found]),
            np.concatenate([one.persons for one in found]),
        )

    def _masked(
        self, purpose: str, block: FiguresBlock, own: Longs, hidden: Hidden
    ) -> FiguresBlock:
        levels = hidden.levels[np.ix_(own, self._places(purpose))]
        forms, persons = hidden.forms[own][:, None], hidden.persons[own][:, None]
        masks = dict.fromkeys(_OF_COUNTS, levels >= COUNTS)
        masks |= dict.fromkeys(_OF_DEPTH, levels >= EVERYTHING)
        # Nobody's forms are known where nobody carries it.
        masks |= {name: masks[name] | forms & (block.ac > 0) for name in _FORMS}
        masks["persons"] = masks["persons"] | persons
        flags = block.flags.copy()
        # Chances are worked out of the very figures that are hidden; the rate tells of persons.
        any_hidden = np.flatnonzero((hidden.levels[own][:, 1:] > 0).any(axis=1))
        flags[any_hidden[:, None], _CHANCES] = np.nan
        flags[persons[:, 0], FLAG_FIELDS.index("call_rate")] = np.nan
        flags[:, FLAG_FIELDS.index("p_pipeline")] = np.nan
        return replace(block, masks=masks, flags=flags)


def _rows(table: Counts, start: int, stop: int) -> Counts:
    figures = {name: values[start:stop] for name, values in table.figures.items()}
    return Counts(figures, table.present)


def _cut(assembly: Assembly, contig: str, pos: Longs) -> Iterator[tuple[int, int, RegionClass]]:
    """First and one past the last of the variants in each region class."""
    for stretch in stretches(assembly, contig):
        start, stop = np.searchsorted(pos, [stretch.start, stretch.end + 1]).tolist()
        if start < stop:
            yield start, stop, stretch.region_class
