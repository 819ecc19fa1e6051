"""What sources tell of the variants of a gene, as arrays beside the calls: what masks ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.annotation.consequences import consequences_between
from cad.annotation.gene_model import Gene
from cad.annotation.reader import AnnotationReader
from cad.cohort.asked import region_of
from cad.cohort.genotypes import Variants
from cad.query.parse import Region, Variant
from cad.registry.annotations import AnnotationRow
from schemas.consequences import impact, most_severe
from schemas.errors import NotFound

Document = dict[str, Any]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

SCORES: Final = {
    "revel": ("score", 0.644),
    "alphamissense": ("score", 0.564),
    "cadd": ("phred", 25.3),
    "score": ("score", None),
}
"""By kind of source: its field, and from which score a missense variant counts where nobody says.

Of REVEL and CADD what gives PP3 (Pejaver et al. 2022), of AlphaMissense its likely pathogenic class
(Cheng et al. 2023).
"""
_MISSENSE: Final = "missense_variant"


@dataclass(frozen=True)
class Told:
    """What is told of some variants, one element per variant.

    Attributes:
        most_severe: what each does to the gene, worst first; None where nothing is told.
        impact: IMPACT of that; None likewise.
        missense: whether a transcript of the gene has it as missense.
        score: of the source asked; NaN where it has none.
        gnomad: the greatest frequency in gnomAD; NaN where it has none.
        untold: of whose consequences nothing is told at all.
    """

    most_severe: list[str | None]
    impact: list[str | None]
    missense: Mask
    score: Floats
    gnomad: Floats
    untold: Mask

    def has_impact(self, words: Sequence[str]) -> Mask:
        """Whose IMPACT for the gene is one of these."""
        return np.array([one in words for one in self.impact], bool)


def is_rare(af: Floats, at_most: float) -> Mask:
    """Which frequencies are no greater; NaN, where nobody knows, makes no variant common.

    >>> is_rare(np.array([0.001, 0.2, np.nan]), 0.01).tolist()
    [True, False, True]
    """
    return ~(af > at_most)


def score_source(annotations: AnnotationReader, name: str | None) -> AnnotationRow | None:
    """The source of scores of a name or kind; where none is named, the one loaded last, if any.

    Raises:
        NotFound: `annotation_unknown`.
    """
    found = [one for one in annotations.sources if one.kind in SCORES]
    if name is not None:
        found = [one for one in found if name in (one.name, one.kind)]
        if not found:
            raise NotFound("annotation_unknown", "no scores of this name are loaded", name)
    return max(found, key=lambda one: one.annotation_no, default=None)


def told_of(
    annotations: AnnotationReader,
    gene: Gene,
    variants: Variants,
    scores: AnnotationRow | None,
) -> Told:
    """What the sources tell of some variants of a gene.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    return told_in(annotations, region_of(gene), variants, scores, gene)


def told_in(
    annotations: AnnotationReader,
    region: Region,
    variants: Variants,
    scores: AnnotationRow | None = None,
    gene: Gene | None = None,
) -> Told:
    """What the sources tell of some variants of a region, for one gene or for the worst of all.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    does = consequences_between(annotations, region)
    keys = [variants.key(at) for at in range(variants.size)]
    documents = [does(Variant(*key), True) for key in keys]
    terms = [_terms(document, gene) for document in documents]
    worst = [most_severe(some) if some else None for some in terms]
    records = annotations.between(region)
    frequency = {one.annotation_no: "af" for one in annotations.sources if one.kind == "gnomad"}
    field = {} if scores is None else {scores.annotation_no: SCORES[scores.kind][0]}
    places = [key[1:] for key in keys]
    return Told(
        worst,
        [None if one is None else impact([one]) for one in worst],
        np.array([_MISSENSE in some for some in terms], bool),
        _greatest(records, field, places),
        _greatest(records, frequency, places),
        np.array([one["consequences_missing"] is not None for one in documents], bool),
    )


def _terms(document: Document, gene: Gene | None) -> list[str]:
    """The consequences of a variant for a gene."""
    return [
        term
        for row in document["consequences"]
        if gene is None
        or row["gene_id"] == gene.gene_id
        or (row["gene_id"] is None and row["symbol"] == gene.symbol)
        for term in row["consequences"]
    ]


def _greatest(
    records: dict[int, dict[tuple[int, str, str], list[dict[str, Any]]]],
    fields: dict[int, str],
    places: Sequence[tuple[int, str, str]],
) -> Floats:
    """The greatest value that some sources have of each variant; NaN where they have none."""
    found = np.full(len(places), np.nan)
    for number, field in fields.items():
        own = records.get(number, {})
        for at, place in enumerate(places):
            for record in own.get(place, ()):
                if field in record:
                    found[at] = np.fmax(found[at], record[field])
    return found
