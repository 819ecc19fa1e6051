"""Sources and their versions: which there are, which answers, and one taken away."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from cad.commit import open_session
from cad.registry.annotations import (
    AnnotationRow,
    choose_default,
    remove_annotation_rows,
    sources_at,
)
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from schemas.errors import NotFound


def list_sources(warehouse: Warehouse) -> list[AnnotationRow]:
    """All versions, by source, the latest loaded first.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        return sources_at(connection, latest_commit(connection))


def remove_version(warehouse: Warehouse, name: str, version: str) -> int:
    """Take a version away; where it answered, the latest one left does. Returns the commit.

    Raises:
        NotFound: `annotation_unknown`.
    """

    def apply(connection: Connection, commit_no: int) -> None:
        row = find_version(sources_at(connection, commit_no), name, version)
        remove_annotation_rows(connection, commit_no, row)

    with open_session(warehouse, "annotate") as session:
        return session.commit(apply)[0]


def set_default(warehouse: Warehouse, name: str, version: str) -> int:
    """Let a version answer for its source, until a newer one is loaded. Returns the commit.

    Raises:
        NotFound: `annotation_unknown`.
    """

    def apply(connection: Connection, commit_no: int) -> None:
        row = find_version(sources_at(connection, commit_no), name, version)
        choose_default(connection, commit_no, name, row.annotation_no)

    with open_session(warehouse, "annotate") as session:
        return session.commit(apply)[0]


def find_version(rows: Sequence[AnnotationRow], name: str, version: str | None) -> AnnotationRow:
    """A version of a source, or the one that answers for it.

    Raises:
        NotFound: `annotation_unknown`.
    """
    own = [row for row in rows if row.name == name]
    for row in own:
        if row.version == version or (version is None and row.is_default):
            return row
    if own:
        known = ", ".join(row.version for row in own)
        raise NotFound("annotation_unknown", f"{name} has versions {known}", f"{name}@{version}")
    known = ", ".join(sorted({row.name for row in rows})) or "none"
    raise NotFound("annotation_unknown", f"sources that are loaded: {known}", name)


def chosen_sources(
    rows: Sequence[AnnotationRow], words: Sequence[str] | None
) -> list[AnnotationRow]:
    """The versions that words ask for: ``NAME`` or ``NAME@VERSION``, several parted by commas.

    None asks for what answers by default of every source; `none` alone for nothing, `all` for the
    same as None.

    Raises:
        NotFound: `annotation_unknown`.
    """
    defaults = [row for row in rows if row.is_default]
    if words is None:
        return defaults
    asked = [one.strip() for word in words for one in word.split(",") if one.strip()]
    if asked == ["none"]:
        return []
    chosen: dict[int, AnnotationRow] = {}
    for one in asked:
        name, _, version = one.partition("@")
        found = defaults if one == "all" else [find_version(rows, name, version or None)]
        chosen |= {row.annotation_no: row for row in found}
    return list(chosen.values())
