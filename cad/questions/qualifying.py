"""Which variants qualify for a gene: by what they do to it, and how rare they are."""

from __future__ import annotations

from collections import defaultdict
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
from cad.questions.told import is_rare
from schemas.consequences import IMPACTS, impact
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
        for at in np.flatnonzero(is_rare(af, self.max_af)).tolist():
            variant = Variant(*variants.key(at))
            terms: dict[str, list[str]] = defaultdict(list)
            symbols: dict[str, str] = {}
            for row in does(variant, True)["consequences"]:
                gene = row["gene_id"] or row["symbol"]
                if gene is not None:
                    terms[gene] += row["consequences"]
                    symbols[gene] = row["symbol"] or gene
            own = [gene for gene, some in terms.items() if impact(some) in self.impacts]
            if own and is_rare(self._gnomad_af(variant), self.max_af).all():
                yield from (GeneVariant(at, gene, symbols[gene]) for gene in own)

    def _gnomad_af(self, variant: Variant) -> NDArray[np.float64]:
        said: list[dict[str, Any]] = sum(self._gnomad.at(variant).values(), [])
        return np.array([one.get("af", np.nan) for one in said], np.float64)
