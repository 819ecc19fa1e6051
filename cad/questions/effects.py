"""What single variants far apart do to genes, and how common gnomAD has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.annotation.consequences import consequences_between
from cad.annotation.reader import AnnotationReader
from cad.cohort.genotypes import Variants
from cad.query.parse import Region, Variant
from schemas.consequences import impact, most_severe

Document = dict[str, Any]
Ints = NDArray[np.int64]

_NEAR: Final = (20_000, 500_000)
_FAR: Final = (1_000_000, 10_000_000)
"""Variants nearer than the first are asked for at once, of no more positions than the second.

Of gnomAD, which has a variant at every third position, less is read at once.
"""


@dataclass(frozen=True)
class GeneEffect:
    """What a variant does to one gene; `terms` over all of its transcripts."""

    gene_id: str | None
    symbol: str | None
    terms: frozenset[str]

    @property
    def most_severe(self) -> str:
        """The worst of the terms."""
        return most_severe(self.terms)

    @property
    def impact(self) -> str:
        """IMPACT of the worst."""
        return impact([self.most_severe])

    def document(self) -> Document:
        """As answers tell it."""
        return {
            "gene_id": self.gene_id,
            "symbol": self.symbol,
            "most_severe": self.most_severe,
            "impact": self.impact,
        }


@dataclass(frozen=True)
class Effect:
    """What is told of a variant: `gnomad_af` is the greatest of its sources, None without one."""

    genes: tuple[GeneEffect, ...]
    gnomad_af: float | None


def effects_of(
    annotations: AnnotationReader, variants: Variants, places: Ints
) -> dict[int, Effect]:
    """What is told of some of the variants of a contig, by place; `places` ascend.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    gnomad = [one.annotation_no for one in annotations.sources if one.kind == "gnomad"]
    found: dict[int, Effect] = {}
    for some in _runs(variants.pos[places], *(_NEAR if gnomad else _FAR)):
        own = places[some].tolist()
        region = Region(variants.contig, int(variants.pos[own[0]]), int(variants.pos[own[-1]]))
        does = consequences_between(annotations, region)
        records = annotations.between(region) if gnomad else {}
        for at in own:
            key = variants.key(at)
            values = [
                record["af"]
                for number in gnomad
                for record in records.get(number, {}).get(key[1:], ())
                if "af" in record
            ]
            told = does(Variant(*key), True)["consequences"]
            found[at] = Effect(_by_gene(told), max(values, default=None))
    return found


def _runs(pos: Ints, gap: int, widest: int) -> Iterator[slice]:
    """Runs of ascending positions that are asked for at once."""
    first = 0
    for at in range(1, len(pos) + 1):
        if at == len(pos) or pos[at] - pos[at - 1] > gap or pos[at] - pos[first] > widest:
            yield slice(first, at)
            first = at


def _by_gene(rows: list[Document]) -> tuple[GeneEffect, ...]:
    """The effects of a variant, the gene it changes most first."""
    terms: dict[tuple[str | None, str | None], set[str]] = {}
    for row in rows:
        terms.setdefault((row["gene_id"], row["symbol"]), set()).update(row["consequences"])
    return tuple(GeneEffect(*gene, frozenset(own)) for gene, own in terms.items())
