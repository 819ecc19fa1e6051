"""Projects: who is in their scope, and the pseudonyms under which they see persons."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from cad.cohort.filter import Filter, Term
from cad.registry.access_tables import project as project_table
from cad.registry.engine import registry_now
from schemas.errors import Forbidden, NotFound

_PSEUDONYM_BYTES: Final = 10
"""80 bits: two of a million persons collide with a chance of one in a trillion."""
_SCOPE_FIELDS: Final = {"cohorts": "cohort", "indications": "indication", "phenotypes": "HPO"}


@dataclass(frozen=True)
class Project:
    """An approved project.

    Attributes:
        name: its name.
        purpose: the purpose for which its persons must count.
        scope: who is in it.
        key: of its pseudonyms; no two projects share one.
    """

    name: str
    purpose: str
    scope: Filter
    key: bytes = field(repr=False)


def pseudonym(project_key: bytes, person_id: str) -> str:
    """What a project calls a person: 16 letters and digits, the first 80 bits of HMAC-SHA256.

    >>> pseudonym(b"key", "P1"), pseudonym(b"other", "P1") == pseudonym(b"key", "P1")
    ('A7K7PRKVXXZMLIGF', False)
    """
    digest = hmac.new(project_key, person_id.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_PSEUDONYM_BYTES]).decode()


def scope_filter(scope: Mapping[str, Sequence[str]]) -> Filter:
    """The filter of a project's scope: each list that it gives must hold something of the person.

    Args:
        scope: `cohorts`, `indications`, `phenotypes` (ids of HPO), each a list; absent or empty
            narrows nothing.

    Raises:
        BadQuestion: `filter_malformed`.

    >>> scope_filter({"cohorts": ["A", "B"], "phenotypes": ["HP:0001250"]}).texts()
    ['cohort=A|B', 'HP:0001250']
    """
    return Filter(
        tuple(
            Term(about, tuple(scope[name]))
            for name, about in _SCOPE_FIELDS.items()
            if scope.get(name)
        )
    )


def read_project(connection: Connection, name: str, on: date | None = None) -> Project:
    """An approved project as it is on a day, today where unset.

    Raises:
        NotFound: `project_unknown`.
        Forbidden: `project_not_open`.
    """
    query = select(project_table).where(project_table.c.name == name)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("project_unknown", "no project has this name", name)
    day = on or registry_now(connection).date()
    key = row["pseudonym_key"]
    if row["state"] != "approved" or key is None or row["ends_on"] < day:
        raise Forbidden("project_not_open", f"it is {row['state']}, its last day {row['ends_on']}")
    return Project(name, row["purpose"], scope_filter(row["scope"]), key)
