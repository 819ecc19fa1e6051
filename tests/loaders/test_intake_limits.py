"""A file's receipt: sums that reconcile, declared records, and the limit of defects."""

from pathlib import Path

import pytest

from loaders.intake import Refuse, finish_receipt, refuse_at_once
from loaders.jobs import Column, FileJob
from schemas.errors import BatchRefused
from schemas.receipt import AlleleCounts, FileReceipt, ReasonCount


def receipt(records: int, defects: int, out_of_scope: int = 0) -> FileReceipt:
    """A balanced receipt of a file with so many defects, of two reasons where there are two."""
    kinds = (("gt_index", defects - defects // 2), ("malformed_field", defects // 2))
    set_aside = [ReasonCount(reason, count, (3, 9)[:count]) for reason, count in kinds if count]
    if out_of_scope:
        set_aside.append(ReasonCount("y_par", out_of_scope, (1,)))
    return FileReceipt("x.vcf", records, records - defects - out_of_scope, 0, tuple(set_aside))


def finish(
    found: FileReceipt, records: int | None = None, refuse: Refuse = refuse_at_once
) -> FileReceipt:
    """Finish the receipt of a file that declares so many records."""
    columns = (Column("S", 1),)
    job = FileJob(Path("x.vcf"), "x.vcf", "germline", "bed", "GRCh38", columns, records=records)
    return finish_receipt(job, found, refuse)


@pytest.mark.parametrize(
    ("records", "defects", "out_of_scope"),
    [(10, 10, 0), (11, 10, 1), (10_999, 10, 0), (11_000, 11, 0), (5_000_000, 5_000, 9), (5, 0, 5)],
)
def test_within_the_limit(records: int, defects: int, out_of_scope: int) -> None:
    finish(receipt(records, defects, out_of_scope))


@pytest.mark.parametrize(("records", "defects"), [(11, 11), (10_999, 11), (5_000_000, 5_001)])
def test_beyond_the_limit(records: int, defects: int) -> None:
    with pytest.raises(BatchRefused) as caught:
        finish(receipt(records, defects))
    assert caught.value.reason == "too_many_defects"
    assert caught.value.where == "x.vcf"
    assert f"{defects} defective records of {records}" in caught.value.detail
    assert f"gt_index {defects - defects // 2}" in caught.value.detail


def test_declared_records() -> None:
    finish(receipt(7, 0), 7)
    with pytest.raises(
        BatchRefused, match="records_mismatch: 8 records are declared, 7 were found"
    ):
        finish(receipt(7, 0), 8)


@pytest.mark.parametrize(
    "unbalanced",
    [
        FileReceipt("x.vcf", 3, 1, 1),
        FileReceipt("x.vcf", 1, 1, 0, alleles=AlleleCounts(1, 1, 0), alleles_seen=3),
    ],
)
def test_sums_must_reconcile(unbalanced: FileReceipt) -> None:
    with pytest.raises(BatchRefused, match="receipt_unbalanced"):
        finish(unbalanced)


def test_every_problem_is_handed_over() -> None:
    found: list[BatchRefused] = []
    finish(FileReceipt("x.vcf", 3, 1, 1), 2, found.append)
    assert [error.reason for error in found] == ["receipt_unbalanced", "records_mismatch"]
