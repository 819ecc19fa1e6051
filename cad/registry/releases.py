"""Rows of releases: what each froze, and whom it counts for as long as they have not withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from cad.registry.access_tables import release, release_person
from cad.registry.engine import registry_now


@dataclass(frozen=True)
class ReleaseRow:
    """One release.

    Attributes:
        commit_no: of the base that was frozen.
        manifest: what `cad release show` prints, and its files' paths in the warehouse.
        withdrawn_since: persons it counts who have withdrawn since.
    """

    release_no: int
    name: str
    commit_no: int
    manifest: dict[str, Any]
    withdrawn_since: int
    created_at: datetime


def list_releases(connection: Connection) -> list[ReleaseRow]:
    """All releases, in the order in which they were made."""
    rows = connection.execute(select(release).order_by(release.c.release_no)).mappings()
    return [ReleaseRow(**row) for row in rows]


def find_release(connection: Connection, name: str) -> ReleaseRow | None:
    """A release by its name."""
    row = connection.execute(select(release).filter_by(name=name)).mappings().one_or_none()
    return None if row is None else ReleaseRow(**row)


def insert_release(
    connection: Connection,
    name: str,
    commit_no: int,
    manifest: dict[str, Any],
    persons: Collection[str],
    withdrawn: int,
) -> None:
    """Record a release.

    Args:
        connection: the committing transaction.
        name: its name.
        commit_no: of the base that was frozen.
        manifest: what it holds.
        persons: whom it counts and who have not withdrawn.
        withdrawn: how many others it counts.
    """
    values = {"name": name, "commit_no": commit_no, "manifest": manifest}
    made = connection.execute(
        insert(release).values(
            **values, withdrawn_since=withdrawn, created_at=registry_now(connection)
        )
    )
    key = made.inserted_primary_key
    assert key is not None
    rows = [{"release_no": key[0], "person_id": person} for person in sorted(persons)]
    if rows:
        connection.execute(insert(release_person), rows)
