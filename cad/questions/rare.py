"""How common variants are here, in the base's founders without one family, and in gnomAD."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.annotate.figures import AlleleFigures, FigureReader
from cad.annotate.own_family import open_family
from cad.cohort.genotypes import Variants
from cad.query.reader import BaseReader
from loaders.sites.alleles import Alleles, pack_bases
from schemas.errors import NotFound

_FOUNDERS: Final = "founder=1"


@contextmanager
def founders_without(reader: BaseReader, family_id: str | None) -> Iterator[FigureReader | None]:
    """Figures of the base's founders, less a family's own; None where the base has no founders.

    A family that the base does not count yet has no part in its figures.

    Raises:
        Conflict: `base_conflict`, where another base replaced the pinned one.
    """
    stratum = next((one for one in reader.base.strata if one.name == _FOUNDERS), None)
    if stratum is None:
        yield None
        return
    with ExitStack() as stack:
        family = None
        if family_id is not None:
            try:
                family = stack.enter_context(open_family(reader, family_id, stratum))
            except NotFound:
                family = None
        yield FigureReader(reader, stratum, family)


def figures_of(founders: FigureReader, variants: Variants) -> AlleleFigures:
    """The founders' figures of some variants, in their order.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    return founders.look_up(variants.contig, _alleles(variants))


def _alleles(variants: Variants) -> Alleles:
    size = variants.size
    short = np.array(
        [len(r) == len(a) == 1 for r, a in zip(variants.ref, variants.alt, strict=True)], bool
    )
    ref, alt = (_first_letters(words, short) for words in (variants.ref, variants.alt))
    longer = {at: (variants.ref[at], variants.alt[at]) for at in np.flatnonzero(~short).tolist()}
    none = np.zeros(0, np.int64)
    return Alleles(variants.pos, pack_bases(ref, alt), longer, np.ones(size, bool), none)


def _first_letters(words: list[str], wanted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    letters = np.array([ord(word[0]) for word in words], np.uint8)
    return letters * wanted.astype(np.uint8)
