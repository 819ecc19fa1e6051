"""Pushing a batch: read, check, stage, and one commit, or nothing at all.

The same batch id with the same content changes nothing and returns its first receipt. With other
content it is refused, unless it replaces the old one, which leaves in the same commit in which the
new one
comes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as replace_in
from pathlib import Path
from time import perf_counter

from sqlalchemy import Connection

from cad.annotation.told import read_told
from cad.batch_rows import People, insert_rows, persons_of
from cad.batch_tracks import TrackSet, gather_tracks
from cad.clinical.keep import Documents, make_documents, named_persons
from cad.clinical.of_batch import read_batch_documents
from cad.clinical.terms import terms_for
from cad.commit import Session, open_session
from cad.door import examine
from cad.door.arrivals import Arrivals
from cad.faults import reach
from cad.push_checks import refuse_blemishes, sheet_warnings
from cad.reading import read_files
from cad.receipt import Receipt
from cad.registry.batches import BatchRow, find_batch, remove_batch
from cad.registry.engine import reading
from cad.registry.files import remove_empty_buckets
from cad.registry.people import withdrawn_persons
from cad.registry.samples import remove_samples
from cad.warehouse import Warehouse
from loaders.intake import Batch, check_overlap, finish_receipt, plan_jobs, read_batch
from loaders.jobs import FileJob, FileResult, WrittenFile
from loaders.tracks import write_tracks
from schemas.clinical_records import ClinicalDocuments
from schemas.errors import Conflict
from schemas.receipt import ReasonCount

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Gets the bytes of the batch's files read so far, and how many there are."""


class _OvertakenError(Exception):
    """Meanwhile somebody pushed the same batch, or withdrew one of its persons."""


def push_batch(
    warehouse: Warehouse,
    directory: Path,
    *,
    replace: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
) -> Receipt:
    """Push the batch in a directory.

    Args:
        warehouse: where to.
        directory: a batch as DESIGN 4 describes it.
        replace: whether a batch of this id with other content is to be replaced.
        strict: whether any defect, and any warning the platform can mend, refuses the batch.
        progress: called now and then while the files are read.

    Raises:
        BatchRefused: the batch is not in order; nothing was changed.
        Conflict: `batch_conflict`; `session_expired` and `staged_file_lost` where the sweep or
            somebody else deleted what was being written.
        Unavailable: `registry_unusable`, `key_unusable`, `worker_lost`.
    """
    started = perf_counter()
    batch = read_batch(directory, assembly=warehouse.assembly)
    read = read_batch_documents(batch)
    receipt = None
    while receipt is None:
        try:
            receipt = _push_once(warehouse, batch, read, replace, strict, progress)
        except _OvertakenError:
            log.info(
                "batch %s: the warehouse changed meanwhile, once more", batch.manifest.batch_id
            )
    log.info(
        "batch %s: %s at commit %d, %d files, %d samples, %.2f s",
        *(receipt.batch_id, receipt.status, receipt.commit, len(receipt.files), receipt.samples),
        perf_counter() - started,
    )
    return receipt


def _push_once(
    warehouse: Warehouse,
    batch: Batch,
    read: ClinicalDocuments,
    replace: bool,
    strict: bool,
    progress: Progress | None,
) -> Receipt:
    persons = persons_of(batch) | named_persons(read.documents)
    with reading(warehouse.engine) as connection:
        known = find_batch(connection, batch.manifest.batch_id)
        withdrawn = withdrawn_persons(connection, warehouse.key, persons)
        warnings = sheet_warnings(connection, batch, withdrawn)
    reach("push:checked")
    if known is not None and known.content_sha256 == batch.content_sha256:
        return Receipt.from_json(known.receipt, "unchanged")
    if known is not None and not replace:
        raise Conflict(
            "batch_conflict",
            "the batch was accepted with other content; push it with --replace to exchange it",
            batch.manifest.batch_id,
        )
    hpo = terms_for(warehouse, read.documents, or_default=False)
    documents = make_documents(warehouse, read.documents, withdrawn, hpo, batch.manifest.batch_id)
    with open_session(warehouse, "push") as session:
        push = _Push(warehouse, batch, documents, persons, known, withdrawn, warnings, session)
        return push.run(strict, progress)


