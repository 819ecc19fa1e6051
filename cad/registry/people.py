"""Consents, withdrawn persons, and the purposes that cohorts allow.

The latest decision of a person about a scope holds. What a representative gave for a minor lapses,
but for care, in the quarter in which the minor comes of age, until the person decides (DESIGN 7).
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select, union

from cad.registry.clinical_tables import person
from cad.registry.engine import registry_now
from cad.registry.tables import code_list, consent, phenotype, sample, tombstone, visible
from schemas.sheets import ConsentRow

RESTRICTIVENESS: Final = ("given", "opposed", "refused", "withdrawn")
"""Decisions of one day about one scope: the later in this list holds (DESIGN 4)."""


LAPSING: Final = ("research", "industry", "recontact")
"""Scopes that a representative's consent covers until the minor comes of age."""


class Decision(NamedTuple):
    """What was decided about one scope, and by whom."""

    status: str
    signed_on: date
    text_version: str | None = None
    by_representative: bool = False
    of_age_from: str | None = None

    @property
    def rank(self) -> tuple[date, int, bool]:
        """The greatest holds: the latest, on a day the most restrictive, then the person's own."""
        own = not self.by_representative
        return self.signed_on, RESTRICTIVENESS.index(self.status), own


def holding(scope: str, decisions: Iterable[Decision], today: date) -> Decision | None:
    """The decision about a scope that holds on a day, None where none does.

    >>> given = Decision("given", date(2020, 5, 1), None, True, "2031-Q2")
    >>> holding("research", [given], date(2031, 3, 31)) == given
    True
    >>> holding("research", [given], date(2031, 4, 1)) is None
    True
    """
    told = list(decisions)
    latest = max(told, key=lambda one: one.rank)
    ends = quarter_start(latest.of_age_from) if latest.of_age_from is not None else None
    lapses = scope in LAPSING and latest.by_representative and latest.status == "given"
    if not lapses or ends is None or today < ends:
        return latest
    own = [one for one in told if not one.by_representative and one.signed_on >= ends]
    return max(own, key=lambda one: one.rank, default=None)


def quarter_start(quarter: str) -> date:
    """The first day of a quarter.

    >>> quarter_start("2031-Q2")
    datetime.date(2031, 4, 1)
    """
    return date(int(quarter[:4]), 3 * int(quarter[-1]) - 2, 1)


def told_decisions(
    connection: Connection, commit_no: int, person_id: str | None = None
) -> dict[tuple[str, str], list[Decision]]:
    """Every decision visible at a commit, by person and scope, in the order of days.

    Where a decision does not say when the minor comes of age, the person's others may: the
    earliest quarter told then holds for it.
    """
    query = (
        select(
            consent.c.person_id, consent.c.scope, consent.c.status, consent.c.signed_on,
            consent.c.text_version, consent.c.by_representative, consent.c.of_age_from,
        )
        .where(visible(consent, commit_no))
        .order_by(consent.c.signed_on, consent.c.consent_no)
    )  # fmt: skip
    if person_id is not None:
        query = query.where(consent.c.person_id == person_id)
    rows = connection.execute(query).all()
    of_age: dict[str, str] = {}
    for owner, *_, quarter in rows:
        if quarter is not None:
            of_age[owner] = min(of_age.get(owner, quarter), quarter)
    told: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for owner, scope, status, signed_on, text, by_representative, quarter in rows:
        decision = Decision(
            status, signed_on, text, by_representative, quarter or of_age.get(owner)
        )
        told[owner, scope].append(decision)
    return dict(told)


def holding_decisions(
    connection: Connection, commit_no: int
) -> dict[tuple[str, str], tuple[Decision, bool]]:
    """By person and scope: the decision that holds, or else the latest, and whether it holds."""
    today = registry_now(connection).date()
    found = {}
    for (owner, scope), decisions in told_decisions(connection, commit_no).items():
        now = holding(scope, decisions, today)
        latest = max(decisions, key=lambda one: one.rank)
        found[owner, scope] = (latest, False) if now is None else (now, True)
    return found


def resolved_consents(connection: Connection, commit_no: int) -> dict[str, dict[str, str]]:
    """What holds at a commit, today: status by scope, by person; an undecided scope is absent."""
    resolved: dict[str, dict[str, str]] = {}
    for (owner, scope), (decision, holds) in holding_decisions(connection, commit_no).items():
        if holds:
            resolved.setdefault(owner, {})[scope] = decision.status
    return resolved


def keyed_hash(key: bytes, person_id: str) -> str:
    """What is remembered of a withdrawn person: HMAC-SHA256 under the warehouse's key."""
    return hmac.new(key, person_id.encode(), hashlib.sha256).hexdigest()


def withdrawn_persons(connection: Connection, key: bytes, persons: Iterable[str]) -> frozenset[str]:
    """Those of some persons that have withdrawn."""
    known = set(connection.scalars(select(tombstone.c.keyed_hash)))
    if not known:
        return frozenset()
    return frozenset(person for person in persons if keyed_hash(key, person) in known)


def has_tombstones(connection: Connection) -> bool:
    """Whether anybody has withdrawn."""
    return connection.scalar(select(tombstone.c.keyed_hash).limit(1)) is not None


def known_persons(connection: Connection) -> frozenset[str]:
    """Everybody with a live sample, or of whom a live clinical document tells."""
    told = (sample, person, phenotype)
    query = union(*(select(one.c.person_id).where(one.c.removed_at.is_(None)) for one in told))
    return frozenset(connection.scalars(query))


def imported_consents(connection: Connection) -> set[ConsentRow]:
    """The decisions that hold by themselves, whatever becomes of any batch or document."""
    query = select(
        consent.c.person_id, consent.c.scope, consent.c.status, consent.c.signed_on,
        consent.c.text_version, consent.c.by_representative, consent.c.of_age_from,
    ).where(
        consent.c.batch_no.is_(None),
        consent.c.document_no.is_(None),
        consent.c.removed_at.is_(None),
    )  # fmt: skip
    return {ConsentRow(*row) for row in connection.execute(query)}


def code_rows(connection: Connection, name: str, on: date | None = None) -> list[dict[str, Any]]:
    """The rows of a code list as valid on a day (today where unset); none where it is unknown."""
    day = on or registry_now(connection).date()
    query = (
        select(code_list.c.rows)
        .where(code_list.c.name == name, code_list.c.valid_from <= day)
        .order_by(code_list.c.valid_from.desc(), code_list.c.version.desc())
        .limit(1)
    )
    rows: list[dict[str, Any]] | None = connection.execute(query).scalar_one_or_none()
    return rows or []


def cohort_purposes(connection: Connection) -> Mapping[str, frozenset[str]]:
    """The purposes each listed cohort allows (DESIGN 7); a cohort that is absent narrows nothing.

    The code list is named ``cohort``, its rows are ``{"cohort": NAME, "purposes": [...]}``.
    """
    rows = code_rows(connection, "cohort")
    return {str(row["cohort"]): frozenset(row["purposes"]) for row in rows}
