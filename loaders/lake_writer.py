"""Parquet files of the lake, written one way: encodings, zstd, checksum, spans by contig."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loaders.jobs import Span, WrittenFile
from schemas.lake import LAKE_TABLES

ROW_GROUP_ROWS: Final = {"base_vrs": 8_192}
"""Rows of a row group, by table: a look-up of depth decodes those of one page and few others."""
_ROW_GROUP_ROWS: Final = 65_536
_FEW_WORDS: Final = 1_024
"""A dictionary of so many texts is written with each row group, whether it holds them or not."""
_POSITION: Final = {"pos": ("pos", "pos"), "start": ("start", "end")}


def row_group_rows(table: str) -> int:
    """Rows of a row group of a table of the lake; of an annotation few, for look-ups."""
    few = _ROW_GROUP_ROWS // 8 if table.startswith("annotation_") else _ROW_GROUP_ROWS
    return ROW_GROUP_ROWS.get(table, few)


def _encodings(schema: pa.Schema) -> tuple[list[str], dict[str, str]]:
    """Columns that keep a dictionary, and those delta-encoded as they grow with the rows."""
    names: tuple[str, ...] = ("pos", "start", "end", "sample", "page")
    delta = {name: "DELTA_BINARY_PACKED" for name in names if name in schema.names}
    dictionary = [
        field.name
        for field in schema
        if field.name not in delta and not pa.types.is_floating(field.type)
    ]
    return dictionary, delta


def _stored(schema: pa.Schema) -> pa.Schema:
    """The schema with texts as dictionaries, which are written without reading each text."""
    texts = {field.name for field in schema if pa.types.is_string(field.type)}
    return pa.schema(
        field.with_type(pa.dictionary(pa.int32(), field.type)) if field.name in texts else field
        for field in schema
    )


def _with_own_words(group: pa.Table) -> pa.Table:
    """A row group with dictionaries of the texts that it holds: each is written with its own."""
    for place, name in enumerate(group.column_names):
        kind = group.schema.field(place).type
        if pa.types.is_dictionary(kind):
            column = group.column(place)
            parts: list[Any] = column.chunks
            if any(len(part.dictionary) > _FEW_WORDS for part in parts):
                group = group.set_column(place, name, column.cast(kind.value_type))
    return group


class LakeWriter:
    """Writes one lake file table by table; `written` tells what was written once the block is left.

    A file without rows is not kept, and `written` is then None. With `place`, that is the file's
    one span, whatever rows it gets; else the spans are those of the rows. A table without contigs
    has none.
    """

    def __init__(self, table: str, path: Path, place: Span | None = None) -> None:
        self._table = table
        self._path = path
        self._place = place
        self._writer: pq.ParquetWriter | None = None
        self._spans: dict[str, Span] = {}
        self._rows = 0
        self.written: WrittenFile | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, rows: pa.Table, group_rows: int | None = None) -> None:
        """Append rows of one contig, in the table's order; texts may be strings or dictionaries.

        A row group has `group_rows`, else as many as is usual for the table.
        """
        if not rows.num_rows:
            return
        if self._writer is None:
            self._writer = self._open()
        stored = _stored(LAKE_TABLES[self._table])
        size = group_rows or row_group_rows(self._table)
        for start in range(0, rows.num_rows, size):
            group = _with_own_words(rows.slice(start, size).combine_chunks()).cast(stored)
            self._writer.write_table(group, row_group_size=size)
        self._rows += rows.num_rows
        if "contig" in rows.column_names:
            self._note_span(rows)

    def _open(self) -> pq.ParquetWriter:
        schema = LAKE_TABLES[self._table]
        dictionary, delta = _encodings(schema)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        writer = pq.ParquetWriter(
            self._path,
            _stored(schema),
            compression="zstd",
            use_dictionary=dictionary,  # type: ignore[arg-type]
            column_encoding=delta,
            data_page_version="2.0",
            store_schema=False,
        )
        # Readers of Arrow are told the schema as declared: strings, with units and descriptions.
        declared = base64.b64encode(schema.serialize().to_pybytes()).decode()
        writer.add_key_value_metadata({"ARROW:schema": declared})
        return writer

    def _note_span(self, rows: pa.Table) -> None:
        if self._place is not None:
            known = self._spans.get(self._place.contig)
            rows_before = known.rows if known is not None else 0
            self._spans[self._place.contig] = replace(self._place, rows=rows_before + rows.num_rows)
            return
        first, last = _POSITION["pos" if "pos" in rows.column_names else "start"]
        contig = rows["contig"][0].as_py()
        start, end = pc.min(rows[first]).as_py(), pc.max(rows[last]).as_py()
        known = self._spans.get(contig)
        if known is not None:
            start, end = min(known.start, start), max(known.end, end)
        before = known.rows if known is not None else 0
        self._spans[contig] = Span(contig, start, end, before + rows.num_rows)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is None:
            return
        self._writer.close()
        if kind is None:
            self.written = WrittenFile(
                self._table,
                self._path,
                self._rows,
                self._path.stat().st_size,
                file_sha256(self._path),
                tuple(self._spans.values()),
            )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
