"""What a release tells of many alternates at once, for one stratum: what it hides is masked."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.annotate.figures import STATES, AlleleFigures, FigureReader, add_counts, held_rows
from cad.export.figures import FiguresBlock
from cad.frequency import allele_frequency, counted_alleles, faf95
from cad.query.parse import Region
from cad.releases.names import UNDISCLOSED
from cad.releases.read import ReleaseReader
from loaders.sites.alleles import Alleles

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]

_FIGURES: Final = ("ac", "an", "n_hom", "n_hemi", "persons")
_HIDDEN: Final = STATES.index("hidden")


class ReleasedFigures:
    """Looks alternates up in one stratum of a release, as `FigureReader` does in a base.

    Not to be shared by threads.

    Args:
        reader: of the release.
        at: the stratum's place among `Base.strata`.
    """

    def __init__(self, reader: ReleaseReader, at: int) -> None:
        self._reader = reader
        self._at = at
        self._positions = FigureReader(reader, reader.base.strata[at])

    def look_up(self, contig: str, alleles: Alleles) -> AlleleFigures:
        """The figures of alternates of one contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        told, masks, is_there = self._stored(contig, alleles)
        an, _, persons, assayed = self._positions.depths(contig, alleles)
        told["an"] = np.where(is_there, told["an"], an)
        told["persons"] = np.where(is_there, told["persons"], persons)
        for name, mask in self._withheld(contig, alleles.pos).items():
            masks[name] |= ~is_there & mask
        counted = counted_alleles(contig, told["ac"], told["n_hom"])
        masks["af"] = masks["faf95"] = masks["ac"]
        states = [masks["ac"], told["ac"] > 0, told["an"] > 0, assayed > 0]
        return AlleleFigures(
            **told,
            af=allele_frequency(counted, told["an"]),
            faf95=faf95(counted, told["an"]),
            state=np.select(states, [_HIDDEN, 0, 1, 2], 3).astype(np.int8),
            masks=masks,
        )

    def _stored(
        self, contig: str, alleles: Alleles
    ) -> tuple[dict[str, Longs], dict[str, Flags], Flags]:
        """Figures of those that the release holds, what is masked of them, and which these are."""
        found = np.zeros((len(alleles.pos), 2 * len(_FIGURES) + 1), np.int64)
        rows = np.flatnonzero(alleles.is_variant)
        if len(rows):
            pos = alleles.pos[rows]
            for block in self._reader.frozen_between(contig, int(pos.min()), int(pos.max())):
                refs, alts = zip(*block.alleles, strict=True)
                table = pa.table({"pos": block.pos, "ref": list(refs), "alt": list(alts)})
                add_counts(found, held_rows(table, self._columns(block)), alleles, rows, 1)
        told = {name: found[:, at] for at, name in enumerate(_FIGURES)}
        masks = {name: found[:, len(_FIGURES) + at] > 0 for at, name in enumerate(_FIGURES)}
        return told, masks, found[:, -1] > 0

    def _columns(self, block: FiguresBlock) -> Longs:
        """Variant x figures, their masks, and a 1."""
        nothing = np.zeros(block.ac.shape, bool)
        figures = [getattr(block, name)[:, self._at] for name in _FIGURES]
        masks = [block.masks.get(name, nothing)[:, self._at] for name in _FIGURES]
        return np.column_stack([*figures, *masks, np.ones(len(block.pos), np.int64)])

    def _withheld(self, contig: str, pos: Longs) -> dict[str, Flags | bool]:
        """By figure, where it is not told of alternates that nobody carries."""
        if self._at and self._reader.base.purpose not in UNDISCLOSED:
            return dict.fromkeys(_FIGURES, True)
        places, own = np.unique(pos, return_inverse=True)
        hidden = [
            "persons" in self._reader.withheld(Region(contig, at, at), self._at)
            for at in places.tolist()
        ]
        return {"persons": np.array(hidden, bool)[own]}
