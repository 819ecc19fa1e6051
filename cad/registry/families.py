"""Everybody of whom something is known, their parents and twins, and the families they form.

Sample sheets come first, clinical documents second: of a person's rows the first that says
something, batches and samples by their ids from the greatest, then documents from the latest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select

from cad.registry.clinical_tables import person, relation
from cad.registry.tables import batch, phenotype, sample, visible

_PARENTS: Final = {"father": "father_id", "mother": "mother_id", "twin": "twin_of"}
_UNSAID: Final = (None, "unknown")


@dataclass(frozen=True)
class FamilyMember:
    """A person.

    Attributes:
        person_id: pseudonym.
        family_id: as told of the person or a relative; where nobody's is told, the least pseudonym
            of those who are linked; None for a person without relatives.
        role: proband, or what the person is to one: father, mother, twin, sibling, child, relative;
            None without a family.
        father_id: pseudonym.
        mother_id: pseudonym.
        twin_of: pseudonym of a monozygotic twin.
        sex: XX, XY, other or unknown.
        affected: 0, 1 or unknown.
        proband: whether the sheet says so.
        sequenced: whether a sample is there.
    """

    person_id: str
    family_id: str | None = None
    role: str | None = None
    father_id: str | None = None
    mother_id: str | None = None
    twin_of: str | None = None
    sex: str = "unknown"
    affected: str = "unknown"
    proband: bool | None = None
    sequenced: bool = False

    @property
    def relatives(self) -> set[str]:
        """Parents and twin."""
        return {one for one in (self.father_id, self.mother_id, self.twin_of) if one is not None}


def read_members(connection: Connection, commit_no: int) -> dict[str, FamilyMember]:
    """Everybody with a sample or a clinical document at a commit, by pseudonym."""
    told: dict[str, dict[str, Any]] = {}
    for owner, values in _statements(connection, commit_no):
        known = told.setdefault(owner, {})
        for name, value in values.items():
            if value not in _UNSAID:
                known.setdefault(name, value)
    members = {owner: FamilyMember(owner, **values) for owner, values in sorted(told.items())}
    family_of = _family_ids(members)
    members = {
        owner: replace(one, family_id=family_of.get(owner)) for owner, one in members.items()
    }
    return _with_roles(members)


def families(connection: Connection, commit_no: int) -> dict[str, list[FamilyMember]]:
    """The members of each family at a commit, by family and pseudonym."""
    found: dict[str, list[FamilyMember]] = defaultdict(list)
    for one in read_members(connection, commit_no).values():
        if one.family_id is not None:
            found[one.family_id].append(one)
    return dict(sorted(found.items()))


def _statements(connection: Connection, commit_no: int) -> Iterable[tuple[str, dict[str, Any]]]:
    """What rows say of persons, those that decide first."""
    names = ("family_id", "father_id", "mother_id", "twin_of", "sex", "affected", "proband")
    sheets = (
        select(sample.c.person_id, *(sample.c[name] for name in names))
        .join(batch, batch.c.batch_no == sample.c.batch_no)
        .where(visible(sample, commit_no))
        .order_by(batch.c.batch_id.desc(), sample.c.sample_id.desc())
    )
    for owner, *values in connection.execute(sheets):
        yield owner, {**dict(zip(names, values, strict=True)), "sequenced": True}
    documents = (
        select(person.c.person_id, person.c.family_id, person.c.sex, person.c.affected)
        .where(visible(person, commit_no))
        .order_by(person.c.person_no.desc())
    )
    for owner, family_id, sex, affected in connection.execute(documents):
        yield owner, {"family_id": family_id, "sex": sex, "affected": affected}
    relatives = (
        select(relation.c.person_id, relation.c.kind, relation.c.relative_id)
        .where(visible(relation, commit_no), relation.c.kind.in_(_PARENTS))
        .order_by(relation.c.relation_no.desc())
    )
    for owner, kind, relative in connection.execute(relatives):
        yield owner, {_PARENTS[kind]: relative}
    others = select(phenotype.c.person_id).where(visible(phenotype, commit_no)).distinct()
    yield from ((owner, {}) for owner in connection.scalars(others))


def _family_ids(members: Mapping[str, FamilyMember]) -> dict[str, str]:
    """The family of each person who has one: that told, else that of those they are linked to."""
    links: dict[str, set[str]] = defaultdict(set)
    for owner, one in members.items():
        for relative in one.relatives:
            links[owner].add(relative)
            links[relative].add(owner)
    found = {owner: one.family_id for owner, one in members.items() if one.family_id is not None}
    seen: set[str] = set()
    for start in sorted(links):
        if start in seen:
            continue
        group, waiting = {start}, [start]
        while waiting:
            new = links[waiting.pop()] - group
            group |= new
            waiting += new
        seen |= group
        named = min((found[one] for one in group if one in found), default=min(group))
        for linked in group:
            found.setdefault(linked, named)
    return found


def _with_roles(members: Mapping[str, FamilyMember]) -> dict[str, FamilyMember]:
    by_family: dict[str, list[FamilyMember]] = defaultdict(list)
    for one in members.values():
        if one.family_id is not None:
            by_family[one.family_id].append(one)
    made = dict(members)
    for own in by_family.values():
        probands = _probands(own)
        for one in own:
            made[one.person_id] = replace(one, role=_role(one, probands))
    return made


def _probands(own: Iterable[FamilyMember]) -> list[FamilyMember]:
    """Those whom a sheet calls so; else the affected ones who are nobody's parent here."""
    people = list(own)
    said = [one for one in people if one.proband]
    parents = {parent for one in people for parent in (one.father_id, one.mother_id)}
    return said or [one for one in people if one.affected == "1" and one.person_id not in parents]


def _role(one: FamilyMember, probands: Iterable[FamilyMember]) -> str:
    told = {_role_to(one, proband) for proband in probands}
    order = ("proband", "father", "mother", "twin", "sibling", "child")
    return next((role for role in order if role in told), "relative")


def _role_to(one: FamilyMember, proband: FamilyMember) -> str:
    if one.person_id == proband.person_id:
        return "proband"
    if one.person_id == proband.father_id:
        return "father"
    if one.person_id == proband.mother_id:
        return "mother"
    if one.person_id == proband.twin_of or one.twin_of == proband.person_id:
        return "twin"
    if proband.person_id in (one.father_id, one.mother_id):
        return "child"
    own, other = ({who.father_id, who.mother_id} - {None} for who in (one, proband))
    return "sibling" if own & other else "relative"
