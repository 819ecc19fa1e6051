"""A version of a source loaded: read, normalised, written beside the counts, committed at once."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal

from sqlalchemy import Connection

from cad.annotation.compute import annotate_variants
from cad.annotation.writer import AnnotationWriter
from cad.commit import Session, open_session
from cad.faults import reach
from cad.registry.annotations import (
    AnnotationRow,
    add_annotation_files,
    insert_annotation,
    sources_at,
)
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from loaders.annotation.job import Progress, SourceJob, SourceTally
from loaders.annotation.kinds import SourceKind, kind_of
from loaders.lake_writer import file_sha256
from schemas.errors import BadQuestion, Conflict

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]*")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class AddedAnnotation:
    """What was loaded; `left_out` counts records or alleles by why they are no rows."""

    source: str
    kind: str
    version: str
    assembly: str
    sha256: str
    rows: int
    commit: int
    status: Literal["loaded", "unchanged"]
    left_out: dict[str, int]
    ref_mismatches: int
    facts: dict[str, Any]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The document that `cad annotation add` prints."""
        return {**vars(self), "seconds": round(self.seconds, 3)}


def add_annotation(
    warehouse: Warehouse,
    name: str,
    path: Path,
    version: str,
    *,
    more: Sequence[Path] = (),
    kind: str | None = None,
    max_ref_mismatches: int = 0,
    progress: Progress | None = None,
) -> AddedAnnotation:
    """Load a file, or several, as a version of a source, which answers for it from then on.

    All or nothing: where it fails, the versions there were go on answering. A version that is
    there with the same bytes is left as it is.

    Args:
        warehouse: the warehouse.
        name: of the source, in small letters; its kind unless `kind` says so (`kind_of`).
        path: the file.
        version: what to call it.
        more: its other files, as of a source with one for each contig.
        kind: a key of `loaders.annotation.kinds.KINDS`.
        max_ref_mismatches: alleles that may disagree with the registered reference; they are left
            out and counted.
        progress: told now and then.

    Raises:
        BadQuestion: `annotation_kind_unknown`, `annotation_malformed`, `annotation_empty`,
            `annotation_ref_mismatch`, `assembly_mismatch`, `file_unsorted`, `header_malformed`,
            `line_malformed`, `pos_unusable`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`, `bcf_malformed`.
        Conflict: `annotation_conflict`, where the version has other bytes or the source is of
            another kind; `session_expired`.
        Unavailable: `consequences_failed`, after the version was loaded.
    """
    started = perf_counter()
    _check_words(name, version)
    paths = (path, *more)
    tally = SourceTally()
    jobs = [
        SourceJob(
            one,
            warehouse.assembly,
            warehouse.reference,
            tally,
            max_ref_mismatches,
            progress,
        )
        for one in paths
    ]
    found = kind_of(name, kind, jobs[0])
    if more and found.key in ("model", "term"):
        detail = f"a source of kind {found.name} is one file"
        raise BadQuestion("annotation_malformed", detail, more[0].name)
    sha256 = _checksum(paths)
    with reading(warehouse.engine) as connection:
        held = _held(connection, latest_commit(connection), name, version, found, sha256)
    if held is not None:
        return _unchanged(held, perf_counter() - started)
    with open_session(warehouse, "annotate") as session:
        writer = _write(jobs, found, session)
        files = writer.close()
        reach("annotate:read")
        facts = {
            "file": path.name,
            **({"files": [one.name for one in paths]} if more else {}),
            **tally.facts,
            "left_out": dict(tally.left_out),
            "ref_mismatches": tally.ref_mismatches,
            "left_aligned": warehouse.has_reference,
        }

        def apply(connection: Connection, commit_no: int) -> None:
            # Another may have loaded it meanwhile.
            if _held(connection, commit_no, name, version, found, sha256) is not None:
                raise Conflict(
                    "annotation_conflict", "another writer loaded it", _words(name, version)
                )
            number = insert_annotation(
                connection,
                commit_no,
                name=name,
                kind=found.name,
                version=version,
                assembly=warehouse.assembly,
                sha256=sha256,
                rows=writer.rows,
                facts=facts,
            )
            placed = [(file, session.lake_path(file)) for file in files]
            add_annotation_files(connection, commit_no, number, placed)

        commit_no, _ = session.commit(apply, files)
    if found.key == "model":
        annotate_variants(warehouse)
    seconds = perf_counter() - started
    log.info("loaded %s %s: %d rows in %.2f s", name, version, writer.rows, seconds)
    return AddedAnnotation(
        name, found.name, version, warehouse.assembly, sha256, writer.rows, commit_no, "loaded",
        dict(tally.left_out), tally.ref_mismatches, facts, seconds,
    )  # fmt: skip


def _checksum(paths: Sequence[Path]) -> str:
    """SHA-256 of the file; of several, of their checksums one after the other."""
    digests = [file_sha256(path) for path in paths]
    return (
        digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    )


def _write(jobs: Sequence[SourceJob], kind: SourceKind, session: Session) -> AnnotationWriter:
    writer = AnnotationWriter(session.staging)
    tally = jobs[0].tally
    for job in jobs:
        before = writer.rows
        for table, rows in kind.read(job):
            session.check()
            writer.write(table, rows, job.name)
        job.check_mismatches()
        if writer.rows == before:
            left_out = ", ".join(f"{count} {why}" for why, count in tally.left_out.items())
            detail = f"no row for {kind.name}" + (f"; left out: {left_out}" if left_out else "")
            raise BadQuestion("annotation_empty", detail, job.name)
    return writer


def _check_words(name: str, version: str) -> None:
    if not _NAME.fullmatch(name):
        detail = "a source's name has small letters, digits, _ . - and begins with a letter"
        raise BadQuestion("annotation_kind_unknown", detail, name)
    if not _VERSION.fullmatch(version):
        detail = "a version has letters, digits, _ . + - and begins with a letter or digit"
        raise BadQuestion("annotation_malformed", detail, version)


def _held(
    connection: Connection, commit_no: int, name: str, version: str, kind: SourceKind, sha256: str
) -> AnnotationRow | None:
    """The version where it is loaded already with the same bytes.

    Raises:
        Conflict: `annotation_conflict`.
    """
    for row in sources_at(connection, commit_no):
        if row.name != name:
            continue
        if row.kind != kind.name:
            detail = f"its other versions are of kind {row.kind}, this one of {kind.name}"
            raise Conflict("annotation_conflict", detail, name)
        if row.version == version:
            if row.sha256 != sha256:
                detail = (
                    f"loaded from a file with SHA-256 {row.sha256[:12]}..., found {sha256[:12]}..."
                )
                raise Conflict("annotation_conflict", detail, _words(name, version))
            return row
    return None


def _words(name: str, version: str) -> str:
    return f"{name}@{version}"


def _unchanged(row: AnnotationRow, seconds: float) -> AddedAnnotation:
    facts = dict(row.facts)
    return AddedAnnotation(
        row.name, row.kind, row.version, row.assembly, row.sha256, row.rows, row.commit_no,
        "unchanged", facts.get("left_out", {}), facts.get("ref_mismatches", 0), facts, seconds,
    )  # fmt: skip
