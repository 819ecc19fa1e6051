"""Rows of writers' sessions and readers' leases; both end by the registry's clock."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, CursorResult, delete, insert, select, update

from cad.registry.engine import registry_now
from cad.registry.numbers import take
from cad.registry.tables import commit, lease, session


def insert_session(connection: Connection, kind: str, seconds: int) -> int:
    """Open a session; returns its number."""
    now = registry_now(connection)
    number = take(connection, "session")
    expires = now + timedelta(seconds=seconds)
    connection.execute(
        insert(session).values(
            session_no=number, kind=kind, state="open", opened_at=now, expires_at=expires
        )
    )
    return number


def renew_session(connection: Connection, number: int, seconds: int) -> bool:
    """Put off a session's end; False where it is no longer open."""
    expires = registry_now(connection) + timedelta(seconds=seconds)
    return _changed(
        connection.execute(
            update(session)
            .where(session.c.session_no == number, session.c.state == "open")
            .values(expires_at=expires)
        )
    )


def close_session(connection: Connection, number: int, state: str) -> bool:
    """Turn an open session into a committed or an aborted one; False where it was not open."""
    return _changed(
        connection.execute(
            update(session)
            .where(session.c.session_no == number, session.c.state == "open")
            .values(state=state)
        )
    )


def abort_expired(connection: Connection) -> int:
    """Mark aborted each open session whose time has run out; returns how many."""
    return connection.execute(
        update(session)
        .where(session.c.state == "open", session.c.expires_at <= registry_now(connection))
        .values(state="aborted")
    ).rowcount


def session_states(connection: Connection) -> dict[int, str]:
    """The state of every session by number."""
    rows = connection.execute(select(session.c.session_no, session.c.state))
    return {number: state for number, state in rows}


def insert_commit(connection: Connection, commit_no: int, kind: str, session_no: int) -> None:
    """Record a commit."""
    connection.execute(
        insert(commit).values(
            commit_no=commit_no, kind=kind, session_no=session_no, at=registry_now(connection)
        )
    )


def insert_lease(connection: Connection, commit_no: int, seconds: int) -> int:
    """Pin a commit for a reader; returns the lease's number."""
    expires = registry_now(connection) + timedelta(seconds=seconds)
    result = connection.execute(insert(lease).values(commit_no=commit_no, expires_at=expires))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def renew_lease(connection: Connection, number: int, seconds: int) -> bool:
    """Put off a lease's end; False where it was ended."""
    expires = registry_now(connection) + timedelta(seconds=seconds)
    return _changed(
        connection.execute(
            update(lease).where(lease.c.lease_no == number).values(expires_at=expires)
        )
    )


def end_lease(connection: Connection, number: int) -> None:
    """Let go of a reader's commit."""
    connection.execute(delete(lease).where(lease.c.lease_no == number))


def end_expired_leases(connection: Connection) -> int:
    """Forget the leases whose time has run out; returns how many."""
    return connection.execute(
        delete(lease).where(lease.c.expires_at <= registry_now(connection))
    ).rowcount


def _changed(result: CursorResult[tuple[()]]) -> bool:
    return result.rowcount == 1
