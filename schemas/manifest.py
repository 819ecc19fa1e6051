"""The manifest of a batch (`cad-batch/1`, DESIGN 4) as typed values, and its JSON Schema.

The schema stands in ``batch.schema.json`` beside this module; platforms validate against the same
file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from schemas.contigs import Assembly

FORMAT: Final = "cad-batch/1"

DeclaredKind = Literal["germline", "mitochondrial", "somatic", "sv"]
"""The kinds a manifest may name, whether supported yet or not."""
DeclaredCallability = Literal["blocks", "bed", "sites"]

SUPPORTED_KINDS: Final[tuple[DeclaredKind, ...]] = ("germline", "mitochondrial")
"""The kinds that are read; a file of another kind refuses its batch."""


@dataclass(frozen=True)
class Pipeline:
    """What called the variants."""

    name: str
    version: str


@dataclass(frozen=True)
class ManifestFile:
    """One variant file as the manifest declares it.

    `contigs` are counted contigs in the order of `schemas.contigs.CONTIGS`, or None where the file
    declares none. `samples` maps columns of the file to sample ids; a column that is not in it is
    named by its sample id.
    """

    path: str
    sha256: str
    kind: DeclaredKind
    callability: DeclaredCallability
    callable_bed: str | None = None
    records: int | None = None
    contigs: tuple[str, ...] | None = None
    samples: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """A whole manifest; `files` stand in the order of their paths."""

    batch_id: str
    platform: str
    assembly: Assembly
    pipeline: Pipeline
    files: tuple[ManifestFile, ...]
    checksums: Mapping[str, str] = field(default_factory=dict)


@cache
def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of manifest.json.

    >>> manifest_schema()["title"]
    'cad-batch/1'
    """
    text = resources.files("schemas").joinpath("batch.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
