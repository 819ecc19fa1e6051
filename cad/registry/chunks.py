"""Many values as parameters of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, TypeVar

Value = TypeVar("Value", int, str)
PARAMETERS: Final = 10_000
"""SQLite takes 32 766 parameters in a statement, PostgreSQL 65 535."""


def chunks(values: Collection[Value]) -> Iterator[list[Value]]:
    """The values, in order, in lists that a database takes as parameters of one statement."""
    ordered = sorted(values)
    for start in range(0, len(ordered), PARAMETERS):
        yield ordered[start : start + PARAMETERS]
