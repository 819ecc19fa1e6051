"""The platform's own check of a batch: everything a push would check, without a warehouse.

Where a push stops at the first problem, a validation goes on and tells as many as it can. What only
a warehouse knows (its assembly, earlier batches, withdrawn persons, code lists) is not checked.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from cad.clinical.of_batch import read_batch_documents
from cad.reading import read_files_by
from cad.settings import Settings
from loaders.intake import (
    Batch,
    check_overlap,
    finish_receipt,
    inspect_batch,
    plan_jobs,
)
from loaders.jobs import FileJob, FileResult
from loaders.reference import import_reference
from loaders.vcf_file import read_vcf
from schemas.contigs import Assembly
from schemas.errors import BatchRefused
from schemas.receipt import FileReceipt, ReasonCount

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Gets the bytes of the batch's files read so far, and how many there are."""


@dataclass(frozen=True)
class ValidationReport:
    """What a validation found.

    Attributes:
        batch_id: None where the manifest cannot be read.
        samples: rows of the sample sheet that can be read.
        problems: what the batch would be refused for, in the order found; none for a valid batch.
        files: receipt entries of the files that could be read to their end, in the order of paths.
    """

    batch_id: str | None
    samples: int
    problems: tuple[BatchRefused, ...]
    files: tuple[FileReceipt, ...]

    @property
    def is_valid(self) -> bool:
        """Whether a push would accept the batch, as far as can be told without a warehouse."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """The document that `cad validate` prints: the first problem stands for the refusal."""
        told = {} if self.is_valid else self.problems[0].to_json()
        return {
            "batch_id": self.batch_id,
            "status": "valid" if self.is_valid else "refused",
            **told,
            "problems": [problem.to_json() for problem in self.problems],
            "samples": self.samples,
            "files": [file.to_json() for file in self.files],
            "warnings": [warning.to_json() for warning in self.warnings],
        }

    @property
    def warnings(self) -> tuple[ReasonCount, ...]:
        """The files' warnings summed by reason, without line numbers, which belong to a file."""
        sums: Counter[str] = Counter()
        for file in self.files:
            for warning in file.warnings:
                sums[warning.reason] += warning.records
        return tuple(ReasonCount(reason, records) for reason, records in sorted(sums.items()))


def validate_batch(
    directory: Path,
    *,
    reference: Path | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> ValidationReport:
    """Check a batch directory and read all its files, keeping nothing.

    Args:
        directory: the batch.
        reference: a FASTA to compare REF with, of the batch's assembly; may hold some contigs only.
        settings: how many files to read at once; from the environment where None.
        progress: called now and then while the files are read.

    Raises:
        Unavailable: `reference_malformed`, `worker_lost`. What is wrong with the batch is no error
            here but the answer.
    """
    started = perf_counter()
    problems: list[BatchRefused] = []
    receipts: tuple[FileReceipt, ...] = ()
    batch = inspect_batch(directory, problems.append)
    if batch is not None and not problems:
        _read_documents(batch, problems)
    if batch is not None:
        with _registered(reference, batch.manifest.assembly) as registered:
            jobs = plan_jobs(batch, _Numbers(), reference=registered, refuse=problems.append)
            results = _read(jobs, settings or Settings(), problems, progress)
        receipts = _check_results(batch, jobs, results, problems)
    report = ValidationReport(
        batch_id=None if batch is None else batch.manifest.batch_id,
        samples=0 if batch is None else len(batch.samples),
        problems=tuple(_distinct(problems)),
        files=receipts,
    )
    log.info(
        "batch %s: %d files read, %d problems, %.2f s",
        *(report.batch_id, len(receipts), len(report.problems)),
        perf_counter() - started,
    )
    return report


def _read_documents(batch: Batch, problems: list[BatchRefused]) -> None:
    """Read what clinical documents say, as a push would, where their form is in order."""
    try:
        read_batch_documents(batch)
    except BatchRefused as error:
        problems.append(error)


class _Numbers(dict[str, int | None]):
    """A sample number for whoever asks: nothing is written under it."""

    def __missing__(self, sample_id: str) -> int | None:
        return self.setdefault(sample_id, len(self) + 1)


@contextmanager
def _registered(fasta: Path | None, assembly: Assembly) -> Iterator[Path | None]:
    """The FASTA in the form readers map into memory, while the block lasts."""
    if fasta is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="cad-reference-") as folder:
        import_reference(fasta, assembly, Path(folder))
        yield Path(folder)


def attempt_vcf(job: FileJob, progress: Callable[[int], None]) -> FileResult | BatchRefused:
    """`read_vcf` that returns its refusal, so that the other files are read all the same."""
    try:
        return read_vcf(job, progress)
    except BatchRefused as error:
        return error


def _read(
    jobs: Sequence[FileJob],
    settings: Settings,
    problems: list[BatchRefused],
    progress: Progress | None,
) -> dict[str, FileResult]:
    """Results by the file's path in the batch, of the files that can be read to their end."""
    total = sum(job.path.stat().st_size for job in jobs)

    def tick(done: int) -> None:
        if progress is not None:
            progress(done, total)

    outcomes: dict[int, FileResult | BatchRefused] = dict(
        read_files_by(
            attempt_vcf,
            jobs,
            workers=settings.workers,
            parallel_bytes=settings.parallel_bytes,
            tick=tick,
        )
    )
    results: dict[str, FileResult] = {}
    for index, outcome in sorted(outcomes.items()):
        if isinstance(outcome, BatchRefused):
            problems.append(outcome)
        else:
            results[jobs[index].name] = outcome
    return results


def _check_results(
    batch: Batch,
    jobs: Sequence[FileJob],
    results: dict[str, FileResult],
    problems: list[BatchRefused],
) -> tuple[FileReceipt, ...]:
    """Check what a push checks once all is read; gives the completed receipts."""
    whole = [job for job in jobs if job.name in results]
    receipts = tuple(
        finish_receipt(job, results[job.name].receipt, problems.append) for job in whole
    )
    check_overlap(batch, whole, [results[job.name] for job in whole], problems.append)
    return receipts


def _distinct(problems: Sequence[BatchRefused]) -> Iterator[BatchRefused]:
    """Each problem once: header and columns are looked at before the reading and in it."""
    seen: set[tuple[str, str, str | None]] = set()
    for problem in problems:
        told = (problem.reason, problem.detail, problem.where)
        if told not in seen:
            seen.add(told)
            yield problem
