"""What goes into reading one file of a batch, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from schemas.contigs import Assembly
from schemas.receipt import FileReceipt

FileKind = Literal["germline", "mitochondrial"]
Callability = Literal["blocks", "bed", "sites"]


@dataclass(frozen=True)
class Thresholds:
    """When a genotype passes (DESIGN 5.4, 5.7), after gnomAD's adj filter.

    Fixed when a warehouse is made.
    """

    min_gq: int = 20
    min_dp: int = 10
    min_dp_haploid: int = 5
    min_allele_balance: float = 0.2
    min_dp_mitochondrial: int = 100
    min_vaf: float = 0.10
    homoplasmic_vaf: float = 0.95


@dataclass(frozen=True)
class Runs:
    """Runs of positions on one contig, in order and disjoint: arrays of one length.

    `code` and `why` as `schemas.known` packs them; `why` is None where nothing fails anywhere.
    """

    start: NDArray[np.int32]
    end: NDArray[np.int32]
    code: NDArray[np.uint8]
    why: NDArray[np.int32] | None = None


Track = dict[str, Runs]
"""Runs by contig: what an assay looked at, and what is known there where nothing else is said."""


@dataclass(frozen=True)
class Column:
    """A sample column of the file.

    `number` is None for the column of a withdrawn person: checked, but neither counted nor kept.
    `bed` is the sample's BED, empty where the file is not `bed`.
    """

    name: str
    number: int | None
    bed: Track = field(default_factory=dict)
    skip_mito: bool = False
    """Whether the sample has a mitochondrial file, which alone counts for M (DESIGN 4)."""


@dataclass(frozen=True)
class FileJob:
    """One file to read. With `out` None the file is checked and counted, and nothing is written."""

    path: Path
    name: str
    kind: FileKind
    callability: Callability
    assembly: Assembly
    columns: tuple[Column, ...]
    contigs: tuple[str, ...] | None = None
    records: int | None = None
    reference: Path | None = None
    thresholds: Thresholds = Thresholds()
    out: Path | None = None


@dataclass(frozen=True)
class Span:
    """The stretch of one contig that rows of a lake file lie in."""

    contig: str
    start: int
    end: int
    rows: int


@dataclass(frozen=True)
class WrittenFile:
    """A Parquet file written under the staging folder."""

    table: str
    path: Path
    rows: int
    bytes: int
    sha256: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class FileResult:
    """What reading a file gave.

    `contigs` are the counted contigs it covers: the declared ones, else those with a record.
    `own_track` is the file's site list (`sites`) or its contigs with code 0 (`blocks`); for `bed`
    it is None, the columns' BEDs serve.
    """

    receipt: FileReceipt
    contigs: tuple[str, ...]
    own_track: Track | None
    written: tuple[WrittenFile, ...]
