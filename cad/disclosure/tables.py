"""What disclosure is decided on: figures by variant and stratum, and what was decided before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
Levels = NDArray[np.uint8]

SHOWN: Final = 0
COUNTS: Final = 1
"""ac, af, n_het, n_hom, n_hemi, faf95 and ac_raw of a stratum are hidden."""
EVERYTHING: Final = 2
"""an, an_raw and persons as well."""

COUNT_FIGURES: Final = ("ac", "n_het", "n_hom", "n_hemi", "ac_raw")
DEPTH_FIGURES: Final = ("an", "persons", "an_raw")


@dataclass(frozen=True)
class Counts:
    """The figures of one purpose: variant x stratum of a layout, `all` first.

    Attributes:
        figures: `COUNT_FIGURES` and `DEPTH_FIGURES` by name, and `carriers_raw`.
        present: by stratum, whether the purpose tells of it; where not, its figures are 0.
    """

    figures: Mapping[str, Longs]
    present: Flags

    @property
    def carriers(self) -> Longs:
        """Persons who carry the variant, passing."""
        return self.figures["n_het"] + self.figures["n_hom"] + self.figures["n_hemi"]


@dataclass(frozen=True)
class Carried:
    """What the release before hid: it stays hidden.

    Attributes:
        levels: variant x stratum.
        forms: by variant, whether n_het, n_hom and n_hemi were hidden everywhere.
        persons: by variant, whether persons were.
    """

    levels: Levels
    forms: Flags
    persons: Flags

    @classmethod
    def nothing(cls, variants: int, strata: int) -> Carried:
        """Where there is no release before."""
        nowhere = np.zeros(variants, bool)
        return cls(np.zeros((variants, strata), np.uint8), nowhere, nowhere)
