"""The figures of one purpose of a release as they are kept: one Parquet file a contig.

Rows are variant x stratum, every variant with all strata in the same order; a row group holds whole
variants, so that one variant is found by decoding one group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.export.figures import FiguresBlock
from cad.export.rows import WITH_DICTIONARY, frequency_rows
from cad.flags import FLAG_FIELDS
from cad.lake import Lake
from cad.query.base import Base
from loaders.columns import numbers
from schemas.contigs import CONTIGS
from schemas.errors import Unavailable
from schemas.releases import RELEASE_FREQUENCIES

_GROUP_ROWS: Final = 32_768
_COUNTS: Final = ("ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw")
_FRACTIONS: Final = ("af", "faf95")


class FrozenWriter:
    """Writes the file of one contig."""

    def __init__(self, base: Base, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = base
        self.rows, self.start, self.end = 0, 0, 0
        self._writer = pq.ParquetWriter(
            path,
            RELEASE_FREQUENCIES,
            compression="zstd",
            use_dictionary=WITH_DICTIONARY,  # type: ignore[arg-type]
            column_encoding={"pos": "DELTA_BINARY_PACKED"},
        )

    def write(self, block: FiguresBlock) -> None:
        """Append variants."""
        strata = len(self._base.strata)
        size = max(1, _GROUP_ROWS // strata) * strata
        rows = frequency_rows(self._base, block, RELEASE_FREQUENCIES)
        for start in range(0, rows.num_rows, size):
            self._writer.write_table(rows.slice(start, size), row_group_size=size)
        self.start = self.start or int(block.pos[0])
        self.end = int(block.pos[-1])
        self.rows += rows.num_rows

    def close(self) -> None:
        """End the file."""
        self._writer.close()


@dataclass(frozen=True)
class FrozenTable:
    """The figures of a purpose of a release.

    Attributes:
        paths: the file of each contig with variants.
        strata: names, in the order of each variant's rows.
        lake: what brings the files.
    """

    paths: Mapping[str, Path]
    strata: Sequence[str]
    lake: Lake

    def contigs(self) -> Iterator[tuple[str, Iterator[FiguresBlock]]]:
        """All variants, contig by contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        for contig in CONTIGS:
            if contig in self.paths:
                yield contig, self.blocks(contig)

    def blocks(self, contig: str) -> Iterator[FiguresBlock]:
        """The variants of a contig, a row group at a time."""
        if contig in self.paths:
            with self._open(contig) as file:
                for group in range(file.num_row_groups):
                    yield self._block(contig, file.read_row_group(group))

    def between(self, contig: str, start: int, end: int) -> Iterator[FiguresBlock]:
        """The variants of some positions.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        if contig not in self.paths:
            return
        with self._open(contig) as file:
            for group in _groups(file, start, end):
                rows = file.read_row_group(group)
                first, stop = np.searchsorted(rows["pos"].to_numpy(), [start, end + 1]).tolist()
                if first < stop:
                    yield self._block(contig, rows.slice(first, stop - first))

    def _open(self, contig: str) -> pq.ParquetFile:
        path = self.lake.local(self.paths[contig])
        try:
            return pq.ParquetFile(path)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise Unavailable("lake_file_damaged", str(error), path.name) from None

    def _block(self, contig: str, rows: pa.Table) -> FiguresBlock:
        strata = len(self.strata)
        shape = (rows.num_rows // strata, strata)
        first = rows.take(numbers(np.arange(0, rows.num_rows, strata)))
        masks = {
            name: np.asarray(rows[name].is_null()).reshape(shape)
            for name in (*_COUNTS, *_FRACTIONS)
        }
        counts = {name: _longs(rows[name], masks[name]) for name in _COUNTS}
        real = {name: rows[name].to_numpy().astype(float).reshape(shape) for name in _FRACTIONS}
        # A frequency of nobody is null too, but not hidden.
        masks |= dict.fromkeys(_FRACTIONS, masks["ac"])
        pairs = zip(first["ref"].to_pylist(), first["alt"].to_pylist(), strict=True)
        return FiguresBlock(
            contig=contig,
            pos=first["pos"].to_numpy().astype(np.int64),
            alleles=[[str(ref), str(alt)] for ref, alt in pairs],
            flags=_flags(first),
            carriers_raw=np.zeros(shape, np.int64),
            masks={name: mask for name, mask in masks.items() if mask.any()},
            af=real["af"],
            faf95=real["faf95"],
            **counts,
        )


def _longs(column: pa.ChunkedArray[Any], hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Whole numbers of a column, 0 where they are hidden."""
    told = column.to_numpy().reshape(hidden.shape)
    return np.where(hidden, 0, told).astype(np.int64)


def _flags(first: pa.Table) -> NDArray[np.float64]:
    columns: list[Any] = [first[name].to_numpy() for name in FLAG_FIELDS]
    return np.column_stack([np.asarray(column, float) for column in columns])


def _groups(file: pq.ParquetFile, start: int, end: int) -> Iterator[int]:
    """The row groups that may hold some positions."""
    place = file.schema_arrow.get_field_index("pos")
    for group in range(file.metadata.num_row_groups):
        limits: Any = file.metadata.row_group(group).column(place).statistics
        if limits.min <= end and limits.max >= start:
            yield group
