"""The plan of a build: by purpose, the signed difference of what should be folded and what is.

A person whose sample, sex, strata or rules changed is taken out as folded and put in as desired;
strata that stay cancel out, so that a corrected attribute costs only the strata it touches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from cad.build.people import PURPOSES, Counted, desired_people, with_unrelated
from cad.registry.analyses import unrelated_persons
from cad.registry.bases import latest_base
from cad.registry.folded import FoldedRow, folded_rows, stratum_numbers
from cad.registry.people import cohort_purposes
from cad.registry.samples import desired_samples
from cad.settings import WarehouseConfig

Members = dict[tuple[int, str], Counter[int]]
"""By (sample number, sex): how often to count it in each stratum, by number.

Negative takes it out.
"""


@dataclass
class PurposePlan:
    """The difference for one purpose, and the registry's rows after it."""

    purpose: str
    removed: set[str] = field(default_factory=set)
    added: dict[str, FoldedRow] = field(default_factory=dict)
    persons_before: int = 0
    persons_after: int = 0
    members: Members = field(default_factory=dict)
    strata: dict[str, int] = field(default_factory=dict)
    """All strata with persons, and their numbers."""
    new_strata: dict[str, int] = field(default_factory=dict)
    empty_strata: set[int] = field(default_factory=set)

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.removed or self.added)


@dataclass
class BuildPlan:
    """What a build started from, and what it is to do."""

    commit_no: int
    parent_commit: int | None
    purposes: dict[str, PurposePlan]
    persons_added: int
    persons_removed: int
    recount: bool = False
    """Whether everybody is counted, upon nothing, whatever the base holds."""

    @property
    def changes(self) -> bool:
        """Whether the base must change, or be made for the first time."""
        anew = self.parent_commit is None or self.recount
        return anew or any(p.changes for p in self.purposes.values())

    def sample_numbers(self) -> set[int]:
        """Samples whose calls and callable rows the build must read."""
        return {
            sample
            for plan in self.purposes.values()
            for (sample, _), strata in plan.members.items()
            if strata
        }


def make_plan(
    connection: Connection, config: WarehouseConfig, commit_no: int, *, recount: bool = False
) -> BuildPlan:
    """Compare what should be counted at a commit with what is folded."""
    parent = latest_base(connection, commit_no)
    desired = desired_people(
        desired_samples(connection, commit_no), cohort_purposes(connection), config.conjunctions
    )
    before: set[str] = set()
    after: set[str] = set()
    purposes = {}
    for purpose in PURPOSES:
        folded = folded_rows(connection, purpose)
        kept = unrelated_persons(connection, commit_no, purpose)
        desired[purpose] = with_unrelated(desired[purpose], kept)
        numbers = stratum_numbers(connection, purpose)
        purposes[purpose] = _plan_purpose(
            purpose, folded, desired[purpose], numbers, config.rules_version, recount
        )
        before |= folded.keys()
        after |= desired[purpose].keys()
    return BuildPlan(
        commit_no,
        parent.commit_no if parent else None,
        purposes,
        len(after - before),
        len(before - after),
        recount,
    )


def _plan_purpose(
    purpose: str,
    folded: dict[str, FoldedRow],
    desired: dict[str, Counted],
    numbers: dict[str, int],
    rules_version: int,
    recount: bool,
) -> PurposePlan:
    plan = PurposePlan(purpose, persons_before=len(folded), persons_after=len(desired))
    plan.strata, plan.new_strata = _number_strata(desired, numbers)
    plan.empty_strata = {no for name, no in numbers.items() if name not in plan.strata}
    numbers_of = {
        names: tuple(sorted(plan.strata[name] for name in names))
        for names in {counted.strata for counted in desired.values()}
    }
    for person in folded.keys() | desired.keys():
        old, new = folded.get(person), _row(desired.get(person), numbers_of, rules_version)
        if old is not None and old != new:
            plan.removed.add(person)
        if new is not None and old != new:
            plan.added[person] = new
        if old is not None and old != new and not recount:
            _count(plan.members, old, -1)
        if new is not None and (old != new or recount):
            _count(plan.members, new, 1)
    return plan


def _number_strata(
    desired: dict[str, Counted], numbers: dict[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """All strata that have persons, and those of them that had no number yet."""
    shared = {counted.strata for counted in desired.values()}
    names = sorted({name for strata in shared for name in strata})
    # Numbers of strata that lose their last person stay taken until the base has none of their
    # rows.
    taken = set(numbers.values())
    free = (number for number in range(1, len(taken) + len(names) + 1) if number not in taken)
    new = {name: next(free) for name in names if name not in numbers}
    return {name: numbers.get(name) or new[name] for name in names}, new


def _row(
    counted: Counted | None,
    numbers_of: Mapping[frozenset[str], tuple[int, ...]],
    rules_version: int,
) -> FoldedRow | None:
    if counted is None:
        return None
    numbers = numbers_of[counted.strata]
    return FoldedRow(counted.sample_no, counted.sex, numbers, rules_version)


def _count(members: Members, row: FoldedRow, sign: int) -> None:
    strata = members.setdefault((row.sample_no, row.sex), Counter())
    for number in row.strata:
        strata[number] += sign
        if not strata[number]:
            del strata[number]
