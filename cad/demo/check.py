"""Checks a demo warehouse against the simulation's own truth: every count of every base.

The base is read from its Parquet files, the truth comes from what the simulation drew; the two
share no code and no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from cad.demo.truth import PURPOSES, QUANTITIES
from cad.demo.write import FileReceipt as ExpectedFile
from cad.query.base import Base
from cad.query.folded import open_folded
from cad.receipt import Receipt
from cad.warehouse import Warehouse
from schemas.receipt import FileReceipt, ReasonCount

KEY: Final = ("contig", "pos", "ref", "alt")
_ROW: Final = ("purpose", "stratum", *KEY)
_DEPTHS: Final = ("an", "an_raw", "persons")
_CARRIERS: Final = ("n_het", "n_hom", "n_hemi", "n_het_raw", "n_hom_raw", "n_hemi_raw")
_SHOWN: Final = 5


@dataclass(frozen=True)
class Agreement:
    """How many figures agreed, of how many; `examples` tells of a few that did not."""

    checked: int = 0
    agreed: int = 0
    examples: tuple[str, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether something was checked and all of it agreed."""
        return 0 < self.checked == self.agreed

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return {
            "checked": self.checked,
            "agreed": self.agreed,
            "examples": list(self.examples),
        }

    def __add__(self, other: Self) -> Agreement:
        """Both together."""
        examples = (*self.examples, *other.examples)[:_SHOWN]
        return Agreement(self.checked + other.checked, self.agreed + other.agreed, examples)


def read_base(warehouse: Warehouse) -> pl.DataFrame:
    """The latest bases of all purposes as long rows, read from the lake's files.

    Returns:
        One row per purpose, stratum and variant of the purpose's base, zeros included: columns
        purpose, stratum, contig, pos, ref, alt and those of ``truth.QUANTITIES``.
    """
    return pl.concat([_read_purpose(warehouse, purpose) for purpose in PURPOSES])


def compare_counts(
    found: pl.DataFrame, expected: pl.DataFrame, quantities: Sequence[str] = QUANTITIES
) -> Agreement:
    """Compare two tables of counts, figure by figure.

    Args:
        found: as `read_base` gives them.
        expected: as ``DemoCohort.truth_rows`` gives them.
        quantities: the columns to compare.

    A row that only one of them has counts as so many figures that disagree.
    """
    whole = [pl.col("pos", *quantities).cast(pl.Int64)]
    ours, theirs = (
        table.select(*_ROW, *quantities).with_columns(whole) for table in (found, expected)
    )
    both = ours.join(theirs, on=_ROW, how="full", coalesce=True, suffix="_expected")
    agreed, examples = 0, []
    for name in quantities:
        wrong = both.filter(
            pl.col(name).is_null()
            | pl.col(f"{name}_expected").is_null()
            | (pl.col(name) != pl.col(f"{name}_expected"))
        )
        agreed += len(both) - len(wrong)
        chosen = wrong.select(*_ROW, name, f"{name}_expected").head(_SHOWN)
        examples += [_told(name, row) for row in chosen.iter_rows()]
    return Agreement(len(both) * len(quantities), agreed, tuple(examples[:_SHOWN]))


def compare_receipts(found: Receipt, expected: Sequence[ExpectedFile]) -> Agreement:
    """Compare a batch's receipt with what the simulation wrote: each file's lines, by class."""
    ours = {file.path: _lines(file, _by_reason(file.set_aside)) for file in found.files}
    theirs = {file.path: _lines(file, file.set_aside) for file in expected}
    cells = {(path, name) for some in (ours, theirs) for path in some for name in some[path]}
    wrong = sorted(
        (path, name)
        for path, name in cells
        if ours.get(path, {}).get(name, 0) != theirs.get(path, {}).get(name, 0)
    )
    examples = tuple(
        f"{found.batch_id}, {path}: {name} is {ours.get(path, {}).get(name, 0)}, "
        f"expected {theirs.get(path, {}).get(name, 0)}"
        for path, name in wrong[:_SHOWN]
    )
    return Agreement(len(cells), len(cells) - len(wrong), examples)


def _lines(file: FileReceipt | ExpectedFile, set_aside: Mapping[str, int]) -> dict[str, int]:
    return {
        "records": file.records,
        "loaded": file.loaded,
        "reference": file.reference,
        **set_aside,
    }


def _by_reason(entries: Sequence[ReasonCount]) -> dict[str, int]:
    return {entry.reason: entry.records for entry in entries}


def _read_purpose(warehouse: Warehouse, purpose: str) -> pl.DataFrame:
    with open_folded(warehouse, purpose) as base:
        return _rows_of(base)


def _rows_of(base: Base) -> pl.DataFrame:
    paths = {
        table: [base.lake.local(path) for path in base.files[table].values()]
        for table in ("base_an", "base_counts")
    }
    numbers = {stratum.name: stratum.number for stratum in base.strata}
    strata = pl.DataFrame(
        {"stratum": list(numbers), "number": list(numbers.values())},
        schema={"stratum": pl.String, "number": pl.Int32},
    )
    # An element that a list is too short to hold is 0, and so is a count without a row.
    depths = [
        pl.col(name).list.get(pl.col("number") - 1, null_on_oob=True).fill_null(0).alias(name)
        for name in _DEPTHS
    ]
    an = pl.read_parquet(paths["base_an"]).join(strata, how="cross").with_columns(depths)
    counts = pl.read_parquet(paths["base_counts"]).rename({"stratum": "number"})
    rows = an.join(counts, on=[*KEY, "number"], how="left").with_columns(
        pl.col(_CARRIERS).fill_null(0)
    )
    return rows.with_columns(
        _alleles("").alias("ac"), _alleles("_raw").alias("ac_raw"), purpose=pl.lit(base.purpose)
    ).select(*_ROW, *QUANTITIES)


def _alleles(suffix: str) -> pl.Expr:
    """Alleles of the carriers: on M a homoplasmic person has one (5.7), elsewhere two (5.6)."""
    het, hom, hemi = (pl.col(f"n_{zygosity}{suffix}") for zygosity in ("het", "hom", "hemi"))
    return het + hemi + hom * pl.when(pl.col("contig") == "M").then(1).otherwise(2)


def _told(name: str, row: tuple[object, ...]) -> str:
    purpose, stratum, *key, found, expected = row
    variant = "-".join(map(str, key))
    return (
        f"{purpose}, {stratum}, {variant}: {name} is {_or_absent(found)}, "
        f"expected {_or_absent(expected)}"
    )


def _or_absent(value: object) -> str:
    return "absent" if value is None else str(value)
