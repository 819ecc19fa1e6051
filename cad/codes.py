"""Code lists loaded and shown: facts of the plan that change with time, as data, not as code.

A list is a JSON document ``{"name", "version", "valid_from", "rows"}``. Those of the plan come with
CAD (`schemas/codes`), but none is loaded unless somebody says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection

from cad.build.people import PURPOSES
from cad.commit import open_session
from cad.registry.code_lists import (
    INDICATION,
    ROUTING,
    CodeList,
    code_lists,
    insert_code_list,
)
from cad.registry.engine import reading, registry_now
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from loaders.intake.strict_json import NotJsonError, parse_json
from schemas.errors import BadQuestion, Conflict, NotFound

log = logging.getLogger(__name__)

Row = Mapping[str, Any]


def _has_texts(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(isinstance(row.get(name), str) and row[name] for name in names)


def _is_cohort(row: Row) -> bool:
    purposes = row.get("purposes")
    named = isinstance(row.get("cohort"), str)
    return named and isinstance(purposes, list) and all(one in PURPOSES for one in purposes)


_CHECKS: Final[dict[str, tuple[Callable[[Row], bool], str]]] = {
    "cohort": (_is_cohort, f"cohort, and purposes out of {', '.join(PURPOSES)}"),
    ROUTING: (_has_texts("platform", "region"), "platform and region"),
    INDICATION: (_has_texts("indication"), "indication"),
}
"""What the rows of lists that CAD reads must hold; other lists are kept as they are."""


@dataclass(frozen=True)
class AddedCodes:
    """What became of a list: `commit` is the one that brought it, or the latest if unchanged."""

    name: str
    version: str
    rows: int
    commit: int
    status: Literal["accepted", "unchanged"]

    def to_json(self) -> dict[str, Any]:
        """The document that `cad codes add` prints."""
        return dict(vars(self))


def plan_lists() -> dict[str, bytes]:
    """The lists that come with CAD, by name."""
    found = sorted((files("schemas") / "codes").iterdir(), key=lambda one: one.name)
    return {
        one.name.removesuffix(".json"): one.read_bytes()
        for one in found
        if one.name.endswith(".json")
    }


def read_codes(named: str) -> CodeList:
    """A list out of a file, or one that comes with CAD by its name.

    Raises:
        NotFound: `codes_unknown`.
        BadQuestion: `codes_malformed`.
    """
    shipped = plan_lists()
    path = Path(named)
    if named in shipped and not path.is_file():
        return parse_codes(shipped[named], named)
    if not path.is_file():
        known = ", ".join(shipped)
        raise NotFound("codes_unknown", f"neither a file nor one of {known}", path.name)
    return parse_codes(path.read_bytes(), path.name)


def parse_codes(data: bytes, where: str) -> CodeList:
    """A list out of its document.

    Raises:
        BadQuestion: `codes_malformed`.
    """
    try:
        content = parse_json(data)
    except NotJsonError as error:
        raise BadQuestion("codes_malformed", str(error), where) from None
    texts = ("name", "version", "valid_from")
    if not isinstance(content, dict) or not _has_texts(*texts)(content):
        raise BadQuestion("codes_malformed", f"expected an object with {', '.join(texts)}", where)
    try:
        valid_from = date.fromisoformat(content["valid_from"])
    except ValueError:
        raise BadQuestion("codes_malformed", "valid_from: expected YYYY-MM-DD", where) from None
    rows = content.get("rows")
    if not isinstance(rows, list) or not rows:
        raise BadQuestion("codes_malformed", "rows: expected a list of objects", where)
    is_right, expected = _CHECKS.get(content["name"], (lambda _: True, "an object"))
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not is_right(row):
            raise BadQuestion("codes_malformed", f"row {place}: expected {expected}", where)
    return CodeList(content["name"], content["version"], valid_from, rows)


def add_codes(warehouse: Warehouse, made: CodeList) -> AddedCodes:
    """Load a version of a list, in one commit.

    Raises:
        Conflict: `codes_conflict`, where the version is there with other rows; `session_expired`.
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        before = latest_commit(connection)
        held = _held(connection, made)
    if held:
        return AddedCodes(made.name, made.version, len(made.rows), before, "unchanged")

    def apply(connection: Connection, _: int) -> None:
        if not _held(connection, made):
            insert_code_list(connection, made)

    with open_session(warehouse, "codes") as session:
        commit_no, _ = session.commit(apply)
    log.info("code list %s %s: %d rows", made.name, made.version, len(made.rows))
    return AddedCodes(made.name, made.version, len(made.rows), commit_no, "accepted")


def _held(connection: Connection, made: CodeList) -> bool:
    """Whether the same version is there.

    Raises:
        Conflict: `codes_conflict`.
    """
    for one in code_lists(connection, made.name):
        if one.version == made.version:
            if one != made:
                detail = "this version is there with other rows or another day; name a new one"
                raise Conflict("codes_conflict", detail, f"{made.name} {made.version}")
            return True
    return False


def list_codes(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Every version of every list, and whether it is the one that answers today."""
    with reading(warehouse.engine) as connection:
        found = code_lists(connection)
        today = registry_now(connection).date()
    current = {one.name: one.version for one in found if one.valid_from <= today}
    return [
        {
            "name": one.name,
            "version": one.version,
            "valid_from": one.valid_from.isoformat(),
            "rows": len(one.rows),
            "current": current.get(one.name) == one.version,
        }
        for one in found
    ]


def show_codes(warehouse: Warehouse, name: str, version: str | None = None) -> dict[str, Any]:
    """A list's rows: of a version, or of the one that answers today.

    Raises:
        NotFound: `codes_unknown`.
    """
    with reading(warehouse.engine) as connection:
        found = code_lists(connection, name)
        today = registry_now(connection).date()
    if version is None:
        fitting = [one for one in found if one.valid_from <= today]
    else:
        fitting = [one for one in found if one.version == version]
    if not fitting:
        known = ", ".join(one.version for one in found) or "none"
        raise NotFound("codes_unknown", f"versions that are loaded: {known}", name)
    one = fitting[-1]
    return {**vars(one), "valid_from": one.valid_from.isoformat()}
