"""Rows of clients: who was given a key, for what, until when; keys themselves are never kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from cad.registry.access_tables import client
from cad.registry.engine import registry_now


@dataclass(frozen=True)
class ClientRow:
    """One key that was given to a client; `scope` is what it may ask for."""

    client_no: int
    name: str
    role: str
    scope: Mapping[str, Any]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_SELECT = select(
    client.c.client_no,
    client.c.name,
    client.c.role,
    client.c.scope,
    client.c.created_at,
    client.c.expires_at,
    client.c.revoked_at,
)


def insert_client(connection: Connection, key_hash: str, values: Mapping[str, Any]) -> ClientRow:
    """Insert a client; `values` holds its name, role, scope and `expires_at`."""
    row = connection.execute(
        insert(client)
        .values(key_hash=key_hash, created_at=registry_now(connection), **values)
        .returning(*_SELECT.selected_columns)
    )
    return ClientRow(**row.mappings().one())


def list_clients(connection: Connection) -> list[ClientRow]:
    """All keys that were ever given, in order."""
    rows = connection.execute(_SELECT.order_by(client.c.client_no)).mappings()
    return [ClientRow(**row) for row in rows]


def find_key(connection: Connection, key_hash: str) -> ClientRow | None:
    """The client of a key that holds now, by the registry's clock."""
    now = registry_now(connection)
    query = _SELECT.where(
        client.c.key_hash == key_hash, client.c.revoked_at.is_(None), client.c.expires_at > now
    )
    row = connection.execute(query).mappings().one_or_none()
    return ClientRow(**row) if row else None


def revoke(connection: Connection, name: str, client_no: int | None = None) -> int:
    """Let a client's keys, or one of them, hold no more; returns how many did until now."""
    chosen = client.c.name == name if client_no is None else client.c.client_no == client_no
    done = connection.execute(
        update(client)
        .where(chosen, client.c.revoked_at.is_(None))
        .values(revoked_at=registry_now(connection))
    )
    return done.rowcount
