"""Clients and their API keys: given once, kept as a hash, scoped, expiring, revocable.

A key is 256 random bits. What is kept is its SHA-256, without salt or stretching: those protect
words that people choose, and nobody can guess or list 2^256 keys.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, cast

from cad.build.people import PURPOSES
from cad.gate import ROLES, Caller, Role
from cad.registry.clients import ClientRow, find_key, insert_client, list_clients, revoke
from cad.registry.engine import reading, registry_now, writing
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound

KEY_PREFIX: Final = "cadk_"
"""Tells a key from a token, and lets scanners for leaked secrets find one."""
CLIENT_ROLES: Final[tuple[Role, ...]] = tuple(role for role in ROLES if role != "operator")
"""Roles that a client may have: the operator's is that of who runs the command line."""


class Identity(NamedTuple):
    """Who asks, and how many distinct variants a day where that is not the setting's."""

    caller: Caller
    daily_variants: int | None = None


def create_client(
    warehouse: Warehouse,
    name: str,
    role: str,
    *,
    purposes: Sequence[str] = (),
    platform: str | None = None,
    projects: Sequence[str] = (),
    days: int = 365,
    daily_variants: int | None = None,
) -> tuple[ClientRow, str]:
    """Give a client a key; several keys of one name are one client, so that keys can be changed.

    Args:
        warehouse: the warehouse.
        name: of the client.
        role: one of `CLIENT_ROLES`.
        purposes: what it may ask for; all that the role may where empty.
        platform: whose batches it pushes and sees; for the role `platform`, and only for it.
        projects: approved projects it works in; for the role `researcher`.
        days: how long the key holds.
        daily_variants: distinct variants a day, of a clinician; the setting where None.

    Returns:
        What is kept, and the key, which nobody can show again.

    Raises:
        BadQuestion: `client_scope`, `purpose_unknown`.
        Unavailable: `registry_unusable`.
    """
    scope = checked_scope(role, purposes, platform, projects) | {"daily_variants": daily_variants}
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    with writing(warehouse.engine) as connection:
        expires = registry_now(connection) + timedelta(days=days)
        values = {"name": name, "role": role, "scope": scope, "expires_at": expires}
        return insert_client(connection, _hashed(key), values), key


def checked_scope(
    role: str, purposes: Sequence[str], platform: str | None, projects: Sequence[str]
) -> dict[str, Any]:
    """The scope of a client or token, where its parts go together.

    Raises:
        BadQuestion: `client_scope`, `purpose_unknown`.
    """
    if role not in CLIENT_ROLES:
        raise BadQuestion(
            "client_scope", f"expected one of the roles {', '.join(CLIENT_ROLES)}", role
        )
    for purpose in purposes:
        if purpose not in PURPOSES:
            raise BadQuestion("purpose_unknown", f"expected {', '.join(PURPOSES)}", purpose)
    if (role == "platform") != (platform is not None):
        raise BadQuestion("client_scope", "a platform, and no other role, belongs to a platform")
    if projects and role != "researcher":
        raise BadQuestion("client_scope", "projects are those of a researcher", role)
    return {"purposes": list(purposes), "platform": platform, "projects": list(projects)}


def clients(warehouse: Warehouse) -> list[ClientRow]:
    """All keys that were ever given, in order.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        return list_clients(connection)


def revoke_client(warehouse: Warehouse, word: str) -> int:
    """Let a client's keys hold no more: all by its name, one by its number.

    Returns:
        How many held until now.

    Raises:
        NotFound: `client_unknown`.
    """
    with writing(warehouse.engine) as connection:
        known = list_clients(connection)
        if any(one.name == word for one in known):
            return revoke(connection, word)
        if word.isdecimal() and any(one.client_no == int(word) for one in known):
            return revoke(connection, word, int(word))
    raise NotFound("client_unknown", "no client has this name or number", word)


def identity_of_key(warehouse: Warehouse, key: str) -> Identity | None:
    """Who a key stands for; None where it does not hold.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        row = find_key(connection, _hashed(key))
    if row is None:
        return None
    return Identity(make_caller(row.name, row.role, row.scope), row.scope["daily_variants"])


def make_caller(name: str, role: str, scope: Mapping[str, Any]) -> Caller:
    """The caller of a checked scope; where it names no purposes, all that the role may have."""
    return Caller(
        name=name,
        role=cast(Role, role),
        platform=scope["platform"],
        projects=frozenset(scope["projects"]),
        purposes=frozenset(scope["purposes"] or PURPOSES),
    )


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
