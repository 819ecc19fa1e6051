"""Projects of researchers: the only place outside care where persons are told apart.

A project is requested, approved by somebody named, and closed; it ends on its day in any case. Its
persons bear pseudonyms under a key of its own (`cad.cohort.project`), which closing destroys: what
left the project then leads back to nobody, not even with the warehouse at hand.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, insert, select, update

from cad.build.people import PURPOSES
from cad.cohort.project import scope_filter
from cad.registry.access_tables import project
from cad.registry.engine import reading, registry_now, writing
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, Conflict, NotFound

State = Literal["requested", "approved", "closed"]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEY_BYTES: Final = 32


@dataclass(frozen=True)
class ProjectRow:
    """One project, in whatever state.

    Attributes:
        scope: cohorts, indications, HPO terms; a field that is absent narrows nothing.
        ends_on: the last day on which it may be asked in.
    """

    name: str
    title: str
    purpose: str
    scope: Mapping[str, list[str]]
    ends_on: date
    state: State
    approved_by: str | None
    created_at: datetime
    approved_at: datetime | None
    closed_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The document that `cad project` prints; its key is told to nobody."""
        return {
            "name": self.name,
            "title": self.title,
            "purpose": self.purpose,
            "scope": dict(self.scope),
            "ends_on": self.ends_on.isoformat(),
            "state": self.state,
            "approved_by": self.approved_by,
            "created_at": self.created_at.isoformat(),
            "approved_at": self.approved_at and self.approved_at.isoformat(),
            "closed_at": self.closed_at and self.closed_at.isoformat(),
        }


def create_project(
    warehouse: Warehouse,
    name: str,
    *,
    title: str,
    purpose: str,
    scope: Mapping[str, list[str]],
    ends_on: date,
) -> ProjectRow:
    """Request a project; nobody may ask in it before it is approved.

    Raises:
        BadQuestion: `project_malformed`, `purpose_unknown`; `filter_malformed`, the scope.
        Conflict: `project_conflict`, the name is taken.
        Unavailable: `registry_unusable`.
    """
    _check_request(name, title, purpose, scope)
    with writing(warehouse.engine) as connection:
        if _find(connection, name) is not None:
            raise Conflict("project_conflict", "a project of this name exists", name)
        values = {
            "name": name,
            "title": title,
            "purpose": purpose,
            "scope": {field: sorted(set(words)) for field, words in scope.items() if words},
            "ends_on": ends_on,
            "state": "requested",
            "created_at": registry_now(connection),
        }
        connection.execute(insert(project).values(values))
        return _required(connection, name)


def approve_project(warehouse: Warehouse, name: str, approved_by: str) -> ProjectRow:
    """Approve a requested project, which gets its key.

    Raises:
        BadQuestion: `project_malformed`, nobody is named.
        NotFound: `project_unknown`.
        Conflict: `project_conflict`, it is not a requested one.
        Unavailable: `registry_unusable`.
    """
    if not approved_by.strip():
        raise BadQuestion("project_malformed", "name who approved it", name)
    with writing(warehouse.engine) as connection:
        if _required(connection, name).state != "requested":
            raise Conflict("project_conflict", "only a requested project is approved", name)
        key = secrets.token_bytes(_KEY_BYTES)
        now = registry_now(connection)
        values = {"approved_by": approved_by, "approved_at": now, "pseudonym_key": key}
        statement = update(project).where(project.c.name == name)
        connection.execute(statement.values(state="approved", **values))
        return _required(connection, name)


def close_project(warehouse: Warehouse, name: str) -> ProjectRow:
    """Close a project and destroy its pseudonyms' key; closing again changes nothing.

    Raises:
        NotFound: `project_unknown`.
        Unavailable: `registry_unusable`.
    """
    with writing(warehouse.engine) as connection:
        if _required(connection, name).state != "closed":
            values = {"state": "closed", "closed_at": registry_now(connection)}
            statement = update(project).where(project.c.name == name)
            connection.execute(statement.values(pseudonym_key=None, **values))
        return _required(connection, name)


def list_projects(warehouse: Warehouse) -> list[ProjectRow]:
    """All projects, in the order of their names.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        rows = connection.execute(select(project).order_by(project.c.name)).mappings()
        return [_project(row) for row in rows]


def find_project(warehouse: Warehouse, name: str) -> ProjectRow:
    """A project, in whatever state.

    Raises:
        NotFound: `project_unknown`.
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        return _required(connection, name)


def _check_request(name: str, title: str, purpose: str, scope: Mapping[str, list[str]]) -> None:
    if purpose not in PURPOSES:
        raise BadQuestion("purpose_unknown", f"expected one of {', '.join(PURPOSES)}", purpose)
    if not _NAME.fullmatch(name):
        raise BadQuestion("project_malformed", "a name is of letters, digits and -_.", name)
    if not title.strip():
        raise BadQuestion("project_malformed", "say what it is about", name)
    scope_filter(scope)


def _required(connection: Connection, name: str) -> ProjectRow:
    found = _find(connection, name)
    if found is None:
        raise NotFound("project_unknown", "no project has this name", name)
    return found


def _find(connection: Connection, name: str) -> ProjectRow | None:
    row = connection.execute(select(project).filter_by(name=name)).mappings().one_or_none()
    return None if row is None else _project(row)


def _project(row: Mapping[Any, Any]) -> ProjectRow:
    return ProjectRow(**{field.name: row[field.name] for field in fields(ProjectRow)})
