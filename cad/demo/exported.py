"""The demo's sites VCF: written as `cad export vcf` does, read back, compared with the truth."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from cad.demo.check import KEY, Agreement, compare_counts
from cad.demo.simulate import DemoCohort
from cad.export.vcf import ExportedVcf, export_vcf
from cad.warehouse import Warehouse

_FIELDS: Final = {
    "ac": "AC",
    "an": "AN",
    "n_hom": "nhomalt",
    "n_hemi": "nhemi",
    "ac_raw": "AC_raw",
    "an_raw": "AN_raw",
}
"""INFO fields of everybody, by the quantity of `cad.demo.truth.QUANTITIES` they give."""


@dataclass(frozen=True)
class ExportReport:
    """The file, and how many of its figures agreed."""

    exported: ExportedVcf
    counts: Agreement

    def to_json(self) -> dict[str, Any]:
        """The document of `cad export vcf`, and the agreement."""
        return {**self.exported.to_json(), "counts": self.counts.to_json()}


def export_sites(warehouse: Warehouse, cohort: DemoCohort, path: Path) -> ExportReport:
    """Export the care base, and compare each line's figures of everybody with the truth."""
    exported = export_vcf(warehouse, path)
    truth = cohort.truth_rows(len(cohort.nights))
    carried = truth.filter(
        pl.col("purpose") == "care", pl.col("stratum") == "all", pl.col("ac") > 0
    )
    return ExportReport(exported, compare_counts(_read_sites(path), carried, tuple(_FIELDS)))


def _read_sites(path: Path) -> pl.DataFrame:
    """One row per line, with the key and the quantities of `_FIELDS`."""
    rows: list[tuple[object, ...]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                contig, pos, _, ref, alt, _, _, info = line.rstrip("\n").split("\t")
                fields = dict(entry.split("=") for entry in info.split(";"))
                figures = [int(fields[name]) for name in _FIELDS.values()]
                rows.append((contig.removeprefix("chr"), int(pos), ref, alt, *figures))
    found = pl.DataFrame(rows, schema=[*KEY, *_FIELDS], orient="row")
    return found.with_columns(purpose=pl.lit("care"), stratum=pl.lit("all"))
