"""VCFs that callers send up to be annotated: one after the other, kept until they are fetched.

<warehouse>/uploads/annotate/<job>/   in.vcf.gz or in.vcf as sent, out.vcf.gz once it is there
"""

from __future__ import annotations

import shutil
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from cad.annotate.run import Annotated, annotate
from cad.uploads.failures import told_as
from cad.uploads.store import FOLDER
from cad.variant_numbers import numbers_of
from cad.warehouse import Warehouse
from schemas.errors import CadError, NotFound

_FOLDER: Final = "annotate"
_KEPT_SECONDS: Final = 3600


@dataclass
class AnnotateJob:
    """One file on its way.

    Attributes:
        owner: the caller's name.
        folder: holds it, and what it becomes.
        done: bytes read so far.
        total: bytes in all.
        outcome: what was written, or why nothing was.
    """

    job_id: str
    owner: str
    folder: Path
    done: int = 0
    total: int = 0
    outcome: Future[Annotated] = field(default_factory=Future)

    @property
    def source(self) -> Path:
        """Where the file goes that is sent."""
        return self.folder / "in.vcf"

    @property
    def result(self) -> Path:
        """Where the annotated file will be."""
        return self.folder / "out.vcf.gz"

    @property
    def error(self) -> CadError | None:
        """Why nothing was written."""
        found = self.outcome.exception() if self.outcome.done() else None
        return None if found is None else told_as(found)

    def to_json(self) -> dict[str, Any]:
        """How far it has come."""
        state = "running"
        if self.outcome.done():
            state = "done" if self.error is None else "refused"
        records = self.outcome.result().records if state == "done" else None
        return {
            "job": self.job_id, "state": state, "done": self.done, "total": self.total,
            "records": records,
        }  # fmt: skip


class AnnotateDesk:
    """Annotates files of callers."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._folder = warehouse.path / FOLDER / _FOLDER
        self._pool = ThreadPoolExecutor(1, "annotate")
        self._jobs: OrderedDict[str, AnnotateJob] = OrderedDict()
        self._lock = Lock()
        # What an earlier process left nobody can fetch any more.
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, owner: str) -> AnnotateJob:
        """A place for a caller's file."""
        job_id = uuid4().hex
        job = AnnotateJob(job_id, owner, self._folder / job_id)
        job.folder.mkdir(mode=0o750, parents=True)
        with self._lock:
            self._sweep()
            self._jobs[job_id] = job
        return job

    def start(
        self,
        job: AnnotateJob,
        *,
        purpose: str,
        release: str | None,
        stratum: str,
        annotation: Sequence[str],
        spend: Callable[[Iterable[int]], None],
    ) -> None:
        """Annotate a file that has arrived.

        `spend` is given the numbers of its variants (`cad.variant_numbers`), and may refuse them.
        """

        def work() -> Annotated:
            numbers: list[NDArray[np.uint64]] = []

            def tell(done: int, total: int) -> None:
                job.done, job.total = done, total

            try:
                made = annotate(
                    self._warehouse, job.source, job.result, purpose=purpose, release=release,
                    stratum=stratum, annotation=annotation, progress=tell,
                    watch=lambda contig, alleles: numbers.append(numbers_of(contig, alleles)),
                )  # fmt: skip
            finally:
                job.source.unlink(missing_ok=True)
            spend(np.unique(np.concatenate(numbers)).tolist() if numbers else ())
            return made

        job.outcome = self._pool.submit(work)

    def find(self, owner: str, job_id: str) -> AnnotateJob:
        """A caller's own job.

        Raises:
            NotFound: `upload_unknown`.
        """
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise NotFound("upload_unknown", "it never was, is too old, or was fetched")
        return job

    def forget(self, job: AnnotateJob) -> None:
        """Delete a file and what it became."""
        with self._lock:
            self._jobs.pop(job.job_id, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Begin nothing more, and leave nobody's file behind."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _sweep(self) -> None:
        oldest = time.time() - _KEPT_SECONDS
        for job in list(self._jobs.values()):
            if job.outcome.done() and job.folder.stat().st_mtime < oldest:
                self._jobs.pop(job.job_id)
                shutil.rmtree(job.folder, ignore_errors=True)
