"""Runs the registry's migrations over the connection that `cad.registry.migrate` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from cad.registry.tables import metadata
from cad.registry.types import Json, UtcTime


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types by name into a new revision."""
    if kind == "type" and isinstance(item, UtcTime):
        return "UtcTime()"
    return "Json" if kind == "type" and item is Json else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    compare_type=True,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
