"""A source's VCF as rows: each alternate in the base's own form, with entries of INFO."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.place import SourceContigs, keep_variants
from loaders.sites.alleles import Alleles
from loaders.sites.blocks import read_blocks
from loaders.sites.columns import key_columns
from loaders.sites.header import check_contigs, check_named_assembly
from loaders.sites.info import InfoBlock, InfoReader
from loaders.sites.lines import Lines
from schemas.annotations import ANNOTATION_TABLES
from schemas.errors import BadQuestion

Longs = NDArray[np.int64]
Keys = Mapping[str, Sequence[str]]
"""By column, the INFO keys that may hold it; the first that a header declares is read."""

_NUMBER: Final = re.compile(r"##INFO=<ID=([^,]+),Number=([^,]+),")
_FACT: Final = re.compile(r"##(fileDate|source|reference|dbSNP_BUILD_ID)=(.*)")


@dataclass(frozen=True)
class SiteRows:
    """Variants of one contig in a block, one row each.

    Attributes:
        contig: the counted contig.
        alleles: all alternates of the contig's lines.
        kept: which of them are variants, and rows.
        line: each row's line in the block.
        nth: each row's place among its line's alternates.
        info: the block's entries.
        job: the file's.
        first_line: number in the file of the block's first line.
        lines: the block's lines.
    """

    contig: str
    alleles: Alleles
    kept: Longs
    line: Longs
    nth: Longs
    info: InfoBlock
    job: SourceJob
    first_line: int
    lines: Lines

    def key(self) -> dict[str, Any]:
        """The key columns."""
        return key_columns(self.contig, self.alleles, self.kept)

    def written_at(self, row: int) -> tuple[str, list[str]]:
        """REF and the alternates of a row's line, as written."""
        line, lines = int(self.line[row]), self.lines
        ref = lines.text[lines.ref[0][line] : lines.ref[1][line]].decode()
        own = range(int(lines.first[line]), int(lines.first[line + 1]))
        alts = (lines.text[lines.alt[0][one] : lines.alt[1][one]] for one in own)
        return ref, [alt.decode() for alt in alts]

    def where(self, row: int) -> str:
        """What errors call a row."""
        return f"{self.job.name}, line {self.first_line + int(self.line[row])}"


def read_site_table(
    job: SourceJob,
    table: str,
    keys: Keys,
    more: Callable[[SiteRows, dict[str, Any]], dict[str, Any]],
) -> Rows:
    """Read a VCF into rows of a table.

    Args:
        job: the file.
        table: the table's name.
        keys: where columns come from.
        more: makes the columns that are not in `keys`, of a block's rows and the columns read.

    Raises:
        BadQuestion: `assembly_mismatch`, `header_malformed`, `line_malformed`, `pos_unusable`,
            `file_unsorted`, `annotation_malformed`, `annotation_ref_mismatch`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`, `bcf_malformed`.
    """
    schema = ANNOTATION_TABLES[table]
    for chosen, rows in read_sites(job, keys):
        columns = rows.key()
        for column, (key, is_by_allele) in chosen.items():
            text = _texts(rows, key, is_by_allele=is_by_allele)
            columns[column] = converted(text, schema.field(column).type, rows, key)
        columns |= more(rows, columns)
        yield table, table_of(schema, columns, len(rows.kept))


def table_of(schema: pa.Schema, columns: Mapping[str, Any], rows: int) -> pa.Table:
    """Columns in the schema's order; null where none was read."""
    arrays = []
    for field in schema:
        array = columns.get(field.name)
        arrays.append(pa.nulls(rows, field.type) if array is None else array)
    return pa.Table.from_arrays(arrays, names=schema.names)


Chosen = Mapping[str, tuple[str, bool]]
"""By column, the key it is read from, and whether that has a value for each alternate."""


def read_sites(job: SourceJob, keys: Keys) -> Iterator[tuple[Chosen, SiteRows]]:
    """Read a VCF's variants, contig by contig within blocks of lines; see `read_site_table`."""
    blocks = read_blocks(job.path, job.progress, any_gzip=True)
    header = next(blocks).decode(errors="surrogateescape")
    check_contigs(header, job.assembly, job.name)
    check_named_assembly(header, job.assembly, job.name)
    job.tally.facts |= dict(_FACT.findall(header))
    chosen = _chosen(header, keys, job)
    reader = InfoReader([key for key, _ in chosen.values()])
    order, contigs = job.order(), SourceContigs(job)
    number = header.count("\n") + 1
    for block in blocks:
        lines = Lines.parse(block, number, job.name)
        info = reader.read(lines)
        for name, run in lines.runs():
            contig = contigs.of(name.decode(errors="replace"), run.stop - run.start)
            order.check(name.decode(errors="replace"), lines.pos[run])
            if contig is not None:
                yield chosen, _site_rows(job, contig, lines, run, info, number)
        job.check_mismatches()
        number += len(lines)


def _chosen(header: str, keys: Keys, job: SourceJob) -> dict[str, tuple[str, bool]]:
    numbers = dict(_NUMBER.findall(header))
    chosen = {}
    for column, names in keys.items():
        found = next((name for name in names if name in numbers), None)
        if found is not None:
            chosen[column] = found, numbers[found] == "A"
    if keys and not chosen:
        wanted = ", ".join(sorted({names[0] for names in keys.values()})[:5])
        detail = f"the header declares none of the source's INFO keys ({wanted}, ...)"
        raise BadQuestion("annotation_malformed", detail, job.name)
    return chosen


def _site_rows(
    job: SourceJob, contig: str, lines: Lines, run: slice, info: InfoBlock, number: int
) -> SiteRows:
    first = lines.first
    counts = np.diff(first)[run]
    line = np.repeat(np.arange(run.start, run.stop), counts)
    nth = np.arange(int(first[run.start]), int(first[run.stop])) - first[line]
    alleles, kept = keep_variants(job, contig, lines.written(run), line + number)
    return SiteRows(contig, alleles, kept, line[kept], nth[kept], info, job, number, lines)


def _texts(rows: SiteRows, key: str, *, is_by_allele: bool) -> Any:
    if not is_by_allele:
        return rows.info.values(key, rows.line)
    found, short = rows.info.items(key, rows.line, rows.nth)
    if short:
        rows.job.tally.left_out[f"{key}: fewer values than alternates"] += short
    return found


def converted(text: Any, kind: pa.DataType, rows: SiteRows, key: str) -> Any:
    """Texts as a column's type.

    Raises:
        BadQuestion: `annotation_malformed`, with the first line whose value is none.
    """
    if pa.types.is_string(kind):
        return text
    try:
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        bad = next(row for row in range(len(text)) if not _converts(text[row], kind))
        detail = f"{key} is {text[bad].as_py()!r}, expected a number"
        raise BadQuestion("annotation_malformed", detail, rows.where(bad)) from None


def _converts(value: Any, kind: pa.DataType) -> bool:
    try:
        pc.cast(value, kind)
    except pa.ArrowInvalid:
        return False
    return True
