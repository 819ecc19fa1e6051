"""The base's figures of alternates as texts for INFO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cad.annotate.fields import FIELDS, InfoField
from cad.annotate.figures import STATES, FigureReader, by_name
from cad.annotate.look_up import Told
from loaders.columns import flags, numbers, word
from loaders.sites.alleles import Alleles


class FigureTeller:
    """Tells the figures of one stratum.

    Attributes:
        states: alternates by state, in the order of `STATES`.
    """

    def __init__(self, reader: FigureReader) -> None:
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
        for values in by_name(figures).values():
            if values.dtype == np.float64:
                # VCF's readers keep 32 bits: the shortest text that gives them back.
                told = numbers(values.astype(np.float32)).cast(pa.string())
                texts.append(pc.if_else(flags(~alleles.is_variant | np.isnan(values)), dot, told))
            else:
                texts.append(pc.if_else(missing, dot, numbers(values).cast(pa.string())))
        texts.append(pc.if_else(missing, dot, _states(figures.state)))
        return Told(alleles.is_variant, tuple(texts))


def _states(state: NDArray[np.int8]) -> Any:
    """The names of states, by their place in `STATES`."""
    # Of four words, one is chosen row by row: the last, unless an earlier one is.
    names = word(STATES[-1])
    for place, name in reversed(list(enumerate(STATES[:-1]))):
        names = pc.if_else(flags(state == place), word(name), names)
    return names
