"""Variants of a base that ClinVar classifies otherwise than by the version that answered then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from cad.build.statements import statement
from cad.changes import Document, Key, is_seen
from cad.database import open_database
from cad.query.reader import BaseReader
from cad.registry.annotations import AnnotationRow, annotation_files, sources_at
from cad.registry.engine import reading
from schemas.annotations import CLINVAR

_COLUMNS = ("contig", "pos", "ref", "alt", "significance")
_TABLE = "annotation_clinvar"


def class_changes(
    reader: BaseReader, commit_no: int
) -> tuple[dict[Key, list[Document]], list[str]]:
    """Changes of class since a commit, of variants that somebody in the base carries.

    Returns:
        Changes by variant, and why a source could not be compared.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    found: dict[Key, list[Document]] = {}
    notes = []
    pinned = reader.base.pinned_no
    with reading(reader.warehouse.engine) as connection:
        now = [row for row in sources_at(connection, pinned) if _answers(row)]
        then = {row.name: row for row in sources_at(connection, commit_no) if _answers(row)}
        live = {row.annotation_no for row in sources_at(connection, pinned)}
        paths = {
            row.annotation_no: [
                reader.warehouse.lake.local(path)
                for *_, path in annotation_files(
                    connection, pinned, [row.annotation_no], table=_TABLE
                )
            ]
            for row in (*now, *then.values())
        }
    for row in now:
        old = then.get(row.name)
        if old is None:
            notes.append(f"{row.name} was not loaded then")
        elif old.annotation_no not in live:
            notes.append(f"{row.name} {old.version}, which answered then, was removed")
        elif old.annotation_no != row.annotation_no:
            files = paths[old.annotation_no], paths[row.annotation_no]
            for change in _differences(reader, *files):
                key = change["contig"], change["pos"], change["ref"], change["alt"]
                if is_seen(reader, key):
                    found.setdefault(key, []).append(_told(old, row, change))
    return found, notes


def _answers(row: AnnotationRow) -> bool:
    return row.kind == "clinvar" and row.is_default


def _differences(
    reader: BaseReader, before: Sequence[Path], after: Sequence[Path]
) -> list[Document]:
    with TemporaryDirectory(prefix="cad-changes-") as spill:
        database = open_database(reader.warehouse.settings, Path(spill))
        try:
            for name, paths in (("before", before), ("after", after)):
                parts = [pq.read_table(path, columns=list(_COLUMNS)) for path in paths]
                empty = pa.schema([CLINVAR.field(column) for column in _COLUMNS]).empty_table()
                database.register(name, pa.concat_tables(parts) if parts else empty)
            rows: pa.Table = database.sql(statement("changes_clinvar")).to_arrow_table()
            return rows.to_pylist()
        finally:
            database.close()


def _told(old: AnnotationRow, new: AnnotationRow, change: Document) -> Document:
    return {
        "what": "clinvar",
        "source": new.name,
        "before": {"version": old.version, "significance": change["significance_before"]},
        "after": {"version": new.version, "significance": change["significance"]},
    }
