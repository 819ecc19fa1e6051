"""The one gate of persons: who may be among those that an answer is about.

Whom an answer may count follows from the samples, sheets, consents and cohorts of the pinned
commit alone (DESIGN 5.1, 5.8, 7): a decision or a withdrawal takes effect at the next commit,
before any build. Everything that chooses rows by person goes through `select_members`, so that no
answer can differ from another in whom it takes in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cad.build.people import attribute_values, desired_people
from cad.clinical.hpo import Hpo, open_hpo
from cad.cohort.filter import EXCLUDED, Filter, Term
from cad.cohort.phenotypes import Mask, Profiles, read_features
from cad.cohort.project import Project, pseudonym
from cad.leases import pin
from cad.query.base import check_purpose
from cad.registry.engine import reading
from cad.registry.people import cohort_purposes
from cad.registry.samples import Sample, desired_samples, sample_tracks
from cad.warehouse import Warehouse
from schemas.errors import Forbidden, NotFound
from schemas.known import SEXES
from schemas.sheets import SYSTEMS

Ints = NDArray[np.int64]

_KEPT: Final = 2
"""Commits whose cohorts a cache keeps: that of new questions, and that of those under way."""
EVERYBODY: Final = Filter()


@dataclass(frozen=True)
class Attribute:
    """One attribute of everybody: row r has the value `values[codes[r]]`."""

    values: tuple[str, ...]
    codes: Ints

    def mask(self, wanted: tuple[str, ...]) -> Mask:
        """Who has one of some values."""
        chosen = np.array([value in wanted for value in self.values], bool)
        return chosen[self.codes] if len(chosen) else np.zeros(0, bool)


class Cohort:
    """Everybody who counts for any purpose at a commit, one row per person, by person id.

    Threads may share one. Callers take `Members` from `members`, which lets nobody through who
    does not count for the purpose.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        commit_no: int,
        samples: list[Sample],
        cohorts: Mapping[str, frozenset[str]],
    ) -> None:
        self.warehouse = warehouse
        self.commit_no = commit_no
        by_purpose = desired_people(samples, cohorts, ())
        number_of = {
            person: one.sample_no
            for people in by_purpose.values()
            for person, one in people.items()
        }
        by_number = {one.sample_no: one for one in samples}
        self.person_ids = tuple(sorted(number_of))
        self.row_of = {person: row for row, person in enumerate(self.person_ids)}
        self.samples = [by_number[number_of[person]] for person in self.person_ids]
        self.sample_no = np.array([one.sample_no for one in self.samples], np.int64)
        self.bucket_no = np.array([one.bucket_no for one in self.samples], np.int64)
        self.sex = np.array([SEXES.index(one.sex) for one in self.samples], np.uint8)
        self.father = self._rows_of([one.father_id for one in self.samples])
        self.mother = self._rows_of([one.mother_id for one in self.samples])
        self.families = _families(samples, self.row_of)
        self.allowed = {
            purpose: np.array([person in people for person in self.person_ids], bool)
            for purpose, people in by_purpose.items()
        }

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """Everybody's attributes, by name."""
        rows = [attribute_values(one) for one in self.samples]
        return {name: _attribute([row[name] for row in rows]) for name in (rows or [{}])[0]}

    @cached_property
    def tracks(self) -> list[tuple[int, ...]]:
        """By row: the numbers of the tracks of the sample that counts."""
        with reading(self.warehouse.engine) as connection:
            found = sample_tracks(connection, self.sample_no.tolist())
        return [tuple(found.get(number, ())) for number in self.sample_no.tolist()]

    @cached_property
    def profiles(self) -> Profiles:
        """Everybody's features and diseases."""
        with reading(self.warehouse.engine) as connection:
            features = read_features(connection, self.commit_no, self.row_of)
        return Profiles(features, len(self.person_ids), self._hpo())

    def members(
        self, purpose: str, chosen: Filter = EVERYBODY, project: Project | None = None
    ) -> Members:
        """Those who count for a purpose and meet a filter, in a project its scope's too.

        Raises:
            BadQuestion: `purpose_unknown`.
            Forbidden: `project_not_open`, where the project is of another purpose.
            NotFound: `hpo_missing`, where a feature is asked for and no release is loaded.
        """
        check_purpose(purpose)
        allowed = self.allowed[purpose]
        if project is not None:
            if project.purpose != purpose:
                raise Forbidden("project_not_open", f"it is approved for {project.purpose}")
            allowed = allowed & self._mask(project.scope, None)
        rows = np.flatnonzero(allowed & self._mask(chosen, project))
        return Members(self, purpose, rows, project)

    def ids_of(self, called: Iterable[str], project: Project | None = None) -> list[str]:
        """The ids of persons by what a project calls them; without one they are called by ids."""
        wanted, name = frozenset(called), _caller(project)
        return [one for one in self.person_ids if name(one) in wanted] if wanted else []

    def _mask(self, chosen: Filter, project: Project | None) -> Mask:
        mask = np.ones(len(self.person_ids), bool)
        for term in chosen.terms:
            mask &= self._met(term, project) != term.negated
        return mask

    def _met(self, term: Term, project: Project | None) -> Mask:
        """Who has one of a term's values."""
        if term.field in self.attributes:
            return self.attributes[term.field].mask(term.values)
        if term.field in (*SYSTEMS, EXCLUDED):
            return self._coded(term)
        own = [frozenset({one}) for one in self.person_ids]
        named = own if term.field == "person" else self.families
        wanted, called = frozenset(term.values), _caller(project)
        return np.array([any(called(one) in wanted for one in some) for some in named], bool)

    def _coded(self, term: Term) -> Mask:
        if term.field in ("HPO", EXCLUDED) and self.profiles.hpo is None:
            raise NotFound("hpo_missing", "load one: cad annotation add hpo hp.obo --version V")
        find: Callable[[str], Mask] = {
            "HPO": self.profiles.observed,
            EXCLUDED: self.profiles.excluded,
        }.get(term.field, lambda code: self.profiles.coded(term.field, code))
        mask = np.zeros(len(self.person_ids), bool)
        for value in term.values:
            mask |= find(value)
        return mask

    def _rows_of(self, persons: list[str | None]) -> Ints:
        return np.array([self.row_of.get(one or "", -1) for one in persons], np.int64)

    def _hpo(self) -> Hpo | None:
        try:
            return open_hpo(self.warehouse, self.commit_no)
        except NotFound:
            return None


