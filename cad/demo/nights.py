"""One night of the demo: push what came, build, and check everything that can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cad.build.run import BuildReport, build_base
from cad.demo.check import Agreement, compare_counts, compare_receipts, read_base
from cad.demo.simulate import DemoCohort
from cad.push import push_batch
from cad.receipt import Receipt
from cad.status import read_status
from cad.warehouse import Warehouse
from schemas.errors import BatchRefused


@dataclass(frozen=True)
class PushReport:
    """Receipts of batches, and how many of their lines were taken as the simulation says."""

    receipts: tuple[Receipt, ...]
    lines: Agreement

    def to_json(self) -> dict[str, Any]:
        """The receipts without the line numbers, and the agreement."""
        return {
            "batches": [
                {"batch_id": one.batch_id, "status": one.status, **sum_receipt(one)}
                for one in self.receipts
            ],
            "lines": self.lines.to_json(),
        }


@dataclass(frozen=True)
class NightReport:
    """A build after a night, and how many of the base's counts agreed with the truth."""

    night: int
    build: BuildReport
    counts: Agreement

    def to_json(self) -> dict[str, Any]:
        """The build's document and the agreement."""
        return {"night": self.night, **self.build.to_json(), "counts": self.counts.to_json()}


@dataclass(frozen=True)
class RefusalReport:
    """What became of the batch that must be refused.

    `error` is None where it was accepted; `is_untouched` tells whether commit, batches, samples and
    files on disk are what they were before.
    """

    batch_id: str
    error: BatchRefused | None
    is_untouched: bool
    commit: int

    @property
    def is_right(self) -> bool:
        """Whether it was refused and left nothing behind."""
        return self.error is not None and self.is_untouched

    def to_json(self) -> dict[str, Any]:
        """The error's document, and whether anything changed."""
        error = self.error.to_json() if self.error else None
        return {"batch_id": self.batch_id, "error": error, "is_untouched": self.is_untouched}


def push_night(warehouse: Warehouse, cohort: DemoCohort, directories: Sequence[Path]) -> PushReport:
    """Push the batches of one night and compare their receipts with what was simulated."""
    receipts = tuple(push_batch(warehouse, directory) for directory in directories)
    lines = Agreement()
    for receipt in receipts:
        lines += compare_receipts(receipt, cohort.receipts[receipt.batch_id])
    return PushReport(receipts, lines)


def build_night(warehouse: Warehouse, cohort: DemoCohort, night: int) -> NightReport:
    """Build, then compare every count of the three bases with the truth of that night."""
    built = build_base(warehouse)
    counts = compare_counts(read_base(warehouse), cohort.truth_rows(night))
    return NightReport(night, built, counts)


def push_refused(warehouse: Warehouse, cohort: DemoCohort) -> RefusalReport:
    """Push the batch that arrived truncated."""
    before = _state(warehouse)
    error = None
    try:
        push_batch(warehouse, cohort.bad_batch)
    except BatchRefused as refused:
        error = refused
    after = _state(warehouse)
    return RefusalReport(cohort.bad_batch.name, error, before == after, after[0])


def sum_receipt(receipt: Receipt) -> dict[str, Any]:
    """A batch's lines over all its files: records, loaded, reference, and set_aside by reason."""
    aside: dict[str, int] = {}
    for file in receipt.files:
        for entry in file.set_aside:
            aside[entry.reason] = aside.get(entry.reason, 0) + entry.records
    return {
        "files": len(receipt.files),
        "samples": receipt.samples,
        "records": sum(file.records for file in receipt.files),
        "loaded": sum(file.loaded for file in receipt.files),
        "reference": sum(file.reference for file in receipt.files),
        "set_aside": aside,
    }


def _state(warehouse: Warehouse) -> tuple[int, int, int, tuple[tuple[str, int], ...]]:
    """Commit, batches and samples, and each data file on disk with its size."""
    status = read_status(warehouse)
    folders = (warehouse.lake.folder, warehouse.staging)
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    files = tuple((str(path.relative_to(warehouse.path)), path.stat().st_size) for path in paths)
    return status.commit, status.batches, status.samples, files
