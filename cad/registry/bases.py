"""Rows of builds: which base is the latest, and the check that lets one of two builds win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, insert, select

from cad.registry.engine import registry_now
from cad.registry.numbers import take
from cad.registry.tables import base, base_purpose
from schemas.errors import Conflict


@dataclass(frozen=True)
class PurposeSize:
    """What the base of one purpose holds."""

    persons: int
    variants: int


@dataclass(frozen=True)
class BaseRow:
    """One build. `parent_commit` is the commit of the base it was made from, None for the first."""

    base_no: int
    commit_no: int
    parent_commit: int | None
    built_at: datetime
    engine: str
    seconds: float
    purposes: Mapping[str, PurposeSize]


_SELECT: Final[Select[Any]] = select(
    base.c.base_no,
    base.c.commit_no,
    base.c.parent_commit,
    base.c.built_at,
    base.c.engine,
    base.c.seconds,
)


def latest_base(connection: Connection, commit_no: int) -> BaseRow | None:
    """The latest base at a commit, or None where nothing was built by then."""
    query = _SELECT.where(base.c.commit_no <= commit_no).order_by(base.c.commit_no.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    sizes = connection.execute(
        select(base_purpose.c.purpose, base_purpose.c.persons, base_purpose.c.variants).where(
            base_purpose.c.base_no == row["base_no"]
        )
    )
    purposes = {name: PurposeSize(persons, variants) for name, persons, variants in sizes}
    return BaseRow(**row, purposes=purposes)


def check_parent(connection: Connection, commit_no: int, parent_commit: int | None) -> None:
    """Let a build commit only where the base it was made from is still the latest.

    Call it within the committing transaction, whose lock keeps others out from then on.

    Args:
        connection: the committing transaction.
        commit_no: the number the build is about to commit under.
        parent_commit: commit of the base the build started from, None where there was none.

    Raises:
        Conflict: `base_conflict`; the build's files are to be discarded.
    """
    latest = latest_base(connection, commit_no)
    found = latest.commit_no if latest else None
    if found != parent_commit:
        raise Conflict(
            "base_conflict", f"built upon the base of commit {parent_commit}, found one of {found}"
        )


def insert_base(
    connection: Connection,
    commit_no: int,
    parent_commit: int | None,
    engine: str,
    seconds: float,
    purposes: Mapping[str, PurposeSize],
) -> int:
    """Record a build, after `check_parent`; returns its number."""
    number = take(connection, "base")
    connection.execute(
        insert(base).values(
            base_no=number,
            commit_no=commit_no,
            parent_commit=parent_commit,
            built_at=registry_now(connection),
            engine=engine,
            seconds=seconds,
        )
    )
    rows = [
        {"base_no": number, "purpose": name, "persons": size.persons, "variants": size.variants}
        for name, size in purposes.items()
    ]
    if rows:
        connection.execute(insert(base_purpose), rows)
    return number
