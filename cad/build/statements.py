"""SQL statements, one file each, read once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of ``cad/sql/<name>.sql``."""
    return (files("cad") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
