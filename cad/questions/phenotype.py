"""A phenotype, or whatever tells persons apart: who has it, and what they carry more often.

Persons with it are set against those without. Of whom nothing is told, it is not known that they
are without it: they are in neither group, unless their sheet says that they are unaffected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.cohort.asked import about_members
from cad.cohort.filter import EXCLUDED, Filter, parse_filter
from cad.cohort.project import Project
from cad.cohort.select import EVERYBODY, Cohort, Members
from cad.query.describe import describer
from cad.query.parse import Region, Variant, parse_region
from cad.query.reader import BaseReader
from cad.questions.association import (
    MIN_CARRIERS,
    MIN_KNOWN,
    Association,
    GeneTable,
    Groups,
    VariantTables,
    called_regions,
    in_bins,
)
from cad.questions.enrichment import STATISTICS, assessed
from cad.questions.qualifying import DEFAULT_IMPACTS, DEFAULT_MAX_AF, Qualifying
from schemas.errors import BadQuestion
from schemas.sheets import SYSTEMS

Document = dict[str, Any]
Mask = NDArray[np.bool_]
Progress = Callable[[int, int], None]

CELLS: Final = ("cases_with", "cases_without", "controls_with", "controls_without")
ATTRIBUTES: Final = ("sex", "affected", "indication", "platform")
FOUNDERS: Final = parse_filter(["founder=1"])
_UNAFFECTED: Final = parse_filter(["affected=0"])
_DECLARED: Final = ("affected", "sex")
"""Attributes of which `unknown` is no value to be set against another."""
MAX_ROWS: Final = 50


def find_phenotype(
    reader: BaseReader,
    cohort: Cohort,
    asked: Filter,
    chosen: Filter = EVERYBODY,
    *,
    against: Filter = EVERYBODY,
    relatives: bool = False,
    region: str | None = None,
    impacts: Sequence[str] = DEFAULT_IMPACTS,
    max_af: float = DEFAULT_MAX_AF,
    project: Project | None = None,
    progress: Progress | None = None,
) -> Document:
    """Persons with a phenotype, and the genes and variants they carry more often than others.

    Args:
        reader: of the base of the purpose; by it variants are described, no figure is from it.
        cohort: everybody at a pinned commit.
        asked: what tells the persons: ``HP:0001250`` with all its kinds, ``ICD10:G40``,
            ``ORPHA:558``, ``indication=X``, ``affected=1``.
        chosen: who may be in either group.
        against: whom they are set against; all others where it asks nothing.
        relatives: whether persons with a declared parent are too; founders alone where not.
        region: only variants and genes there.
        impacts: of variants that qualify for their gene.
        max_af: greatest allele frequency of these, here and in gnomAD.
        project: only its persons.
        progress: is told how many regions are done, of how many.

    Raises:
        BadQuestion: `filter_malformed`, `region_malformed`, `consequence_unknown`.
        NotFound: `hpo_missing`.
        Forbidden: `project_not_open`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    if not asked.terms:
        raise BadQuestion("filter_malformed", "name what tells the persons, as in HP:0001250")
    # Frequencies that qualify a variant are everybody's, whoever is compared.
    members = cohort.members(reader.base.purpose, project=project)
    groups, left_out = compare(members, asked, against, chosen, relatives=relatives)
    qualify = Qualifying(reader, impacts, max_af)
    document = {
        "asked": asked.texts(),
        "label": _label(members, asked),
        "against": against.texts(),
        "founders_only": not relatives,
        **about_members(members.among(members.meets(chosen)), chosen),
        **_persons(groups, left_out),
        "region": region,
    }
    association = Association(groups, qualify)
    parts = _read(association, _regions(reader, members, region), progress)
    variants, n_variants = _variant_rows(reader, parts)
    genes, n_genes = _gene_rows(list(association.genes()))
    return {
        **document,
        "genes": genes,
        "variants": variants,
        "tested": {"genes": n_genes, "variants": n_variants, "min_carriers": MIN_CARRIERS},
        "qualifying": {
            "impacts": list(qualify.impacts), "max_af": max_af, "gnomad": qualify.sources,
            "min_known": MIN_KNOWN,
        },
        "statistics": STATISTICS,
    }  # fmt: skip


