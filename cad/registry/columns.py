"""What the registry's tables are declared with: their metadata, and columns they share.

Rows with `added_at` and `removed_at` belong to commits: such a row is visible at commit c when
``added_at <= c`` and it was not removed at c or before (`visible`). Times are UTC, by the
registry's clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, MetaData, String, Table, and_, or_

from cad.registry.types import UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def numbered(name: str, *rest: Any, **options: Any) -> Column[int]:
    """A key that the registry hands out itself (`head`), so that none is ever given twice."""
    return Column(name, Integer, *rest, primary_key=True, autoincrement=False, **options)


def counted(name: str) -> Column[int]:
    """A key that the database hands out."""
    return Column(name, Integer, primary_key=True, autoincrement=True)


def life() -> tuple[Column[int], Column[int]]:
    """The commits at which a row came and went."""
    return Column("added_at", Integer, nullable=False), Column("removed_at", Integer)


def moment(name: str, *, null: bool = False) -> Column[datetime]:
    """A moment, in UTC."""
    return Column(name, UtcTime(), nullable=null)


def words(name: str, *, null: bool = False) -> Column[str]:
    """A text."""
    return Column(name, String, nullable=null)


def visible(table: Table, commit: int) -> ColumnElement[bool]:
    """Whether a row is visible at a commit."""
    return and_(
        table.c.added_at <= commit,
        or_(table.c.removed_at.is_(None), table.c.removed_at > commit),
    )
