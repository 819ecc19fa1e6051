"""Question 4: how often variants are seen in any subset of persons, with exact denominators.

Whom the asker may choose among is not decided here: outside care a subset on demand is for the
persons of an approved project alone (DESIGN 5.8, 7), and the operator's command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cad.cohort.asked import Sought, about_members, sought
from cad.cohort.counts import Counts, count_variants
from cad.cohort.filter import Filter
from cad.cohort.genotypes import GenotypeReader
from cad.cohort.project import Project
from cad.cohort.select import EVERYBODY, Cohort
from cad.query.parse import Variant
from cad.query.reader import BaseReader

Document = dict[str, Any]


def find_frequencies(
    reader: BaseReader,
    cohort: Cohort,
    what: str,
    chosen: Filter = EVERYBODY,
    project: Project | None = None,
) -> Document:
    """How often a variant, or each variant of a region or gene, is seen among chosen persons.

    Args:
        reader: of the base of the purpose; by it names are found, no figure is from it.
        cohort: everybody at a pinned commit.
        what: a variant by any name, ``22:1-1000``, or a gene.
        chosen: which persons.
        project: whose persons alone are chosen from.

    Returns:
        Whom it is of, and `variants`: those a chosen person carries, by position, each with its
        state and figures among them. A variant asked for by name is there in any state.

    Raises:
        BadQuestion: `region_malformed`, `variant_malformed` and others of `cad.query.look_up`.
        Forbidden: `project_not_open`.
        NotFound: `variant_unknown`, `genes_missing`, `hpo_missing`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    members = cohort.members(reader.base.purpose, chosen, project)
    place = sought(reader, what)
    genes = [
        {"symbol": gene.symbol, "gene_id": gene.gene_id, "region": str(region)}
        for gene, region in zip(place.genes, place.regions, strict=False)
    ]
    return {
        "asked": what,
        "kind": place.kind,
        "genes": genes,
        "regions": [str(region) for region in place.regions],
        **about_members(members, chosen),
        "variants": list(_variants(GenotypeReader(members), place)),
    }


def _variants(reader: GenotypeReader, place: Sought) -> Iterator[Document]:
    if place.variant is not None:
        (counts,) = count_variants(reader, reader.variant(place.variant))
        yield _document(counts, 0, place.variant.normalised_from)
        return
    for region in place.regions:
        (counts,) = count_variants(reader, reader.calls(region))
        for at in range(counts.variants.size):
            yield _document(counts, at)


def _document(counts: Counts, at: int, normalised_from: str | None = None) -> Document:
    state = counts.state(at)
    return {
        "variant": str(Variant(*counts.variants.key(at))),
        "normalised_from": normalised_from,
        "state": state,
        "raw_only": state == "callable_not_seen" and bool(counts.ac_raw[at] > 0),
        **counts.document(at),
    }
