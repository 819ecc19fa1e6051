"""A batch directory to a `Batch`: every check that needs no look into the variant files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from loaders.intake.batch import Batch, BatchFile, Document, Refuse, refuse_at_once
from loaders.intake.documents import read_documents
from loaders.intake.manifest import NAME, read_manifest
from loaders.intake.paths import canonical_path, check_checksums, resolve_path
from loaders.intake.sheets import (
    CONSENTS,
    PHENOTYPES,
    SAMPLES,
    read_consents,
    read_phenotypes,
    read_samples,
)
from schemas.contigs import Assembly
from schemas.errors import BatchRefused
from schemas.manifest import Manifest
from schemas.sheets import SampleRow

Progress = Callable[[int], None]


def read_batch(
    directory: Path, *, assembly: Assembly | None = None, progress: Progress | None = None
) -> Batch:
    """Read and check a batch directory; the variant files are hashed, not read.

    Args:
        directory: the batch.
        assembly: the warehouse's, which the manifest's must be; None where there is no warehouse.
        progress: gets the bytes hashed since its last call, from several threads.

    Raises:
        BatchRefused: the first problem found, with its reason and place.
    """
    batch = inspect_batch(directory, refuse_at_once, assembly=assembly, progress=progress)
    if batch is None:
        raise AssertionError("a batch without a problem was not read")
    return batch


def inspect_batch(
    directory: Path,
    refuse: Refuse,
    *,
    assembly: Assembly | None = None,
    progress: Progress | None = None,
) -> Batch | None:
    """`read_batch` that hands each problem to `refuse` and goes on where it can.

    Returns:
        The batch as far as it could be read; None where the manifest could not. A file that is not
        there is left out.
    """
    manifest = read_manifest(directory, assembly, refuse)
    samples = read_samples(directory, refuse) if directory.is_dir() else ()
    consents = read_consents(directory, refuse)
    phenotypes = read_phenotypes(directory, refuse)
    documents = read_documents(directory, refuse)
    if manifest is None:
        return None
    named = _named_files(directory, manifest, samples, documents, refuse)
    sums = check_checksums(named, _declared(manifest), refuse, progress)
    return Batch(
        directory=directory.resolve(),
        manifest=manifest,
        files=tuple(
            BatchFile(
                file, named[file.path], named.get(file.callable_bed) if file.callable_bed else None
            )
            for file in manifest.files
            if file.path in named
        ),
        samples=samples,
        consents=consents,
        phenotypes=phenotypes,
        documents=documents,
        sample_beds={
            row.sample_id: named[path]
            for row in samples
            if row.callable_bed and (path := canonical_path(row.callable_bed)) in named
        },
        content_sha256=_content_sha256(manifest, sums),
    )


def _named_files(
    directory: Path,
    manifest: Manifest,
    samples: tuple[SampleRow, ...],
    documents: tuple[Document, ...],
    refuse: Refuse,
) -> dict[str, Path]:
    """Absolute path by path within the batch of all that belongs to it but the manifest itself."""
    named: dict[str, Path] = {}
    for path, where in _paths(directory, manifest, samples, documents):
        if canonical_path(path) in named:
            continue
        try:
            named[canonical_path(path)] = resolve_path(directory, path, where)
        except BatchRefused as error:
            refuse(error)
    return named


def _paths(
    directory: Path,
    manifest: Manifest,
    samples: tuple[SampleRow, ...],
    documents: tuple[Document, ...],
) -> Iterator[tuple[str, str]]:
    """Each path and what names it."""
    for file in manifest.files:
        yield file.path, f"{NAME}, path of a file"
        if file.callable_bed is not None:
            yield file.callable_bed, f"{NAME}, callable_bed of {file.path}"
    for path in manifest.checksums:
        yield path, f"{NAME}, checksums"
    for row in samples:
        if row.callable_bed is not None:
            yield row.callable_bed, f"{SAMPLES}, column callable_bed"
    for sheet in (SAMPLES, CONSENTS, PHENOTYPES):
        if (directory / sheet).exists():
            yield sheet, sheet
    for document in documents:
        yield document.path, document.path


def _declared(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """Path, SHA-256 and place of each checksum the manifest declares."""
    for file in manifest.files:
        yield file.path, file.sha256, f"{NAME}, sha256 of {file.path}"
    for path, sha256 in manifest.checksums.items():
        yield path, sha256, f"{NAME}, checksums"


def _content_sha256(manifest: Manifest, sums: Mapping[str, str]) -> str:
    """What makes two pushes the same: the manifest's statements and the bytes of all other files.

    Order, spelling and layout of manifest.json have no part in it, nor have the checksums, which
    repeat the bytes.
    """
    statements = asdict(manifest)
    del statements["checksums"]
    text = json.dumps({"manifest": statements, "files": dict(sums)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
