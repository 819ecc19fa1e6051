"""The version of the registry's schema that this code reads and writes, and the way to it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from schemas.errors import Unavailable

REVISION: Final = "0004"
"""The latest revision in `migrations/versions`."""


def check_version(connection: Connection) -> None:
    """Refuse a registry whose tables are of another version than this code's.

    Raises:
        Unavailable: `registry_version`.
    """
    found = version_of(connection)
    if found != REVISION:
        raise Unavailable("registry_version", _other_version(found))


def version_of(connection: Connection) -> str | None:
    """The version of a registry's tables; None where there are none of ours."""
    try:
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        return None
    return found


def _other_version(found: str | None) -> str:
    told = f"the registry is of version {found}, expected {REVISION}"
    return f"{told}: run `cad upgrade`" if _is_older(found) else told


def _is_older(found: str | None) -> bool:
    # Revisions are numbers of one width, written in order.
    return found is not None and found < REVISION


def bring_up(connection: Connection) -> str:
    """Migrate the tables of an older version to this code's; returns the version they were of.

    Raises:
        Unavailable: `registry_version`, where they are of none, or of a later one.
    """
    found = version_of(connection)
    if found is None or (found != REVISION and not _is_older(found)):
        raise Unavailable("registry_version", _other_version(found))
    upgrade(connection)
    return found


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