@dataclass(frozen=True, eq=False)
class Members:
    """Some persons of a cohort who count for a purpose; member k is the row `rows[k]` of it.

    Attributes:
        cohort: everybody at the commit.
        purpose: for which they count.
        rows: ascending.
        project: under whose pseudonyms they are seen; None in care and for operators.
    """

    cohort: Cohort
    purpose: str
    rows: Ints
    project: Project | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sample_no(self) -> Ints:
        """Number of the sample by which each member counts."""
        return self.cohort.sample_no[self.rows]

    @property
    def bucket_no(self) -> Ints:
        """The bucket that holds the sample's rows at the commit."""
        return self.cohort.bucket_no[self.rows]

    @property
    def sex(self) -> NDArray[np.uint8]:
        """Declared sex, as a place in `schemas.known.SEXES`."""
        return self.cohort.sex[self.rows]

    @property
    def persons(self) -> list[str]:
        """What each member is called: in a project by its pseudonym, else by person id."""
        called = _caller(self.project)
        return [called(self.cohort.person_ids[row]) for row in self.rows.tolist()]

    @property
    def person_ids(self) -> list[str]:
        """Each member's person id, in a project too: for what stays inside the warehouse."""
        return [self.cohort.person_ids[row] for row in self.rows.tolist()]

    @property
    def families(self) -> list[frozenset[str]]:
        """The families that any sheet of each member names; in a project under pseudonyms."""
        called = _caller(self.project)
        return [
            frozenset(called(one) for one in self.cohort.families[row])
            for row in self.rows.tolist()
        ]

    @property
    def father(self) -> Ints:
        """Which member is each one's declared father; -1 where none is."""
        return self._places(self.cohort.father[self.rows])

    @property
    def mother(self) -> Ints:
        """Likewise the mother."""
        return self._places(self.cohort.mother[self.rows])

    def attribute(self, name: str) -> Attribute:
        """An attribute of the members, in their order (`cad.build.people.attribute_values`)."""
        whole = self.cohort.attributes.get(name, Attribute((), np.zeros(0, np.int64)))
        return Attribute(whole.values, whole.codes[self.rows])

    def meets(self, chosen: Filter) -> Mask:
        """Which members meet a filter."""
        return self.cohort._mask(chosen, self.project)[self.rows]

    def among(self, mask: Mask) -> Members:
        """Some of the members: those where a mask over them holds."""
        return Members(self.cohort, self.purpose, self.rows[mask], self.project)

    def _places(self, rows: Ints) -> Ints:
        place = np.full(len(self.cohort.person_ids) + 1, -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        return place[rows]


@dataclass
class CohortCache:
    """The cohorts of the latest commits that were asked for; threads may share one."""

    _held: OrderedDict[tuple[str, int], Cohort] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def at(self, warehouse: Warehouse, commit_no: int) -> Cohort:
        """The cohort at a pinned commit.

        Raises:
            Unavailable: `registry_unusable`.
        """
        key = (warehouse.warehouse_id, commit_no)
        with self._lock:
            found = self._held.get(key)
            if found is None:
                found = self._held[key] = open_cohort(warehouse, commit_no)
            self._held.move_to_end(key)
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return found


def open_cohort(warehouse: Warehouse, commit_no: int) -> Cohort:
    """Everybody at a pinned commit.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        samples = desired_samples(connection, commit_no)
        return Cohort(warehouse, commit_no, samples, cohort_purposes(connection))


@contextmanager
def latest_cohort(warehouse: Warehouse, cohorts: CohortCache | None = None) -> Iterator[Cohort]:
    """Pin the latest commit, and give everybody at it; its files stay until the block ends.

    Raises:
        Conflict: `snapshot_erased`, where a withdrawal ended the pin.
        Unavailable: `registry_unusable`.
    """
    with pin(warehouse) as commit_no:
        yield (cohorts or CohortCache()).at(warehouse, commit_no)


def select_members(
    warehouse: Warehouse,
    commit_no: int,
    purpose: str,
    chosen: Filter = EVERYBODY,
    project: Project | None = None,
    cohorts: CohortCache | None = None,
) -> Members:
    """Those who count for a purpose at a pinned commit and meet a filter.

    Args:
        warehouse: the warehouse.
        commit_no: the commit that the caller has pinned (`cad.leases.pin`).
        purpose: care, research or industry.
        chosen: what is asked of them.
        project: narrows them to its scope, and names them by its pseudonyms.
        cohorts: keeps cohorts from question to question.

    Raises:
        BadQuestion: `purpose_unknown`.
        Forbidden: `project_not_open`, where the project is of another purpose.
        NotFound: `hpo_missing`, where a feature is asked for and no release is loaded.
        Unavailable: `registry_unusable`.
    """
    cohort = (cohorts or CohortCache()).at(warehouse, commit_no)
    return cohort.members(purpose, chosen, project)


def _caller(project: Project | None) -> Callable[[str], str]:
    """How an id of a person or family is shown."""
    if project is None:
        return lambda one: one
    key = project.key
    return lambda one: pseudonym(key, one)


def _attribute(values: list[str]) -> Attribute:
    names = sorted(set(values))
    number = {name: at for at, name in enumerate(names)}
    return Attribute(tuple(names), np.array([number[value] for value in values], np.int64))


def _families(samples: list[Sample], row_of: Mapping[str, int]) -> list[frozenset[str]]:
    """By row: the families that any live sheet of the person names."""
    named: list[set[str]] = [set() for _ in row_of]
    for one in samples:
        if one.family_id is not None and one.person_id in row_of:
            named[row_of[one.person_id]].add(one.family_id)
    return [frozenset(one) for one in named]
