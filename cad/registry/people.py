"""Consents, withdrawn persons, and the purposes that cohorts allow."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from cad.registry.engine import registry_now
from cad.registry.tables import code_list, consent, sample, tombstone, visible

RESTRICTIVENESS: Final = ("given", "opposed", "refused", "withdrawn")
"""Decisions of one day about one scope: the later in this list holds (DESIGN 4)."""


def resolved_consents(connection: Connection, commit_no: int) -> dict[str, dict[str, str]]:
    """What holds at a commit: status by scope, by person; an undecided scope is absent."""
    query = select(
        consent.c.person_id, consent.c.scope, consent.c.signed_on, consent.c.status
    ).where(visible(consent, commit_no))
    latest: dict[tuple[str, str], tuple[date, int]] = {}
    for person, scope, signed_on, status in connection.execute(query):
        decision = (signed_on, RESTRICTIVENESS.index(status))
        key = (person, scope)
        latest[key] = max(latest.get(key, decision), decision)
    resolved: dict[str, dict[str, str]] = {}
    for (person, scope), (_, rank) in latest.items():
        resolved.setdefault(person, {})[scope] = RESTRICTIVENESS[rank]
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
    """Everybody with a live sample."""
    query = select(sample.c.person_id).where(sample.c.removed_at.is_(None)).distinct()
    return frozenset(connection.scalars(query))


def imported_consents(connection: Connection) -> set[tuple[str, str, str, str | None, date]]:
    """The decisions that hold by themselves, whatever becomes of any batch.

    Person, scope, status, version of the text and day.
    """
    query = select(
        consent.c.person_id,
        consent.c.scope,
        consent.c.status,
        consent.c.text_version,
        consent.c.signed_on,
    ).where(consent.c.batch_no.is_(None), consent.c.removed_at.is_(None))
    return set(connection.execute(query))


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
