"""A sample in several files of a batch: kinds or contigs must be disjoint (DESIGN 4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from loaders.intake.batch import Batch, Refuse, refuse_at_once
from loaders.jobs import FileJob, FileResult
from schemas.errors import BatchRefused
from schemas.manifest import ManifestFile


class _Covered(NamedTuple):
    """A file's samples and contigs; `contigs` is None while they are not known."""

    file: ManifestFile
    sample_ids: frozenset[str]
    contigs: tuple[str, ...] | None


def check_declared(
    files: Sequence[tuple[ManifestFile, Sequence[str]]], refuse: Refuse = refuse_at_once
) -> None:
    """Refuse what the declared contigs alone tell, before anything is read.

    Args:
        files: each file of the batch with the sample ids of its columns.
        refuse: gets `sample_overlap` for each two files that overlap.
    """
    _check([_Covered(file, frozenset(ids), file.contigs) for file, ids in files], refuse)


def check_overlap(
    batch: Batch,
    jobs: Sequence[FileJob],
    results: Sequence[FileResult],
    refuse: Refuse = refuse_at_once,
) -> None:
    """Refuse what the files read tell: contigs are the declared ones, else those with a record.

    Args:
        batch: the batch of the jobs.
        jobs: jobs of `plan_jobs`.
        results: what reading each of them gave, in the same order.
        refuse: gets `sample_overlap` for each two files that overlap.
    """
    files = {file.manifest.path: file for file in batch.files}
    covered = []
    for job, result in zip(jobs, results, strict=True):
        file = files[job.name]
        ids = frozenset(file.sample_of(column.name) for column in job.columns)
        covered.append(_Covered(file.manifest, ids, result.contigs))
    _check(covered, refuse)


def _check(covered: Sequence[_Covered], refuse: Refuse) -> None:
    for one, other in combinations(covered, 2):
        if one.file.kind != other.file.kind or one.contigs is None or other.contigs is None:
            continue
        contigs = [contig for contig in one.contigs if contig in other.contigs]
        samples = one.sample_ids & other.sample_ids
        if contigs and samples:
            detail = (
                f"{len(samples)} sample(s) are in both files, of one kind and with contigs "
                f"{', '.join(contigs)} in both"
            )
            refuse(BatchRefused("sample_overlap", detail, f"{one.file.path}, {other.file.path}"))