def compare(
    members: Members,
    wanted: Filter,
    against: Filter = EVERYBODY,
    chosen: Filter = EVERYBODY,
    *,
    relatives: bool,
) -> tuple[Groups, dict[str, int]]:
    """Who has what is asked, whom they are set against, and how many are in neither group.

    Args:
        members: of whom.
        wanted: what is asked.
        against: what the others meet, who do not meet what is asked.
        chosen: what both meet.
        relatives: whether persons with a declared parent are in the groups.

    Raises:
        NotFound: `hpo_missing`.
    """
    inside = members.meets(chosen)
    cases = members.meets(wanted) & inside
    others = members.meets(against) & inside & ~cases
    known = _is_known(members, wanted)
    kept = np.ones(len(members), bool) if relatives else members.meets(FOUNDERS)
    groups = Groups(members, cases & kept, others & known & kept)
    left_out = {
        "case_relatives": int(np.count_nonzero(cases & ~kept)),
        "control_relatives": int(np.count_nonzero(others & known & ~kept)),
        "untold": int(np.count_nonzero(others & ~known)),
    }
    return groups, left_out


def _is_known(members: Members, wanted: Filter) -> Mask:
    """Of whom it is known whether they meet what is asked."""
    known = np.ones(len(members), bool)
    fields = {term.field for term in wanted.terms}
    if fields & {*SYSTEMS, EXCLUDED}:
        profiles, rows = members.cohort.profiles, members.rows
        coded = np.array([bool(profiles.codes_of[row]) for row in rows.tolist()], bool)
        known &= profiles.described[rows] | coded | members.meets(_UNAFFECTED)
    for name in fields.intersection(_DECLARED):
        known &= ~members.attribute(name).mask(("unknown",))
    return known


def _label(members: Members, wanted: Filter) -> str | None:
    """The name of the one term of HPO that is asked for."""
    ids = [value for term in wanted.terms for value in term.values if term.field == "HPO"]
    if len(ids) != 1:
        # Nobody's features are read where none is asked for.
        return None
    hpo = members.cohort.profiles.hpo
    return hpo.label(hpo.resolve(ids[0]) or ids[0]) if hpo else None


def _persons(groups: Groups, left_out: dict[str, int]) -> Document:
    masks = {"cases": groups.cases, "controls": groups.controls}
    counts = {name: int(np.count_nonzero(mask)) for name, mask in masks.items()}
    by = {}
    for name in ATTRIBUTES:
        attribute = groups.members.attribute(name)
        sizes = {
            one: np.bincount(attribute.codes[mask], minlength=len(attribute.values)).tolist()
            for one, mask in masks.items()
        }
        rows = zip(attribute.values, sizes["cases"], sizes["controls"], strict=True)
        by[name] = [
            {"value": value, "cases": cases, "controls": controls}
            for value, cases, controls in rows
            if cases or controls
        ]
    return {**counts, "left_out": left_out, "by": by}


def _regions(reader: BaseReader, members: Members, text: str | None) -> list[Region]:
    if text is None:
        return called_regions(members)
    return in_bins(parse_region(text, reader.warehouse.assembly))


def _read(
    association: Association, regions: Sequence[Region], progress: Progress | None
) -> list[VariantTables]:
    parts = []
    for done, region in enumerate(regions, start=1):
        parts.append(association.read(region))
        if progress is not None:
            progress(done, len(regions))
    return parts


def _variant_rows(reader: BaseReader, parts: Sequence[VariantTables]) -> tuple[list[Document], int]:
    """The most telling variants, and how many were tested."""
    sizes = [part.variants.size for part in parts]
    if not sum(sizes):
        return [], 0
    found = assessed(np.concatenate([part.tables for part in parts]))
    ends = np.cumsum(sizes)
    places = found.most_telling(MAX_ROWS)
    annotations = reader.annotations(None)
    rows = []
    for at, row in zip(places.tolist(), found.documents(places, CELLS), strict=True):
        number = int(np.searchsorted(ends, at, "right"))
        part, own = parts[number], at - int(ends[number]) + sizes[number]
        variant = Variant(*part.variants.key(own))
        place = Region(variant.contig, variant.pos, variant.pos)
        said = describer(reader, annotations, place)(variant, True)
        symbols = dict.fromkeys(one["symbol"] for one in said["consequences"] if one["symbol"])
        rows.append(
            {
                "variant": str(variant), "symbols": [*symbols],
                "most_severe": said["most_severe"], "impact": said["impact"],
                "af": float(part.af[own]), **row,
            }
        )  # fmt: skip
    return rows, sum(sizes)


def _gene_rows(genes: Sequence[GeneTable]) -> tuple[list[Document], int]:
    """The most telling genes, and how many were tested."""
    if not genes:
        return [], 0
    found = assessed(np.array([one.table for one in genes], np.int64))
    places = found.most_telling(MAX_ROWS)
    names = ("gene_id", "symbol", "contig", "variants")
    return [
        {**{name: getattr(genes[at], name) for name in names}, **row}
        for at, row in zip(places.tolist(), found.documents(places, CELLS), strict=True)
    ], len(genes)
