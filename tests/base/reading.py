"""The latest base as plain figures, read from the lake's own files, and the twin's base likewise.

Nothing here goes through the product's queries: a frame is made of ``base_counts`` and ``base_an``
as `schemas.tables` lays them out, depth of ``base_depth`` alone, each with what builds added since.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.folded import stratum_numbers
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from schemas.contigs import PAGE_SIZE
from schemas.lake import LAKE_TABLES
from tests.twin import TwinBase
from tests.twin.batch import PURPOSES

KEY = ["purpose", "stratum", "contig", "pos", "ref", "alt"]
FIGURES = ["ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw"]
PARTS = ("an", "an_raw", "persons", "assayed")
SCHEMA = pl.Schema(
    {
        **dict.fromkeys(KEY, pl.String),
        **dict.fromkeys(FIGURES, pl.Int64),
        "pos": pl.Int64,
    }
)
_COUNTED = ["n_het", "n_hom", "n_hemi", "n_het_raw", "n_hom_raw", "n_hemi_raw"]


def lake_table(warehouse: Warehouse, table: str, purpose: str) -> pa.Table:
    """All rows that a base holds in a table for a purpose.

    Those that builds added are summed with those of the bins, row by row.
    """
    if table == "base_counts":
        return _summed_counts(warehouse, purpose)
    if table == "base_depth":
        return _summed_depth(warehouse, purpose)
    if table == "base_an":
        return _summed_an(warehouse, purpose)
    return files_of(warehouse, table, purpose)


def files_of(warehouse: Warehouse, table: str, purpose: str) -> pa.Table:
    """All rows of the files of a table, in the order of its files."""
    with reading(warehouse.engine) as connection:
        files = lake_files(connection, latest_commit(connection), table, purpose=purpose)
    schema = LAKE_TABLES[table]
    read = [pq.read_table(warehouse.lake.local(file.path), schema=schema) for file in files]
    return pa.concat_tables([schema.empty_table(), *read])


def _summed_counts(warehouse: Warehouse, purpose: str) -> pa.Table:
    held, added = (
        _frame(files_of(warehouse, name, purpose)) for name in ("base_counts", "added_counts")
    )
    raw = pl.sum_horizontal(_COUNTED[3:])
    assert not added.filter(raw <= 0).height, "somebody is taken out beside a bin"
    key = ["contig", "pos", "ref", "alt", "stratum"]
    whole = pl.concat([held, added]).group_by(key).agg(pl.col(_COUNTED).sum())
    return whole.to_arrow().cast(LAKE_TABLES["base_counts"])


def _summed_depth(warehouse: Warehouse, purpose: str) -> pa.Table:
    held, added = (files_of(warehouse, name, purpose) for name in ("base_depth", "added_depth"))
    return _summed(held, added) if added.num_rows else held


def _summed(*tables: pa.Table) -> pa.Table:
    """Rows of depth with one row per page and stratum."""
    key = ["contig", "page", "stratum"]
    changes = pl.concat([_frame(table) for table in tables]).explode("offset", *PARTS)
    left = (
        changes.group_by(*key, "offset")
        .agg(pl.col(PARTS).sum())
        .filter(pl.any_horizontal(pl.col(PARTS) != 0))
        .sort(*key, "offset")
    )
    least = pl.min_horizontal(
        pl.col("an").cum_sum().min(), pl.when(pl.col("offset").first() > 0).then(0)
    )
    rows = left.group_by(key, maintain_order=True).agg("offset", *PARTS, least.alias("least_an"))
    return rows.to_arrow().cast(LAKE_TABLES["base_depth"])


def _summed_an(warehouse: Warehouse, purpose: str) -> pa.Table:
    held, new = (files_of(warehouse, name, purpose) for name in ("base_an", "added_variants"))
    numbers = {str(number): number for number in strata(warehouse, purpose).values()}
    since = Depth(numbers, _summed(files_of(warehouse, "added_depth", purpose)))
    rows = held.to_pylist()
    width = max([0, *numbers.values(), *(len(row["an"]) for row in rows)])
    for row in rows:
        _add_depth(row, since, width)
    if new.num_rows:
        whole = Depth(numbers, _summed_depth(warehouse, purpose))
        for key in new.to_pylist():
            row = key | {part: [0] * width for part in PARTS}
            _add_depth(row, whole, width)
            rows.append(row)
    return pa.Table.from_pylist(rows, LAKE_TABLES["base_an"])


def _add_depth(row: dict[str, Any], depth: "Depth", width: int) -> None:
    """Add what is known at a variant to its figures."""
    for number in range(1, width + 1):
        (found,) = depth.at(str(number), row["contig"], [row["pos"]])
        for part, value in zip(PARTS, found, strict=True):
            row[part] += [0] * (width - len(row[part]))
            row[part][number - 1] += value


def strata(warehouse: Warehouse, purpose: str) -> dict[str, int]:
    """Numbers of a purpose's strata, by name."""
    with reading(warehouse.engine) as connection:
        return stratum_numbers(connection, purpose)


def base_frame(warehouse: Warehouse, purposes: Sequence[str] = PURPOSES) -> pl.DataFrame:
    """One row per purpose, stratum with a person and variant of the purpose, zeros included."""
    frames = [_purpose_frame(warehouse, purpose) for purpose in purposes]
    return pl.concat([SCHEMA.to_frame(), *frames]).sort(KEY)


