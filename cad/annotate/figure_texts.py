"""The base's figures of alternates as texts for INFO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cad.annotate.fields import FIELDS, InfoField
from cad.annotate.figures import STATES, TOLD, AlleleFigures
from cad.annotate.look_up import Told
from loaders.columns import flags, numbers, word
from loaders.sites.alleles import Alleles


class FiguresOfAlleles(Protocol):
    """Looks alternates up in one stratum: of a base, or of a release."""

    def look_up(self, contig: str, alleles: Alleles) -> AlleleFigures:
        """The figures of alternates of one contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """


class FigureTeller:
    """Tells the figures of one stratum.

    Attributes:
        states: alternates by state, in the order of `STATES`.
    """

    def __init__(self, reader: FiguresOfAlleles) -> None:
        self._reader = reader
        self.states = np.zeros(len(STATES), np.int64)

    @property
    def fields(self) -> Sequence[InfoField]:
        """The figures and the state."""
        return FIELDS

    def tell(self, contig: str, alleles: Alleles) -> Told:
        """The figures of alternates of one contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        figures = self._reader.look_up(contig, alleles)
        self.states += np.bincount(figures.state[alleles.is_variant], minlength=len(STATES))
        missing, dot = flags(~alleles.is_variant), word(".")
        texts = []
        for name in TOLD:
            values = getattr(figures, name)
            untold = ~alleles.is_variant
            if name in figures.masks:
                untold = untold | figures.masks[name]
            if values.dtype == np.float64:
                untold = untold | np.isnan(values)
                # VCF's readers keep 32 bits: the shortest text that gives them back.
                values = values.astype(np.float32)
            texts.append(pc.if_else(flags(untold), dot, numbers(values).cast(pa.string())))
        texts.append(pc.if_else(missing, dot, _states(figures.state)))
        return Told(alleles.is_variant, tuple(texts))


def _states(state: NDArray[np.int8]) -> Any:
    """The names of states, by their place in `STATES`."""
    # Of few words, one is chosen row by row: the last, unless an earlier one is.
    names = word(STATES[-1])
    for place, name in reversed(list(enumerate(STATES[:-1]))):
        names = pc.if_else(flags(state == place), word(name), names)
    return names
