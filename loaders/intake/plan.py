"""A checked batch to one reading job per file: columns to samples, and where each was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from loaders.header import check_assembly, read_header
from loaders.intake.batch import Batch, BatchFile, Refuse, refuse_at_once
from loaders.intake.overlap import check_declared
from loaders.jobs import Column, FileJob, FileKind, Thresholds, Track
from loaders.tracks import bed_track
from schemas.contigs import CONTIGS
from schemas.errors import BatchRefused
from schemas.manifest import SUPPORTED_KINDS


@dataclass(frozen=True)
class FileColumns:
    """A file of the batch and, for each of its sample columns in order, its name and sample id."""

    file: BatchFile
    names: tuple[str, ...]
    sample_ids: tuple[str, ...]

    @property
    def covers_mito(self) -> bool:
        """Whether the file is a mitochondrial one that may speak of M."""
        declared = self.file.manifest
        return declared.kind == "mitochondrial" and (
            declared.contigs is None or "M" in declared.contigs
        )


def match_columns(batch: Batch, refuse: Refuse = refuse_at_once) -> tuple[FileColumns, ...]:
    """Read the files' headers and match their sample columns with the sheet's rows.

    A message names columns and rows by their place, as names may be anything.

    Args:
        batch: a batch without the problems that `read_batch` looks for.
        refuse: gets each problem: `sample_unlisted` (a column without a row), `sample_absent` (a
            row without a column, or a mapped column that the file lacks), `sample_duplicate`,
            `assembly_mismatch`, and those of `loaders.header.read_header`.

    Returns:
        The columns of each file whose header can be read, in the order of `batch.files`.
    """
    listed = {row.sample_id for row in batch.samples}
    matched = []
    for file in batch.files:
        if file.manifest.kind not in SUPPORTED_KINDS:
            continue  # refused with the manifest
        try:
            header = read_header(file.path)
            check_assembly(header, batch.manifest.assembly, file.manifest.path)
        except BatchRefused as error:
            refuse(_in_batch(error, file))
            continue
        ids = tuple(file.sample_of(name) for name in header.samples)
        matched.append(FileColumns(file, header.samples, ids))
        _check_file(matched[-1], listed, refuse)
    seen = {sample_id for columns in matched for sample_id in columns.sample_ids}
    if len(matched) == len(batch.manifest.files):
        for line, row in enumerate(batch.samples, start=2):
            if row.sample_id not in seen:
                detail = "no file has a column for this sample"
                refuse(BatchRefused("sample_absent", detail, f"samples.tsv, row {line - 1}"))
    return tuple(matched)


def _in_batch(error: BatchRefused, file: BatchFile) -> BatchRefused:
    """The error with the file's path in the batch where it only says its name."""
    where = error.where or file.manifest.path
    if where.startswith(file.path.name):
        where = file.manifest.path + where.removeprefix(file.path.name)
    return BatchRefused(error.reason, error.detail, where)


def _check_file(columns: FileColumns, listed: set[str], refuse: Refuse) -> None:
    path = columns.file.manifest.path
    if not columns.names:
        detail = "the file has no sample column; CAD counts genotypes"
        refuse(BatchRefused("header_malformed", detail, path))
    for mapped in columns.file.manifest.samples:
        if mapped not in columns.names:
            detail = "samples of the manifest maps a column that the file has not"
            refuse(BatchRefused("sample_absent", detail, path))
    seen: set[str] = set()
    for place, sample_id in enumerate(columns.sample_ids, start=1):
        where = f"{path}, sample column {place}"
        if sample_id in seen:
            refuse(BatchRefused("sample_duplicate", "a sample has two columns of a file", where))
        elif sample_id not in listed:
            refuse(BatchRefused("sample_unlisted", "samples.tsv has no row for this column", where))
        seen.add(sample_id)


