"""When what was read of a file refuses its batch (DESIGN 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from loaders.intake.batch import Refuse, refuse_at_once
from loaders.jobs import FileJob
from schemas.errors import BatchRefused
from schemas.reasons import REASONS, Kind
from schemas.receipt import FileReceipt, ReasonCount

DEFECTS_ALLOWED: Final = 10
"""So many defective records are allowed in any file (DESIGN 4)."""
RECORDS_PER_DEFECT: Final = 1000
"""Beyond that, one defective record in so many is allowed: 0.1 % (DESIGN 4)."""


def finish_receipt(
    job: FileJob, receipt: FileReceipt, refuse: Refuse = refuse_at_once
) -> FileReceipt:
    """Complete the receipt that reading a file gave, and check it.

    Args:
        job: what was read.
        receipt: what became of the file's lines and alleles.
        refuse: gets `receipt_unbalanced`, `records_mismatch`, `too_many_defects`.

    Returns:
        The receipt with the warnings that concern the file as a whole: `sites_single_sample`.
    """
    _check(receipt, job.records, refuse)
    if job.callability == "sites" and len(job.columns) == 1:
        warning = ReasonCount("sites_single_sample", receipt.records)
        receipt = replace(receipt, warnings=(*receipt.warnings, warning))
    return receipt


def _check(receipt: FileReceipt, records: int | None, refuse: Refuse) -> None:
    """Check a receipt against its own sums, the records declared, and the limit of defects."""
    if not receipt.reconciles:
        detail = "the lines or alleles counted do not add up to those read"
        refuse(BatchRefused("receipt_unbalanced", detail, receipt.path))
    if records is not None and receipt.records != records:
        detail = f"{records} records are declared, {receipt.records} were found"
        refuse(BatchRefused("records_mismatch", detail, receipt.path))
    defects = [entry for entry in receipt.set_aside if REASONS[entry.reason].kind is Kind.DEFECT]
    total = sum(entry.records for entry in defects)
    if total > DEFECTS_ALLOWED and total * RECORDS_PER_DEFECT > receipt.records:
        told = ", ".join(f"{entry.reason} {entry.records}" for entry in defects)
        lines = sorted(line for entry in defects for line in entry.examples)[:DEFECTS_ALLOWED]
        detail = (
            f"{total} defective records of {receipt.records} ({told}); allowed are the larger of "
            f"{DEFECTS_ALLOWED} and 0.1 %; lines {', '.join(map(str, lines))}"
        )
        refuse(BatchRefused("too_many_defects", detail, receipt.path))
