"""Which variants qualify for a gene: by what they do to it, and how rare they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.annotation.consequences import consequences_between
from cad.annotation.reader import AnnotationReader
from cad.cohort.genotypes import Variants
from cad.query.parse import Region, Variant
from cad.query.reader import BaseReader
from cad.questions.association import GeneVariant
from schemas.consequences import IMPACTS
from schemas.errors import BadQuestion

DEFAULT_IMPACTS: Final = ("HIGH", "MODERATE")
DEFAULT_MAX_AF: Final = 0.01


class Qualifying:
    """Rare variants with some impact on a gene.

    Args:
        reader: of the base, whose annotations at the pinned commit tell what variants do.
        impacts: of the most severe consequence for the gene.
        max_af: the greatest allele frequency, among the members and in each source of gnomAD.

    Raises:
        BadQuestion: `consequence_unknown`.
        Unavailable: `registry_unusable`.
    """

    def __init__(self, reader: BaseReader, impacts: Collection[str], max_af: float) -> None:
        for word in impacts:
            if word not in IMPACTS:
                detail = f"expected one of {', '.join(IMPACTS)}"
                raise BadQuestion("consequence_unknown", detail, word)
        self.impacts, self.max_af = tuple(impacts), max_af
        self._annotations = reader.annotations(None)
        gnomad = [one for one in self._annotations.sources if one.kind == "gnomad"]
        self.sources = [f"{one.name} {one.version}" for one in gnomad]
        self._gnomad = AnnotationReader(
            reader.warehouse, reader.base.pinned_no, gnomad, self._annotations.files
        )

    def __call__(
        self, region: Region, variants: Variants, af: NDArray[np.float64]
    ) -> Iterator[GeneVariant]:
        """The qualifying variants of a region, one for each gene they change."""
        does = consequences_between(self._annotations, region)
        for at in np.flatnonzero(af <= self.max_af).tolist():
            variant = Variant(*variants.key(at))
            own: dict[str, GeneVariant] = {}
            for row in does(variant, True)["consequences"]:
                gene = row["gene_id"] or row["symbol"]
                if gene is not None and row["impact"] in self.impacts:
                    own[gene] = GeneVariant(at, gene, row["symbol"] or gene)
            if own and not self._is_common(variant):
                yield from own.values()

    def _is_common(self, variant: Variant) -> bool:
        said: list[dict[str, Any]] = sum(self._gnomad.at(variant).values(), [])
        return any(one.get("af") is not None and one["af"] > self.max_af for one in said)
