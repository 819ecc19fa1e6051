"""A batch directory as typed values: what `read_batch` gives once every check has passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from schemas.errors import BatchRefused
from schemas.manifest import Manifest, ManifestFile
from schemas.sheets import ConsentRow, PhenotypeRow, SampleRow

Refuse = Callable[[BatchRefused], object]
"""What a check calls with a problem: it raises it (a push) or notes it and lets the check go on (a
validation)."""


def refuse_at_once(error: BatchRefused) -> NoReturn:
    """The `Refuse` of a push: the first problem ends the reading."""
    raise error


@dataclass(frozen=True)
class Document:
    """A clinical document: its path in the batch, its SHA-256 and its decoded JSON."""

    path: str
    kind: Literal["phenopacket", "fhir"]
    sha256: str
    content: Any


@dataclass(frozen=True)
class BatchFile:
    """A variant file of the batch: what the manifest says, and where it and its BED lie."""

    manifest: ManifestFile
    path: Path
    bed: Path | None

    def sample_of(self, column: str) -> str:
        """The sample id of a column of the file."""
        return self.manifest.samples.get(column, column)


@dataclass(frozen=True)
class Batch:
    """A batch whose directory, manifest, sheets, documents and checksums are in order.

    `files` stand in the order of their paths, rows in the order of their sheets. `sample_beds`
    holds the BED of each sample that has one of its own. `content_sha256` covers all that the
    batch says and holds, whatever the order of its files.
    """

    directory: Path
    manifest: Manifest
    files: tuple[BatchFile, ...]
    samples: tuple[SampleRow, ...]
    consents: tuple[ConsentRow, ...]
    phenotypes: tuple[PhenotypeRow, ...]
    documents: tuple[Document, ...]
    sample_beds: Mapping[str, Path]
    content_sha256: str
