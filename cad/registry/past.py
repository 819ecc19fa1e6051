"""What samples were before they were corrected, for readers that pinned a commit of then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from cad.registry.tables import CORRECTABLE, lease, sample, sample_past, visible


def past_rows(connection: Connection, commit_no: int) -> dict[int, dict[str, Any]]:
    """By sample number: the columns that held at a commit, of samples corrected since."""
    query = select(sample_past.c.sample_no, *(sample_past.c[name] for name in CORRECTABLE))
    rows = connection.execute(query.where(visible(sample_past, commit_no))).mappings()
    return {row["sample_no"]: {name: row[name] for name in CORRECTABLE} for row in rows}


def correct_samples(
    connection: Connection, commit_no: int, changes: Mapping[int, Mapping[str, Any]]
) -> None:
    """Give samples new values from a commit on; `changes` are the columns that differ, by number.

    What held before is kept where a reader may still have pinned an earlier commit.
    """
    ends = select(sample_past.c.sample_no, func.max(sample_past.c.removed_at))
    began = dict(connection.execute(ends.group_by(sample_past.c.sample_no)).all())
    columns = select(sample.c.added_at, *(sample.c[name] for name in CORRECTABLE))
    for number, values in changes.items():
        own = sample.c.sample_no == number
        before = dict(connection.execute(columns.where(own)).mappings().one())
        before["added_at"] = began.get(number, before["added_at"])
        kept = insert(sample_past).values(sample_no=number, removed_at=commit_no, **before)
        connection.execute(kept)
        connection.execute(update(sample).where(own).values(**values))


def forget_past(connection: Connection) -> None:
    """Delete what no reader's pin sees; within a transaction that keeps new pins out."""
    pinned = exists().where(
        lease.c.commit_no >= sample_past.c.added_at, lease.c.commit_no < sample_past.c.removed_at
    )
    connection.execute(delete(sample_past).where(~pinned))


def forget_named(connection: Connection, person_id: str, sample_ids: Sequence[str]) -> None:
    """Take a person who withdraws, and the ids of their samples, out of what others were."""
    for name in ("father_id", "mother_id", "twin_of"):
        column = sample_past.c[name]
        statement = update(sample_past).where(column == person_id).values({name: None})
        connection.execute(statement)
    named = sample_past.c.normal_of.in_(sample_ids)
    connection.execute(update(sample_past).where(named).values(normal_of=None))
