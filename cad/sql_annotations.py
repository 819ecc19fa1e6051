"""Annotations as views for SQL: every version of every source, told apart by its first columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import pyarrow as pa
from sqlalchemy import Connection

from cad.registry.annotations import AnnotationRow, annotation_files, sources_at
from cad.warehouse import Warehouse
from schemas.lake import LAKE_TABLES
from schemas.views import SOURCES

PREFIX: Final = "annotation_"


def annotation_table_names() -> list[str]:
    """The lake's tables of annotations, each of which is a view."""
    return [name for name in LAKE_TABLES if name.startswith(PREFIX)]


def source_table(connection: Connection, commit_no: int) -> pa.Table:
    """Rows of `schemas.views.SOURCES`."""
    rows = [
        {
            "source": one.name,
            "kind": one.kind,
            "version": one.version,
            "is_default": one.is_default,
            "sha256": one.sha256,
            "rows": one.rows,
            "loaded_at": one.loaded_at,
            "commit_no": one.commit_no,
        }
        for one in sources_at(connection, commit_no)
    ]
    return pa.Table.from_pylist(rows, SOURCES)


def files_by_table(
    connection: Connection, warehouse: Warehouse, commit_no: int
) -> Mapping[str, list[tuple[AnnotationRow, list[str]]]]:
    """By table, the versions with rows in it, and their files."""
    sources = {one.annotation_no: one for one in sources_at(connection, commit_no)}
    paths: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for number, table, _, _, path in annotation_files(connection, commit_no, list(sources)):
        paths[table][number].append(warehouse.lake.address(path))
    return {
        table: [(sources[number], files) for number, files in of.items()]
        for table, of in paths.items()
    }