@dataclass(frozen=True)
class _Push:
    """One attempt to push a batch, upon what the registry said when it began."""

    warehouse: Warehouse
    batch: Batch
    documents: Documents
    persons: frozenset[str]
    known: BatchRow | None
    withdrawn: frozenset[str]
    warnings: tuple[ReasonCount, ...]
    session: Session

    def run(self, strict: bool, progress: Progress | None) -> Receipt:
        """Read, check, stage and commit."""
        first = self.session.reserve("sample", len(self.batch.samples))
        people = People.number(self.batch, self.withdrawn, first)
        reach("push:reserved")
        jobs = plan_jobs(
            self.batch,
            people.numbers,
            reference=self.warehouse.reference,
            thresholds=self.warehouse.config.thresholds,
            out=self.session.staging,
        )
        results = self._read(jobs, progress)
        check_overlap(self.batch, jobs, results)
        tracks = gather_tracks(jobs, results)
        replaced = self.known.batch_no if self.known else None
        arrivals = Arrivals.gather(people, jobs, results, tracks, replaced)
        door = examine(self.warehouse, arrivals, self.session.staging / "spill")
        if strict:
            refuse_blemishes(results, (*self.warnings, *door.warnings))
        first_track = self.session.reserve("track", len(tracks.tracks))
        files = [file for result in results for file in result.written]
        files += self._write_tracks(tracks, first_track)
        files += read_told(self.warehouse, jobs, lambda _: self.session.check())
        reach("push:tracks_written")

        def apply(connection: Connection, commit_no: int) -> Receipt:
            self._check_unchanged(connection)
            door.meet(connection)
            if strict:
                refuse_blemishes((), door.warnings)
            receipt = self._receipt(commit_no, people, results, door.warnings)
            self._remove_replaced(connection, commit_no)
            bucket_no = insert_rows(
                connection, commit_no, people, jobs, tracks, first_track, receipt.to_json(),
                self.documents,
            )  # fmt: skip
            self.session.add_files(connection, commit_no, files, bucket_no=bucket_no)
            door.keep(connection, commit_no)
            return receipt

        return self.session.commit(apply, files)[1]

    def _read(self, jobs: list[FileJob], progress: Progress | None) -> list[FileResult]:
        total = sum(job.path.stat().st_size for job in jobs)

        def tick(done: int) -> None:
            self.session.check()
            if progress is not None:
                progress(done, total)

        settings = self.warehouse.settings
        found: dict[int, FileResult] = {}
        for index, result in read_files(
            jobs,
            workers=settings.workers,
            parallel_bytes=settings.parallel_bytes,
            tick=tick,
        ):
            receipt = finish_receipt(jobs[index], result.receipt)
            found[index] = replace_in(result, receipt=receipt)
            reach("push:file_read")
        return [found[index] for index in range(len(jobs))]

    def _write_tracks(self, tracks: TrackSet, first: int) -> list[WrittenFile]:
        numbered = {first + place: track for place, (_, _, track) in enumerate(tracks.tracks)}
        written = write_tracks(numbered, self.session.staging / "tracks.parquet")
        return [] if written is None else [written]

    def _check_unchanged(self, connection: Connection) -> None:
        """Give up the attempt where what it began upon holds no more; nobody can come in now."""
        now = find_batch(connection, self.batch.manifest.batch_id)
        gone = withdrawn_persons(connection, self.warehouse.key, self.persons)
        before = self.known.batch_no if self.known else None
        if (now.batch_no if now else None) != before or gone != self.withdrawn:
            raise _OvertakenError

    def _remove_replaced(self, connection: Connection, commit_no: int) -> None:
        if self.known is not None:
            buckets = remove_samples(connection, commit_no, self.known.batch_no)
            remove_batch(connection, commit_no, self.known.batch_no)
            remove_empty_buckets(connection, commit_no, buckets)

    def _receipt(
        self,
        commit_no: int,
        people: People,
        results: list[FileResult],
        found: tuple[ReasonCount, ...],
    ) -> Receipt:
        return Receipt(
            batch_id=self.batch.manifest.batch_id,
            commit=commit_no,
            status="accepted",
            samples=len(people.counted),
            samples_ignored=people.ignored,
            files=tuple(result.receipt for result in results),
            warnings=(*self.warnings, *found),
            documents=tuple(self.documents.entries),
        )
