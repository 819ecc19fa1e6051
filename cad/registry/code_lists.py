"""Code lists: dated, versioned facts of the plan, and what they say of a platform's samples.

Of the versions of a list, the latest that is valid on a day answers (`cad.registry.people`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from cad.registry.tables import code_list

ROUTING: Final = "routing"
"""Rows are ``{"platform": NAME, "region": NAME, "iso": CODE}``, one per name of a region."""
INDICATION: Final = "indication"
"""Rows are ``{"indication": NAME, ...}``."""


@dataclass(frozen=True)
class CodeList:
    """A version of a list: valid from a day on, until a later version is."""

    name: str
    version: str
    valid_from: date
    rows: list[dict[str, Any]]


def code_lists(connection: Connection, name: str | None = None) -> list[CodeList]:
    """All versions, of one list or of all, by name and then by day."""
    query = select(
        code_list.c.name, code_list.c.version, code_list.c.valid_from, code_list.c.rows
    ).order_by(code_list.c.name, code_list.c.valid_from, code_list.c.version)
    if name is not None:
        query = query.where(code_list.c.name == name)
    return [CodeList(*row) for row in connection.execute(query)]


def insert_code_list(connection: Connection, made: CodeList) -> None:
    """Insert a version."""
    connection.execute(insert(code_list).values(**vars(made)))


class Routes:
    """To which platforms regions are routed; a region is told by any of its names or its code.

    >>> routes = Routes([{"platform": "SEQOIA", "region": "Île-de-France", "iso": "FR-IDF"}])
    >>> routes.has("ile de france", "SEQOIA"), routes.has("FR-IDF", "AURAGEN"), routes.has("X", "Y")
    (True, False, None)
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._platforms: dict[str, set[str]] = {}
        for row in rows:
            for name in (row["region"], row.get("iso")):
                if name is not None:
                    self._platforms.setdefault(plain_name(name), set()).add(str(row["platform"]))

    def __bool__(self) -> bool:
        return bool(self._platforms)

    def has(self, region: str, platform: str) -> bool | None:
        """Whether a region is routed to a platform; None where no route of the region is known."""
        known = self._platforms.get(plain_name(region))
        return None if known is None else platform in known


def plain_name(name: str) -> str:
    """A name without what people write in different ways: accents, case, hyphens, apostrophes.

    >>> plain_name("Provence-Alpes-Côte d’Azur")
    'provence alpes cote d azur'
    """
    letters = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(
        "" if unicodedata.combining(one) else one if one.isalnum() else " " for one in letters
    )
    return " ".join(bare.split())
