"""The demo's questions: what a reader is told, compared with what the simulation knows.

Every variant is asked for through the functions behind ``cad region`` and ``cad variant``, which
read the key index and the depth pages, not the tables that `cad.demo.check` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from cad.demo.check import KEY, Agreement, compare_counts
from cad.demo.notable import Notable
from cad.demo.people import DISPLAYED_INDICATION
from cad.demo.simulate import DemoCohort
from cad.demo.truth import PURPOSES, QUANTITIES
from cad.query import BaseReader, find_region, find_variant, open_base
from cad.warehouse import Warehouse
from schemas.contigs import CONTIGS, contig_length

SHOWN_STRATA: Final = (
    "all",
    "founder=1",
    "affected=0",
    f"indication={DISPLAYED_INDICATION},affected=1",
)
"""The headline figures (DESIGN 6), and who the shared variant is found in."""


@dataclass(frozen=True)
class AnsweredVariant:
    """A variant worth showing, and the answer to `cad variant` for it."""

    asked: Notable
    document: Mapping[str, Any]

    @property
    def is_right(self) -> bool:
        """Whether state and figures of `all` are what the simulation expects."""
        row = self.document["frequencies"][0]
        figures = {name: row[name] for name in self.asked.expected}
        return self.document["state"] == self.asked.state and figures == self.asked.expected


@dataclass(frozen=True)
class AnswerReport:
    """How many counts of all answers agreed with the truth, and a few answers to show."""

    counts: Agreement
    shown: tuple[AnsweredVariant, ...]

    @property
    def is_right(self) -> bool:
        """Whether every figure and every state was right."""
        return self.counts.is_full and bool(self.shown) and all(one.is_right for one in self.shown)

    def to_json(self) -> dict[str, Any]:
        """The agreement and the answers shown."""
        return {
            "counts": self.counts.to_json(),
            "shown": [
                {"why": one.asked.why, "is_right": one.is_right, **one.document}
                for one in self.shown
            ],
        }


def ask_everything(warehouse: Warehouse, cohort: DemoCohort) -> AnswerReport:
    """Ask for all contigs of each purpose after the last night, and for a few variants of care."""
    found = []
    for purpose in PURPOSES:
        with open_base(warehouse, purpose) as base:
            found.append(read_answers(BaseReader(warehouse, base)))
    counts = compare_counts(pl.concat(found), cohort.truth_rows(len(cohort.nights)))
    with open_base(warehouse, "care") as base:
        reader = BaseReader(warehouse, base)
        shown = tuple(
            AnsweredVariant(one, find_variant(reader, one.variant, SHOWN_STRATA))
            for one in cohort.notable()
        )
    return AnswerReport(counts, shown)


def read_answers(reader: BaseReader) -> pl.DataFrame:
    """The answers for every contig as rows like those of `cad.demo.check.read_base`."""
    names = ("stratum", *KEY, *QUANTITIES)
    kinds = {"stratum": pl.String, "contig": pl.String, "ref": pl.String, "alt": pl.String}
    schema = {name: kinds.get(name, pl.Int64) for name in names}
    rows = pl.DataFrame(list(_answered_rows(reader)), schema=schema, orient="row")
    return rows.with_columns(purpose=pl.lit(reader.base.purpose))


def _answered_rows(reader: BaseReader) -> Iterator[tuple[object, ...]]:
    for contig in CONTIGS:
        region = f"{contig}:1-{contig_length(reader.warehouse.assembly, contig)}"
        for answer in find_region(reader, region)["variants"]:
            _, pos, ref, alt = answer["variant"].split("-")
            for row in answer["frequencies"]:
                figures = [row[name] for name in QUANTITIES]
                yield (row["stratum"], contig, int(pos), ref, alt, *figures)
