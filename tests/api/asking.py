"""Who asks in tests: keys of clients, as headers."""

from typing import Any

from cad.access.clients import create_client
from cad.warehouse import Warehouse


def key_for(
    warehouse: Warehouse, role: str, name: str | None = None, **scope: Any
) -> dict[str, str]:
    """The header of a new client of a role; `scope` as `create_client` takes it."""
    if role == "platform":
        scope = {"platform": "SEQOIA", **scope}
    _, key = create_client(warehouse, name or f"a {role}", role, **scope)
    return {"authorization": f"Bearer {key}"}