def _purpose_frame(warehouse: Warehouse, purpose: str) -> pl.DataFrame:
    names = {number: name for name, number in strata(warehouse, purpose).items()}
    counts = _frame(lake_table(warehouse, "base_counts", purpose))
    known = _frame(lake_table(warehouse, "base_an", purpose))
    if not known.height:
        return SCHEMA.to_frame()
    key = ["contig", "pos", "ref", "alt"]
    lists = ["an", "an_raw", "persons"]
    width = known["an"].list.len()
    numbers = pl.int_ranges(1, pl.col("an").list.len() + 1, dtype=pl.Int32).alias("number")
    assert (known["an_raw"].list.len() == width).all()
    assert (known["persons"].list.len() == width).all()
    exploded = known.select(*key, *lists, numbers).explode(*lists, "number")
    # A list may be shorter than the strata table: what is missing is 0.
    every = known.select(key).join(
        pl.DataFrame(
            {"number": list(names), "stratum": list(names.values())},
            schema={"number": pl.Int32, "stratum": pl.String},
        ),
        how="cross",
    )
    stray = exploded.join(every, on=[*key, "number"], how="anti")
    assert not stray.filter(pl.any_horizontal(pl.col(lists) != 0)).height, stray
    orphans = counts.join(every, on=key, how="anti")
    assert not orphans.height, orphans
    unnamed = counts.filter(~pl.col("stratum").is_in(list(names)))
    assert not unnamed.height, unnamed
    figures = counts.select(*key, pl.col("stratum").alias("number"), *_COUNTED)
    frame = (
        every.join(exploded, on=[*key, "number"], how="left")
        .join(figures, on=[*key, "number"], how="left")
        .with_columns(pl.col(*lists, *_COUNTED).fill_null(0).cast(pl.Int64))
        .with_columns(purpose=pl.lit(purpose), pos=pl.col("pos").cast(pl.Int64))
    )
    double = pl.when(pl.col("contig") == "M").then(1).otherwise(2)  # 5.7: one copy on M
    return frame.with_columns(
        ac=pl.col("n_het") + double * pl.col("n_hom") + pl.col("n_hemi"),
        ac_raw=pl.col("n_het_raw") + double * pl.col("n_hom_raw") + pl.col("n_hemi_raw"),
    ).select(SCHEMA.names())


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def twin_frame(base: TwinBase) -> pl.DataFrame:
    """The twin's base in the same form."""
    rows = [
        (purpose, stratum, *key, *(getattr(row, name) for name in FIGURES))
        for (purpose, stratum, key), row in base.rows.items()
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort(KEY)


def differing(found: pl.DataFrame, expected: pl.DataFrame) -> str:
    """The rows that one frame has and the other has not, as text; empty where both are equal."""
    lines = []
    for sign, one, other in (("-", expected, found), ("+", found, expected)):
        only = one.join(other, on=one.columns, how="anti", nulls_equal=True)
        lines += [(row, sign) for row in only.rows()]
    return "\n".join(f"{sign} {row}" for row, sign in sorted(lines)[:40])


def assert_same_base(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Both hold the same rows, each once; prints the first that differ (+ found, - expected)."""
    assert not found.select(KEY).is_duplicated().any()
    differences = differing(found, expected)
    assert not differences, differences
    assert found.height == expected.height


class Depth:
    """The four figures of one purpose at any position, decoded from ``base_depth``."""

    def __init__(self, numbers: dict[str, int], table: pa.Table) -> None:
        self.numbers = numbers
        self._rows = _frame(table.select(["contig", "page", "stratum"])).with_row_index()
        offset = table["offset"].combine_chunks()
        self._first = np.concatenate([[0], np.cumsum(pc.list_value_length(offset).to_numpy())])
        self._offset = _flat(offset)
        self._changes = np.stack([_flat(table[part].combine_chunks()) for part in PARTS])
        self._pages: dict[tuple[str, int], dict[int, int]] = {}

    @classmethod
    def read(cls, warehouse: Warehouse, purpose: str) -> Self:
        """Read a purpose's depth; checks what the table promises of its rows."""
        depth = cls(strata(warehouse, purpose), lake_table(warehouse, "base_depth", purpose))
        depth._check()
        return depth

    def _check(self) -> None:
        assert not self._rows.select("contig", "page", "stratum").is_duplicated().any()
        assert (np.diff(self._first) > 0).all(), "a row that changes nothing"
        assert self._changes.any(axis=0).all(), "an offset where nothing changes"
        assert ((self._offset >= 0) & (self._offset < PAGE_SIZE)).all()
        is_first = np.zeros(len(self._offset), bool)
        is_first[self._first[:-1]] = True
        assert (is_first[1:] | (np.diff(self._offset) > 0)).all(), "offsets out of order"

    def at(self, stratum: str, contig: str, pos: Iterable[int]) -> list[tuple[int, ...]]:
        """The figures (an, an_raw, persons, assayed) at each position."""
        number = self.numbers.get(stratum, 0)
        return [self._figures(number, contig, *divmod(p - 1, PAGE_SIZE)) for p in pos]

    def _figures(self, number: int, contig: str, page: int, offset: int) -> tuple[int, ...]:
        row = self._page(contig, page).get(number)
        if row is None:
            return (0,) * len(PARTS)
        first, last = self._first[row : row + 2]
        until = first + np.searchsorted(self._offset[first:last], offset, "right")
        return tuple(self._changes[:, first:until].sum(axis=1).tolist())

    def _page(self, contig: str, page: int) -> dict[int, int]:
        """The row of each stratum on a page."""
        if (contig, page) not in self._pages:
            rows = self._rows.filter(contig=contig, page=page)
            self._pages[contig, page] = dict(rows.select("stratum", "index").rows())
        return self._pages[contig, page]


def _flat(lists: pa.Array) -> NDArray[np.int64]:
    return np.asarray(pc.list_flatten(lists), np.int64)
