"""The head row: the latest commit, and the next free number of each kind."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection, insert, select, update

from cad.registry.tables import COUNTERS, head

Counter = Literal["session", "batch", "sample", "track", "bucket", "file", "base"]


def create_head(connection: Connection) -> None:
    """Insert the head row of a new registry: commit 0, every kind numbered from 1."""
    connection.execute(insert(head).values(one=1, commit_no=0, **dict.fromkeys(COUNTERS, 1)))


def latest_commit(connection: Connection) -> int:
    """The latest commit; 0 where nothing was ever committed."""
    number: int = connection.execute(select(head.c.commit_no)).scalar_one()
    return number


def lock_head(connection: Connection, *, share: bool = False) -> int:
    """The latest commit, which stays the latest until this transaction ends.

    Commits hold the row exclusively to their end: a number taken and not yet committed would let a
    reader pin a later one and see the earlier appear. With `share`, others may share, and no commit
    comes
    between.
    """
    query = select(head.c.commit_no).with_for_update(read=share)
    number: int = connection.execute(query).scalar_one()
    return number


def set_commit(connection: Connection, commit_no: int) -> None:
    """Make a commit the latest; its transaction's last statement."""
    connection.execute(update(head).values(commit_no=commit_no))


def take(connection: Connection, counter: Counter, count: int = 1) -> int:
    """The first of `count` numbers that nobody else was or will be given."""
    column = head.c[f"next_{counter}_no"]
    statement = update(head).values({column: column + count}).returning(column)
    following: int = connection.execute(statement).scalar_one()
    return following - count
