"""Persons in the audit log: hashes under a key of each person's own, which withdrawal destroys."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from cad.registry.audit import person_keys
from cad.registry.engine import writing
from cad.warehouse import Warehouse


def person_tokens(warehouse: Warehouse, person_ids: Collection[str]) -> dict[str, str]:
    """By person: what the log calls them; persons without a live sample have no token.

    The same person has the same token in all entries, until the key is destroyed: from then on it
    is a number that belongs to nobody.

    Raises:
        Unavailable: `registry_unusable`.
    """
    if not person_ids:
        return {}
    with writing(warehouse.engine) as connection:
        keys = person_keys(connection, person_ids)
    return {
        person: hmac.new(key, person.encode(), hashlib.sha256).hexdigest()
        for person, key in keys.items()
    }
