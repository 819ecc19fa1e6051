"""Who carries a variant: how many, of what kind, and what they have more often than others.

Counted from the calls and the known alleles of the pinned commit, among those who could have shown
the variant; nobody else is in any table. Persons of whom no feature is told are in none about
features: nothing is known of what they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cad.cohort.asked import about_members
from cad.cohort.filter import Filter
from cad.cohort.genotypes import GenotypeReader
from cad.cohort.phenotypes import Profiles
from cad.cohort.project import Project
from cad.cohort.select import EVERYBODY, Cohort, Members
from cad.query.look_up import resolve
from cad.query.parse import Variant
from cad.query.reader import BaseReader
from cad.questions.enrichment import STATISTICS, assessed

Document = dict[str, Any]
Mask = NDArray[np.bool_]
Level = Literal["organ-system", "term"]

ATTRIBUTES: Final = ("affected", "sex", "indication", "platform")
"""What carriers are told apart by."""
CELLS: Final = ("carriers_with", "carriers_without", "others_with", "others_without")
MIN_HOLDERS: Final = 2
"""A feature is tested where so many persons have it, carriers or not, and not everybody has it."""
MAX_ROWS: Final = 50
_FORMS: Final = (("het", 2, 1), ("hom", 2, 2), ("hemi", 1, 1))
"""Names of zygosity, with copies and dose; on M het is heteroplasmic and hom homoplasmic."""


@dataclass(frozen=True, eq=False)
class Carrying:
    """Which of some members carry a variant, and which could have shown it.

    Attributes:
        members: of whom.
        copies: by member: 2 where one copy is heterozygous, 1 where it is hemizygous, else 0.
        dose: by member: passing copies carried.
        callable: by member: whether any passing allele is known there.
    """

    members: Members
    copies: NDArray[np.uint8]
    dose: NDArray[np.uint8]
    callable: Mask

    @property
    def carriers(self) -> Mask:
        """Who carries a passing copy."""
        return self.dose > 0

    @cached_property
    def zygosity(self) -> dict[str, Mask]:
        """Who carries it how."""
        return {
            name: (self.copies == copies) & (self.dose == dose) for name, copies, dose in _FORMS
        }

    def counts(self, chosen: Mask | None = None) -> Document:
        """Carriers by zygosity and persons who could have shown it, of some members."""
        own = np.ones(len(self.members), bool) if chosen is None else chosen
        return {
            "carriers": int(np.count_nonzero(self.carriers & own)),
            **{name: int(np.count_nonzero(has & own)) for name, has in self.zygosity.items()},
            "callable": int(np.count_nonzero(self.callable & own)),
        }


def read_carrying(members: Members, variant: Variant) -> Carrying:
    """Who of some members carries a variant.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    reader = GenotypeReader(members)
    calls = reader.variant(variant)
    copies, dose = np.zeros((2, len(members)), np.uint8)
    copies[calls.member], dose[calls.member] = calls.copies, calls.passing
    known = reader.known(variant.contig, np.array([variant.pos], np.int64))
    return Carrying(members, copies, dose, known.passing[:, 0] > 0)


def find_carriers(
    reader: BaseReader,
    cohort: Cohort,
    text: str,
    chosen: Filter = EVERYBODY,
    *,
    level: Level,
    project: Project | None = None,
) -> Document:
    """Carriers of a variant, and the features they have more often than callable non-carriers.

    Args:
        reader: of the base of the purpose; by it the variant is found, no figure is from it.
        cohort: everybody at a pinned commit.
        text: the variant, in any form that `resolve` reads.
        chosen: among which persons.
        level: which features are told: `organ-system` is what a clinician may see of persons not
            their own (DESIGN 7), `term` every term of HPO.
        project: only its persons, who are then listed under its pseudonyms.

    Raises:
        BadQuestion: what `resolve` raises.
        NotFound: `variant_unknown`, `genes_missing`, `hpo_missing`.
        Forbidden: `project_not_open`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    variant = resolve(reader, text)
    members = cohort.members(reader.base.purpose, chosen, project)
    carrying = read_carrying(members, variant)
    document = {
        "variant": str(variant),
        "normalised_from": variant.normalised_from,
        **about_members(members, chosen),
        **carrying.counts(),
        "by": {name: _by(carrying, name) for name in ATTRIBUTES},
        **_phenotypes(carrying, level),
    }
    if project is not None:
        document["carriers_listed"] = _listed(carrying)
    return document


def _by(carrying: Carrying, name: str) -> list[Document]:
    """Carriers and callable persons by the values of an attribute, sorted by value."""
    attribute = carrying.members.attribute(name)
    rows = [
        {"value": value, **carrying.counts(attribute.codes == code)}
        for code, value in enumerate(attribute.values)
    ]
    return sorted((row for row in rows if row["callable"]), key=lambda row: str(row["value"]))


def _phenotypes(carrying: Carrying, level: Level) -> Document:
    """How many have which features, and the tests of them."""
    profiles, rows = carrying.members.cohort.profiles, carrying.members.rows
    told = profiles.described[rows] & carrying.callable
    carriers, others = told & carrying.carriers, told & ~carrying.carriers
    holders = profiles.organ_systems if level == "organ-system" else profiles.rows_by_term
    place = np.full(profiles.persons, -1, np.int64)
    place[rows[told]] = np.flatnonzero(told)
    names, tables = [], []
    for term, having in holders.items():
        within = place[having]
        within = within[within >= 0]
        with_it = int(np.count_nonzero(carriers[within]))
        if MIN_HOLDERS <= len(within) < np.count_nonzero(told):
            names.append(term)
            tables.append((with_it, len(within) - with_it))
    return {
        "level": level,
        "described": {
            "carriers": int(np.count_nonzero(carriers)),
            "others": int(np.count_nonzero(others)),
        },
        "enrichment": _enrichment(profiles, names, tables, carriers, others),
        "tested": len(names),
        "statistics": STATISTICS,
    }


def _enrichment(
    profiles: Profiles,
    names: Sequence[str],
    holders: Sequence[tuple[int, int]],
    carriers: Mask,
    others: Mask,
) -> list[Document]:
    """The features that any carrier has, the most telling first."""
    if not names:
        return []
    held = np.array(holders, np.int64)
    totals = np.array([np.count_nonzero(carriers), np.count_nonzero(others)])
    tables = np.stack([held, totals - held], axis=2).reshape(-1, 4)
    found = assessed(tables)
    places = found.most_telling(len(names))
    places = places[tables[places, 0] > 0][:MAX_ROWS]
    rows = found.documents(places, CELLS)
    return [
        {"hpo_id": names[at], "label": _label(profiles, names[at]), **row}
        for at, row in zip(places.tolist(), rows, strict=True)
    ]


def _label(profiles: Profiles, term: str) -> str | None:
    return profiles.hpo.label(term) if profiles.hpo else None


def _listed(carrying: Carrying) -> list[Document]:
    """The carriers of a project, by pseudonym."""
    members = carrying.members
    called, terms = members.persons, members.cohort.profiles.terms_of
    values = {name: members.attribute(name) for name in ATTRIBUTES}
    rows = [
        {
            "person": called[at],
            "zygosity": next(name for name, has in carrying.zygosity.items() if has[at]),
            **{name: one.values[one.codes[at]] for name, one in values.items()},
            "features": sorted(terms[members.rows[at]]),
        }
        for at in np.flatnonzero(carrying.carriers).tolist()
    ]
    return sorted(rows, key=lambda row: str(row["person"]))