def plan_jobs(
    batch: Batch,
    numbers: Mapping[str, int | None],
    *,
    reference: Path | None = None,
    thresholds: Thresholds | None = None,
    out: Path | None = None,
    refuse: Refuse = refuse_at_once,
) -> list[FileJob]:
    """Make one job for each file, in the order of `batch.files`.

    Args:
        batch: what `read_batch` gave.
        numbers: sample number by sample id; None for the sample of a withdrawn person.
        reference: the registered FASTA.
        thresholds: the warehouse's; the defaults where it is None.
        out: folder below which each file gets a folder of its own; None to check without writing.
        refuse: gets each problem: those of `match_columns`, `sample_overlap` between declared
            contigs, `manifest_invalid` for a `bed` file without a BED, `bed_malformed`.

    Returns:
        The jobs of the files that can be read.
    """
    matched = match_columns(batch, refuse)
    check_declared([(columns.file.manifest, columns.sample_ids) for columns in matched], refuse)
    tracks = _Tracks(batch, matched, refuse)
    return [
        FileJob(
            path=columns.file.path,
            name=columns.file.manifest.path,
            kind=cast("FileKind", columns.file.manifest.kind),
            callability=columns.file.manifest.callability,
            assembly=batch.manifest.assembly,
            columns=tuple(
                Column(
                    name=name,
                    number=numbers[sample_id],
                    bed=tracks.bed(columns, sample_id),
                    skip_mito=not columns.covers_mito and sample_id in tracks.mito,
                )
                for name, sample_id in zip(columns.names, columns.sample_ids, strict=True)
            ),
            contigs=columns.file.manifest.contigs,
            records=columns.file.manifest.records,
            reference=reference,
            thresholds=thresholds or Thresholds(),
            out=None if out is None else out / f"file-{index}",
        )
        for index, columns in enumerate(matched)
    ]


class _Tracks:
    """What each sample's BEDs cover; equal ones are one object, so that 2 504 columns share it."""

    def __init__(self, batch: Batch, matched: Sequence[FileColumns], refuse: Refuse) -> None:
        self._batch = batch
        self._refuse = refuse
        self._whole: dict[Path, Track] = {}
        self._cut: dict[tuple[Path, tuple[str, ...]], Track] = {}
        self.mito = {
            sample_id
            for columns in matched
            if columns.covers_mito
            for sample_id in columns.sample_ids
        }
        for columns in matched:
            if columns.file.manifest.callability == "bed":
                self._check_beds(columns)

    def bed(self, columns: FileColumns, sample_id: str) -> Track:
        """What the sample's BED says of this file; the sheet's BED comes before the file's."""
        declared = columns.file.manifest
        path = self._batch.sample_beds.get(sample_id, columns.file.bed)
        if declared.callability != "bed" or path is None:
            return {}
        contigs = CONTIGS if declared.contigs is None else declared.contigs
        if declared.kind == "mitochondrial" or sample_id in self.mito:
            mito = declared.kind == "mitochondrial"
            contigs = tuple(contig for contig in contigs if (contig == "M") == mito)
        return self._read(path, contigs)

    def _check_beds(self, columns: FileColumns) -> None:
        bare = [one for one in columns.sample_ids if one not in self._batch.sample_beds]
        if columns.file.manifest.callable_bed is None and bare:
            detail = (
                "callability bed without callable_bed, and not one for each sample in the sheet"
            )
            self._refuse(BatchRefused("manifest_invalid", detail, columns.file.manifest.path))

    def _read(self, path: Path, contigs: tuple[str, ...]) -> Track:
        if path not in self._whole:
            try:
                self._whole[path] = bed_track(path, self._batch.manifest.assembly)
            except BatchRefused as error:
                self._whole[path] = {}
                self._refuse(error)
        if (path, contigs) not in self._cut:
            whole = self._whole[path]
            cut = {contig: runs for contig, runs in whole.items() if contig in contigs}
            self._cut[path, contigs] = cut
        return self._cut[path, contigs]
