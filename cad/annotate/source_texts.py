"""What annotation sources say of alternates, as texts for INFO."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cad.annotate.fields import InfoField
from cad.annotate.look_up import Told
from cad.annotation.manage import chosen_sources
from cad.annotation.match import SourceRows
from cad.annotation.reader import AnnotationReader
from cad.registry.annotations import AnnotationRow, sources_at
from cad.registry.engine import reading
from cad.warehouse import Warehouse
from loaders.annotation.kinds import KINDS
from loaders.columns import numbers, texts, values, word
from loaders.sites.alleles import Alleles
from schemas.contigs import BIN_SIZE
from schemas.errors import BadQuestion
from schemas.lake import LAKE_TABLES

_KEY: Final = ("contig", "pos", "ref", "alt")
_RESERVED: Final = re.compile(r"[%;=,\s]")
_STRANGE: Final = re.compile(r"[^A-Za-z0-9_]")


class SourceTeller:
    """Tells chosen fields of one version of a source: of several records of a variant the first's.

    Attributes:
        source: the version.
        columns: the fields.
        found: alternates of which the source says something.
        reader: looks them up.
    """

    def __init__(
        self, reader: AnnotationReader, source: AnnotationRow, columns: Sequence[str]
    ) -> None:
        self.reader = reader
        self.source = source
        self.columns = tuple(columns)
        self.found = 0
        self._table = site_table(source)

    @cached_property
    def fields(self) -> Sequence[InfoField]:
        """The fields under the names that INFO gives them."""
        schema = LAKE_TABLES[self._table]
        origin = f"CAD {self.source.name}"
        return [
            InfoField(
                info_name(self.source.name, column),
                _vcf_type(schema.field(column).type),
                (schema.field(column).metadata or {})[b"description"].decode(),
                (origin, self.source.version),
            )
            for column in self.columns
        ]

    def to_json(self) -> dict[str, Any]:
        """The entry in what `cad annotate` prints."""
        return {
            "source": self.source.name,
            "version": self.source.version,
            "fields": [field.name for field in self.fields],
            "found": self.found,
        }

    def tell(self, contig: str, alleles: Alleles) -> Told:
        """The source's fields of alternates of one contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        rows = np.flatnonzero(alleles.is_variant)
        is_there = np.zeros(len(alleles.pos), bool)
        which, parts = [], []
        bins = (alleles.pos[rows] - 1) // BIN_SIZE
        for number in np.unique(bins).tolist():
            path = self.reader.path(self.source, self._table, contig, number)
            if path is not None:
                own = rows[bins == number]
                at = alleles.pos[own]
                held = SourceRows(
                    self.reader.files.open(path).between(
                        int(at.min()), int(at.max()), ("pos", "ref", "alt", *self.columns)
                    )
                )
                place = held.find(alleles, own)
                which.append(own[place >= 0])
                parts.append(held.rows.select(self.columns).take(numbers(place[place >= 0])))
        found = np.concatenate(which) if which else np.zeros(0, np.int64)
        is_there[found] = True
        self.found += len(found)
        return Told(is_there, tuple(self._texts(parts, found, len(is_there))))

    def _texts(self, parts: list[pa.Table], found: Any, rows: int) -> list[Any]:
        """Each field's texts: those found, spread over all rows."""
        if not parts:
            return [pa.repeat(word("."), rows)] * len(self.columns)
        table = pa.concat_tables(parts)
        # Row `len(found)` is the dot.
        place = np.full(rows, len(found), np.int64)
        place[found] = np.arange(len(found))
        spread = numbers(place)
        made = []
        for column in self.columns:
            told = pc.fill_null(_as_text(table[column].combine_chunks()), word("."))
            made.append(pa.concat_arrays([told, pa.repeat(word("."), 1)]).take(spread))
        return made


def site_table(source: AnnotationRow) -> str:
    """The table about single variants that a source fills, or that is computed by it.

    Raises:
        BadQuestion: `annotation_field_unknown`, where there is none.
    """
    table = KINDS[source.kind].sites
    if table is None:
        detail = "it says nothing of single variants"
        raise BadQuestion("annotation_field_unknown", detail, source.name)
    return table


def _as_text(column: Any) -> Any:
    """Values as VCF writes them; what INFO reserves is percent-encoded (VCF 4.3, 1.2)."""
    if pa.types.is_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), "&")
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    held = column.fill_null(word("")).dictionary_encode()
    words = [_encoded(one) or "." for one in held.dictionary.to_pylist()]
    return texts(values(held.indices), words).cast(pa.string())


def _encoded(text: str) -> str:
    return _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", text)


def info_name(source: str, column: str) -> str:
    """The INFO key of a source's field.

    >>> info_name("gnomad-exomes", "af")
    'CAD_gnomad_exomes_af'
    """
    return f"CAD_{_STRANGE.sub('_', source)}_{column}"


def _vcf_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "Integer"
    return "Float" if pa.types.is_floating(kind) else "String"


def open_tellers(warehouse: Warehouse, commit_no: int, words: Sequence[str]) -> list[SourceTeller]:
    """What tells the fields that words ask for (`chosen_fields`), at a pinned commit.

    Raises:
        NotFound: `annotation_unknown`.
        BadQuestion: `annotation_field_unknown`.
        Unavailable: `registry_unusable`.
    """
    if not words:
        return []
    with reading(warehouse.engine) as connection:
        chosen = chosen_fields(sources_at(connection, commit_no), words)
    reader = AnnotationReader(warehouse, commit_no, [row for row, _ in chosen])
    return [SourceTeller(reader, row, columns) for row, columns in chosen]


def chosen_fields(
    rows: Sequence[AnnotationRow], words: Sequence[str]
) -> list[tuple[AnnotationRow, tuple[str, ...]]]:
    """Versions and columns that words ask for: ``NAME[@VERSION][:FIELD+FIELD...]``, by commas.

    Where no field is named, those are meant that the source's kind shows.

    Raises:
        NotFound: `annotation_unknown`.
        BadQuestion: `annotation_field_unknown`, also for a source that is not keyed by variants.
    """
    chosen = []
    for one in (part.strip() for said in words for part in said.split(",") if part.strip()):
        name, _, fields = one.partition(":")
        for row in chosen_sources(rows, [name]):
            kind = KINDS[row.kind]
            if kind.sites is None and name == "all":
                continue
            known = [column for column in LAKE_TABLES[site_table(row)].names if column not in _KEY]
            columns = tuple(fields.split("+")) if fields else kind.shown
            if fields == "*":
                columns = tuple(known)
            unknown = [column for column in columns if column not in known]
            if unknown:
                detail = f"no field {', '.join(unknown)}; it has {', '.join(known[:20])}"
                raise BadQuestion("annotation_field_unknown", detail, row.name)
            chosen.append((row, columns))
    return chosen
