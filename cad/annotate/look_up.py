"""From alternates as a file writes them to figures, with a tally of what they came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cad.annotate.figures import STATES, AlleleFigures, FigureReader
from cad.warehouse import Warehouse
from loaders.sites.alleles import Written, no_alleles, normalise
from schemas.contigs import canonical_contig


class Found(NamedTuple):
    """Figures by alternate, and which alternates are variants at all."""

    figures: AlleleFigures
    is_variant: NDArray[np.bool_]

    @classmethod
    def join(cls, parts: list[Found]) -> Found:
        """Those of several contigs in one."""
        if len(parts) == 1:
            return parts[0]
        columns = zip(*(vars(part.figures).values() for part in parts), strict=True)
        return cls(
            AlleleFigures(*map(np.concatenate, columns)),
            np.concatenate([part.is_variant for part in parts]),
        )


@dataclass
class AlleleLookUp:
    """Looks up the alternates of one file.

    Attributes:
        states: alternates by state, in the order of `STATES`.
        missing: alternates that are no variants.
        ref_mismatches: those of them whose REF is not the reference's.
    """

    warehouse: Warehouse
    reader: FigureReader
    states: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(STATES), np.int64))
    missing: int = 0
    ref_mismatches: int = 0

    def find(self, name: str, written: Written) -> Found:
        """The figures of alternates of a contig, under its name in the file.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        contig = canonical_contig(name)
        if contig is None:
            alleles = no_alleles(len(written.pos))
        else:
            folder = self.warehouse.reference
            alleles = normalise(written, contig, self.warehouse.assembly, folder)
        figures = self.reader.look_up(contig or name, alleles)
        self.states += np.bincount(figures.state[alleles.is_variant], minlength=len(STATES))
        self.missing += int(np.count_nonzero(~alleles.is_variant))
        self.ref_mismatches += len(alleles.mismatched)
        return Found(figures, alleles.is_variant)
