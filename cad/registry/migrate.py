"""The version of the registry's schema that this code reads and writes, and the way to it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from schemas.errors import Unavailable

REVISION: Final = "0003"
"""The latest revision in `migrations/versions`."""


def check_version(connection: Connection) -> None:
    """Refuse a registry whose tables are of another version than this code's.

    Raises:
        Unavailable: `registry_version`.
    """
    try:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        found = None
    if found != REVISION:
        raise Unavailable(
            "registry_version", f"the registry is of version {found}, expected {REVISION}"
        )


def alembic_config(connection: Connection) -> Any:
    """Alembic's configuration for the package's migrations, over an open connection."""
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", "cad.registry:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Create or migrate every table, within the connection's transaction.

    Alembic is loaded here and not above: it takes a quarter of a second, and only `init` needs it.
    """
    import_module("alembic.command").upgrade(alembic_config(connection), "head")
