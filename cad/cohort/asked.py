"""What answers about persons on demand share: where to look, and whom the answer is of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from cad.annotation.gene_model import Gene
from cad.annotation.gene_source import gene_model_of
from cad.cohort.filter import Filter
from cad.cohort.select import Members
from cad.query.look_up import resolve
from cad.query.parse import Region, Variant, parse_region
from cad.query.reader import BaseReader
from schemas.errors import NotFound

Document = dict[str, Any]

_REGION: Final = re.compile(r"[^:]+:\d+-\d+", re.ASCII)


@dataclass(frozen=True)
class Sought:
    """Where to look: one variant, a region, or the genes of a name."""

    kind: Literal["variant", "region", "gene"]
    regions: tuple[Region, ...]
    variant: Variant | None = None
    genes: tuple[Gene, ...] = ()


def sought(reader: BaseReader, text: str) -> Sought:
    """What a text asks for: a region, else a gene of the loaded model, else a variant by any name.

    Raises:
        BadQuestion: `region_malformed`, `variant_malformed` and others of `cad.query.look_up`.
        NotFound: `variant_unknown`, `genes_missing`.
        Unavailable: `registry_unusable`.
    """
    asked = text.strip()
    if _REGION.fullmatch(asked):
        return Sought("region", (parse_region(asked, reader.warehouse.assembly),))
    model = gene_model_of(reader.annotations(None))
    found = model.find(asked) if model is not None else None
    if found is not None:
        genes = tuple(found[1])
        return Sought("gene", tuple(region_of(gene) for gene in genes), genes=genes)
    variant = resolve(reader, asked)
    here = Region(variant.contig, variant.pos, variant.pos)
    return Sought("variant", (here,), variant)


def find_genes(reader: BaseReader, name: str) -> list[Gene]:
    """The genes of a name.

    Raises:
        NotFound: `genes_missing`, `gene_unknown`.
        Unavailable: `registry_unusable`.
    """
    model = gene_model_of(reader.annotations(None))
    if model is None:
        raise NotFound("genes_missing", "add a gene model: cad annotation add genes", name)
    found = model.find(name)
    if found is None:
        raise NotFound("gene_unknown", "the loaded gene model has no such gene", name)
    return found[1]


def region_of(gene: Gene) -> Region:
    """Where a gene lies."""
    return Region(gene.contig, gene.start, gene.end)


def about_members(members: Members, chosen: Filter) -> Document:
    """Whom an answer is of, at which commit, and for which purpose."""
    cohort = members.cohort
    platforms = members.attribute("platform")
    present = sorted({platforms.values[code] for code in platforms.codes.tolist()})
    return {
        "assembly": cohort.warehouse.assembly,
        "purpose": members.purpose,
        "project": None if members.project is None else members.project.name,
        "commit": cohort.commit_no,
        "release": None,
        "where": chosen.texts(),
        "persons": len(members),
        "platforms": present,
    }
