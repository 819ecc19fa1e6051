"""Rows of audit chains, how far each is sealed, and of the keys that hide persons in them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from cad.registry.access_tables import audit_chain, person_key
from cad.registry.engine import registry_now
from cad.registry.people import known_persons

_KEY_BYTES = 32


@dataclass(frozen=True)
class ChainRow:
    """One chain: how many entries are sealed, and the hash of the last of them."""

    chain_id: str
    entries: int
    head: str
    opened_at: datetime
    sealed_at: datetime


def open_chain(connection: Connection, chain_id: str, head: str) -> ChainRow | None:
    """Record a new chain without entries; returns the one that was opened last before it."""
    query = select(audit_chain).order_by(
        audit_chain.c.opened_at.desc(), audit_chain.c.chain_id.desc()
    )
    before = connection.execute(query.limit(1)).mappings().one_or_none()
    now = registry_now(connection)
    row = {"chain_id": chain_id, "entries": 0, "head": head, "opened_at": now, "sealed_at": now}
    connection.execute(insert(audit_chain).values(row))
    return None if before is None else ChainRow(**before)


def seal_chain(connection: Connection, chain_id: str, entries: int, head: str) -> None:
    """Seal a chain up to its entry of this number, unless it is sealed further already."""
    connection.execute(
        update(audit_chain)
        .where(audit_chain.c.chain_id == chain_id, audit_chain.c.entries <= entries)
        .values(entries=entries, head=head, sealed_at=registry_now(connection))
    )


def list_chains(connection: Connection) -> list[ChainRow]:
    """All chains, in the order in which they were opened."""
    query = select(audit_chain).order_by(audit_chain.c.opened_at, audit_chain.c.chain_id)
    return [ChainRow(**row) for row in connection.execute(query).mappings()]


def person_keys(connection: Connection, person_ids: Collection[str]) -> dict[str, bytes]:
    """The keys of those persons who have a live sample, made where they have none yet.

    For anybody else no key is made: neither an unknown id nor that of a person who has withdrawn
    may come to lie in the registry because somebody asked about it.
    """
    known = known_persons(connection) & set(person_ids)
    query = select(person_key.c.person_id, person_key.c.key)
    found = dict(connection.execute(query.where(person_key.c.person_id.in_(known))).all())
    fresh = {person: secrets.token_bytes(_KEY_BYTES) for person in sorted(known - set(found))}
    if fresh:
        rows = [{"person_id": person, "key": key} for person, key in fresh.items()]
        connection.execute(insert(person_key), rows)
    return {**found, **fresh}
