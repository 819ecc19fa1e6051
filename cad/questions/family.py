"""Question 5: which variants fit a way of inheritance in a family.

De novo, recessive homozygous, compound heterozygous and X-linked, as `segregation` says them; kept
are those that are rare here and in gnomAD, and change a gene as asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cad.cohort.asked import about_members, find_genes, region_of
from cad.cohort.filter import Filter, Term
from cad.cohort.genotypes import GenotypeReader
from cad.cohort.project import Project, pseudonym
from cad.cohort.select import EVERYBODY, Cohort, Members
from cad.query.parse import Region
from cad.query.reader import BaseReader
from cad.questions.findings import MODES, FamilyReader, Kept, children
from cad.questions.rare import founders_without
from schemas.consequences import IMPACTS, TERMS
from schemas.contigs import CONTIG_ORDER, CONTIGS, contig_length
from schemas.errors import BadQuestion, NotFound
from schemas.known import SEXES

__all__ = ["MODES", "Kept", "find_inheritance"]

Document = dict[str, Any]


def find_inheritance(
    reader: BaseReader,
    cohort: Cohort,
    family_id: str,
    kept: Kept | None = None,
    project: Project | None = None,
    platform: str | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> Document:
    """The variants of a family's children that fit a way of inheritance.

    Args:
        reader: of the base of the purpose.
        cohort: everybody at a pinned commit.
        family_id: as sheets name it; in a project its pseudonym.
        kept: which variants are kept.
        project: in whose scope the family's members must be.
        platform: whose samples they must be, for a platform that asks of its own.
        advance: is told how many regions are done.

    Returns:
        `members`, and `findings` by child, mode and place. A child is a member with a parent among
        the members, or who is affected.

    Raises:
        BadQuestion: `consequence_unknown`.
        Conflict: `base_conflict`, where a build replaced the base meanwhile.
        Forbidden: `project_not_open`.
        NotFound: `family_unknown`, `genes_missing`, `gene_unknown`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    chosen = kept or Kept()
    _check(chosen)
    members = _members(cohort, reader.base.purpose, family_id, project, platform)
    regions = _regions(reader, chosen.genes)
    findings: list[Document] = []
    with founders_without(reader, _sheet_family(members, family_id)) as founders:
        family = FamilyReader(GenotypeReader(members), reader.annotations(None), founders, chosen)
        for done, region in enumerate(regions, start=1):
            findings += family.findings(region)
            if advance is not None:
                advance(done, len(regions))
    findings.sort(key=lambda one: (one["child"], MODES.index(one["mode"])))
    return {
        "family": family_id,
        **about_members(members, EVERYBODY),
        "modes": list(chosen.modes),
        "max_af": chosen.max_af,
        "max_gnomad_af": chosen.max_gnomad_af,
        "impacts": list(chosen.impacts),
        "consequences": list(chosen.consequences),
        "genes": list(chosen.genes),
        "members": _member_documents(members),
        "findings": findings,
    }


def _check(kept: Kept) -> None:
    for words, known in ((kept.impacts, IMPACTS), (kept.consequences, tuple(TERMS))):
        for word in words:
            if word not in known:
                raise BadQuestion("consequence_unknown", "expected an IMPACT, or an SO term", word)


def _members(
    cohort: Cohort, purpose: str, family_id: str, project: Project | None, platform: str | None
) -> Members:
    """The members of a family, and declared parents whom no sheet puts into it."""
    own = EVERYBODY if platform is None else Filter((Term("platform", (platform,)),))
    open_to = cohort.members(purpose, own, project)
    inside = open_to.meets(Filter((Term("family", (family_id,)),)))
    if not inside.any():
        raise NotFound("family_unknown", "nobody who may be asked about is of this family")
    for parents in (open_to.father, open_to.mother):
        named = parents[inside]
        inside[named[named >= 0]] = True
    return open_to.among(inside)


def _sheet_family(members: Members, family_id: str) -> str | None:
    """A family as sheets name it, where a project knows it by a pseudonym."""
    if members.project is None:
        return family_id
    named = {one for row in members.rows.tolist() for one in members.cohort.families[row]}
    key = members.project.key
    return next((one for one in named if pseudonym(key, one) == family_id), None)


def _regions(reader: BaseReader, names: tuple[str, ...]) -> list[Region]:
    """Every contig, or where some genes lie, each position once."""
    assembly = reader.warehouse.assembly
    if not names:
        return [Region(contig, 1, contig_length(assembly, contig)) for contig in CONTIGS]
    found = {region_of(gene) for name in dict.fromkeys(names) for gene in find_genes(reader, name)}
    merged: list[Region] = []
    for one in sorted(found, key=lambda at: (CONTIG_ORDER[at.contig], at.start)):
        last = merged[-1] if merged else None
        if last is not None and last.contig == one.contig and one.start <= last.end:
            merged[-1] = Region(one.contig, last.start, max(last.end, one.end))
        else:
            merged.append(one)
    return merged


def _member_documents(members: Members) -> list[Document]:
    affected = members.attribute("affected")
    persons, told = members.persons, set(children(members))

    def parent(at: int) -> str | None:
        return persons[at] if at >= 0 else None

    return [
        {
            "person": person,
            "sex": SEXES[int(members.sex[at])],
            "affected": affected.values[int(affected.codes[at])],
            "father": parent(int(members.father[at])),
            "mother": parent(int(members.mother[at])),
            "child": at in told,
        }
        for at, person in enumerate(persons)
    ]
