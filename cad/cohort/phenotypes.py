"""Features and diseases of everybody in a cohort, closed over HPO's ancestors.

Codes stay as they were recorded; what they stand for is asked of the release of HPO that is loaded
at the commit. A code that it does not know, mostly because it is newer, stays itself. Who has a
feature has all that it is a kind of; who has not a feature has none of its kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from cad.clinical.hpo import Hpo
from cad.cohort.filter import bare_code
from cad.registry.clinical_tables import disease
from cad.registry.tables import phenotype, visible

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

ABNORMALITY: Final = "HP:0000118"
"""Phenotypic abnormality; its children are the organ systems."""


class Feature(NamedTuple):
    """A code of a person, by the person's row in the cohort."""

    row: int
    system: str
    code: str
    excluded: bool


def read_features(
    connection: Connection, commit_no: int, row_of: Mapping[str, int]
) -> list[Feature]:
    """All features and diseases that are told at a commit of the persons of a cohort."""
    found = []
    for table in (phenotype, disease):
        query = select(table.c.person_id, table.c.system, table.c.code, table.c.excluded)
        for person, system, code, excluded in connection.execute(
            query.where(visible(table, commit_no))
        ):
            row = row_of.get(person)
            if row is not None:
                found.append(Feature(row, system, bare_code(system, code), excluded))
    return found


class Profiles:
    """Who has which features; rows are those of the cohort.

    Args:
        features: of everybody.
        persons: how many the cohort has.
        hpo: the release that answers; None where none is loaded: ids then stay as recorded.
    """

    def __init__(self, features: Iterable[Feature], persons: int, hpo: Hpo | None) -> None:
        self.hpo = hpo
        self.persons = persons
        self._features = list(features)

    def resolve(self, hpo_id: str) -> str:
        """The term in use that an id stands for; itself where it stands for none or several."""
        return (self.hpo.resolve(hpo_id) if self.hpo else None) or hpo_id

    def observed(self, hpo_id: str) -> Mask:
        """Who has a feature or a kind of it."""
        return self._mask(self.rows_by_term.get(self.resolve(hpo_id), ()))

    def excluded(self, hpo_id: str) -> Mask:
        """In whom it, or something it is a kind of, was looked for and not found."""
        term = self.resolve(hpo_id)
        above = self.hpo.closures([term])[term] if self.hpo else [term]
        gone: set[int] = set()
        for one in above:
            gone |= self._excluded_at.get(one, set())
        return self._mask(sorted(gone))

    def coded(self, system: str, code: str) -> Mask:
        """Who has a code of another system; one of ICD-10 or whatever it begins."""
        wanted = code.replace(".", "")
        return self._mask(
            sorted(
                row
                for (name, own), rows in self._rows_by_code.items()
                if name == system
                and (own.replace(".", "").startswith(wanted) if system == "ICD10" else own == code)
                for row in rows
            )
        )

    @cached_property
    def terms_of(self) -> list[frozenset[str]]:
        """By row: the features observed, as the terms in use, without their ancestors."""
        terms: list[set[str]] = [set() for _ in range(self.persons)]
        for one in self._of_hpo(excluded=False):
            terms[one.row].add(self.resolve(one.code))
        return [frozenset(one) for one in terms]

    @cached_property
    def closed_terms_of(self) -> list[frozenset[str]]:
        """By row: the features observed with all that they are kinds of."""
        distinct = {term for terms in self.terms_of for term in terms}
        above = self.hpo.closures(distinct) if self.hpo else {one: [one] for one in distinct}
        return [frozenset().union(*(above[term] for term in terms)) for terms in self.terms_of]

    @cached_property
    def rows_by_term(self) -> dict[str, Rows]:
        """By term: the rows of those who have it or a kind of it, ascending; terms sorted."""
        found: dict[str, list[int]] = {}
        for row, terms in enumerate(self.closed_terms_of):
            for term in terms:
                found.setdefault(term, []).append(row)
        return {term: np.array(rows, np.int64) for term, rows in sorted(found.items())}

    @cached_property
    def organ_systems(self) -> dict[str, Rows]:
        """By organ system with anybody: the rows of those who have a feature of it."""
        children = self.hpo.children(ABNORMALITY) if self.hpo else []
        return {one: self.rows_by_term[one] for one in children if one in self.rows_by_term}

    @cached_property
    def described(self) -> Mask:
        """Of whom any feature of HPO is told, observed or excluded."""
        return self._mask(sorted({one.row for one in self._features if one.system == "HPO"}))

    @cached_property
    def codes_of(self) -> list[frozenset[tuple[str, str]]]:
        """By row: codes of other systems that the person has, as (system, code)."""
        codes: list[set[tuple[str, str]]] = [set() for _ in range(self.persons)]
        for key, rows in self._rows_by_code.items():
            for row in rows:
                codes[row].add(key)
        return [frozenset(one) for one in codes]

    @cached_property
    def _excluded_at(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for one in self._of_hpo(excluded=True):
            found.setdefault(self.resolve(one.code), set()).add(one.row)
        return found

    @cached_property
    def _rows_by_code(self) -> dict[tuple[str, str], set[int]]:
        found: dict[tuple[str, str], set[int]] = {}
        for one in self._features:
            if one.system != "HPO" and not one.excluded:
                found.setdefault((one.system, one.code), set()).add(one.row)
        return found

    def _of_hpo(self, *, excluded: bool) -> Iterable[Feature]:
        return (one for one in self._features if one.system == "HPO" and one.excluded is excluded)

    def _mask(self, rows: Iterable[int]) -> Mask:
        mask = np.zeros(self.persons, bool)
        mask[np.asarray(list(rows), np.int64)] = True
        return mask
