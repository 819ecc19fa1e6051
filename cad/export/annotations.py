"""What sources say of the variants of a base, as exports write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cad.annotate.source_texts import SourceTeller, site_table
from cad.annotation.match import SourceRows
from cad.export.figures import FiguresBlock
from loaders.columns import flags, numbers
from loaders.sites.alleles import Alleles, pack_bases
from schemas.contigs import BIN_SIZE
from schemas.lake import LAKE_TABLES

_ROWS: Final = 16_384
"""Variants looked up at once: row groups of sources are decoded about as often as read."""

_KEY: Final = ("contig", "pos", "ref", "alt")


def gathered(blocks: Iterator[FiguresBlock], rows: int = _ROWS) -> Iterator[list[FiguresBlock]]:
    """Blocks in groups of at least so many variants."""
    waiting: list[FiguresBlock] = []
    for block in blocks:
        waiting.append(block)
        if sum(len(one.pos) for one in waiting) >= rows:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def info_tails(tellers: Sequence[SourceTeller], blocks: Sequence[FiguresBlock]) -> list[list[str]]:
    """What INFO gains after the figures: a text for each variant of each block, maybe empty.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    sizes = [len(block.pos) for block in blocks]
    tails = [""] * sum(sizes)
    alleles = _alleles(blocks if tellers else [])
    for teller in tellers:
        told = teller.tell(blocks[0].contig, alleles)
        names = [field.name for field in teller.fields]
        columns = [texts.to_pylist() for texts in told.texts]
        for row in np.flatnonzero(told.is_there).tolist():
            pairs = zip(names, columns, strict=True)
            tails[row] += "".join(f";{name}={texts[row]}" for name, texts in pairs)
    ends = np.cumsum(sizes).tolist()
    return [tails[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _alleles(blocks: Sequence[FiguresBlock]) -> Alleles:
    """The variants of blocks as alternates of a file would be."""
    pairs = [pair for block in blocks for pair in block.alleles]
    letters = np.array(
        [(ord(ref), ord(alt)) if len(ref) == len(alt) == 1 else (0, 0) for ref, alt in pairs],
        np.int64,
    ).reshape(-1, 2)
    longer = {
        row: (pairs[row][0], pairs[row][1]) for row in np.flatnonzero(letters[:, 0] == 0).tolist()
    }
    return Alleles(
        np.array([pos for block in blocks for pos in block.pos.tolist()], np.int64),
        pack_bases(letters[:, 0], letters[:, 1]),
        longer,
        np.ones(len(pairs), bool),
        np.zeros(0, np.int64),
    )


def write_records(teller: SourceTeller, groups: Iterator[list[FiguresBlock]], out: Path) -> int:
    """Write a source's records of a contig's variants as Parquet; returns how many there are.

    One row per record, sorted by pos, ref, alt: the variant and the chosen columns, as the lake's
    table has them. No file is left where there is none.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    table = site_table(teller.source)
    names = [*_KEY, *teller.columns]
    schema = pa.schema([LAKE_TABLES[table].field(name) for name in names])
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for blocks in groups:
            found = _records(teller, table, blocks)
            if found.num_rows:
                writer = writer or pq.ParquetWriter(out, schema, compression="zstd")
                writer.write_table(found.select(names).cast(schema))
                rows += found.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _records(teller: SourceTeller, table: str, blocks: Sequence[FiguresBlock]) -> pa.Table:
    """The records about the variants of some blocks."""
    contig = blocks[0].contig
    pairs = [pair for block in blocks for pair in block.alleles]
    pos = np.concatenate([block.pos for block in blocks])
    own = SourceRows(
        pa.table(
            {
                "pos": numbers(pos.astype(np.int32)),
                "ref": pa.array([ref for ref, _ in pairs]),
                "alt": pa.array([alt for _, alt in pairs]),
            }
        )
    )
    first, last = int(pos[0]), int(pos[-1])
    parts = []
    for number in range((first - 1) // BIN_SIZE, (last - 1) // BIN_SIZE + 1):
        path = teller.reader.path(teller.source, table, contig, number)
        if path is not None:
            columns = ("pos", "ref", "alt", *teller.columns)
            held = SourceRows(teller.reader.files.open(path).between(first, last, columns))
            known = own.find_codes(held.pos, held.code) >= 0
            found = held.rows.filter(flags(known))
            for name in ("ref", "alt"):
                place = found.column_names.index(name)
                found = found.set_column(place, name, pc.cast(found[name], pa.string()))
            parts.append(found.append_column("contig", pa.repeat(contig, found.num_rows)))
    empty = pa.table({"pos": pa.array([], pa.int32())})
    return pa.concat_tables(parts) if parts else empty
