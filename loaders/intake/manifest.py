"""manifest.json to a typed `Manifest`: JSON Schema first, then what a schema cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from loaders.intake.batch import Refuse
from loaders.intake.paths import canonical_path, read_bytes, resolve_path
from loaders.intake.strict_json import NotJsonError, parse_json
from schemas.contigs import CONTIG_ORDER, Assembly, canonical_contig
from schemas.errors import BatchRefused
from schemas.manifest import SUPPORTED_KINDS, Manifest, ManifestFile, Pipeline, manifest_schema

NAME = "manifest.json"


def read_manifest(directory: Path, assembly: Assembly | None, refuse: Refuse) -> Manifest | None:
    """Read and check the manifest of a batch directory.

    Args:
        directory: the batch.
        assembly: the warehouse's; None where there is none to compare with.
        refuse: gets each problem: `manifest_missing`, `manifest_invalid`, `kind_not_supported`,
            `sample_duplicate`, `assembly_mismatch`.

    Returns:
        The manifest, its files by path; None where it is not there or breaks the schema.
    """
    try:
        document = _document(directory)
    except BatchRefused as error:
        refuse(error)
        return None
    problems = sorted(_validator().iter_errors(document), key=lambda problem: problem.json_path)
    for problem in problems:
        refuse(BatchRefused("manifest_invalid", _told(problem), _at(problem.absolute_path)))
    if problems:
        return None
    manifest = _typed(document)
    _check_files(document["files"], refuse)
    if assembly is not None and manifest.assembly != assembly:
        detail = f"the batch is {manifest.assembly}, the warehouse {assembly}"
        refuse(BatchRefused("assembly_mismatch", detail, _at(["assembly"])))
    return manifest


def _document(directory: Path) -> Any:
    if not directory.is_dir():
        raise BatchRefused("manifest_missing", "the batch is not a directory", directory.name)
    if not (directory / NAME).exists() and not (directory / NAME).is_symlink():
        raise BatchRefused("manifest_missing", f"there is no {NAME}", directory.name)
    data = read_bytes(resolve_path(directory, NAME, NAME), NAME)
    try:
        return parse_json(data)
    except NotJsonError as error:
        raise BatchRefused("manifest_invalid", str(error), NAME) from error


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(manifest_schema())


def _at(steps: Sequence[str | int] | Any) -> str:
    """The place in the manifest, as a JSON pointer (RFC 6901)."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return NAME + "#" + "".join(f"/{step}" for step in escaped)


def _told(problem: ValidationError) -> str:
    """What the schema expected, in words that repeat no value: `samples` may hold anything."""
    expected: Any = problem.validator_value
    instance: Any = problem.instance
    match problem.validator:
        case "required":
            missing = [name for name in expected if name not in instance]
            return f"lacks {', '.join(missing)}"
        case "additionalProperties":
            schema: Any = problem.schema
            extra = sorted(set(instance) - set(schema["properties"]))
            return f"has fields that cad-batch/1 does not define: {', '.join(extra)}"
        case "enum":
            return f"must be one of {', '.join(expected)}"
        case "const":
            return f"must be {expected}"
        case "type":
            return f"must be of JSON type {expected}"
        case "pattern":
            return f"must match {expected}"
        case "uniqueItems":
            return "holds the same value twice"
        case rule:
            return f"must satisfy {rule} {expected}"


def _typed(document: dict[str, Any]) -> Manifest:
    files = sorted((_file(entry) for entry in document["files"]), key=lambda file: file.path)
    checksums = document.get("checksums", {})
    return Manifest(
        batch_id=document["batch_id"],
        platform=document["platform"],
        assembly=document["assembly"],
        pipeline=Pipeline(**document["pipeline"]),
        files=tuple(files),
        checksums={canonical_path(path): sha256.lower() for path, sha256 in checksums.items()},
    )


def _file(entry: dict[str, Any]) -> ManifestFile:
    bed = entry.get("callable_bed")
    records = entry.get("records")
    return ManifestFile(
        path=canonical_path(entry["path"]),
        sha256=entry["sha256"].lower(),
        kind=entry["kind"],
        callability=entry["callability"],
        callable_bed=None if bed is None else canonical_path(bed),
        # JSON Schema counts 12.0 among the integers.
        records=None if records is None else int(records),
        contigs=_counted(entry["contigs"]) if "contigs" in entry else None,
        samples=entry.get("samples", {}),
    )


def _counted(names: list[str]) -> tuple[str, ...]:
    """The counted contigs among the declared ones; others are allowed and have no effect."""
    found = {contig for name in names if (contig := canonical_contig(name)) is not None}
    return tuple(sorted(found, key=CONTIG_ORDER.__getitem__))


def _check_files(entries: list[dict[str, Any]], refuse: Refuse) -> None:
    """What holds between the entries, or is outside the schema.

    Places are those of the manifest as written.
    """
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        here = ["files", index]
        path = canonical_path(entry["path"])
        if path in first:
            detail = f"is the file of /files/{first[path]} again"
            refuse(BatchRefused("manifest_invalid", detail, _at([*here, "path"])))
        first.setdefault(path, index)
        if entry["kind"] not in SUPPORTED_KINDS:
            detail = (
                f"{entry['kind']} files are not read yet; supported: {', '.join(SUPPORTED_KINDS)}"
            )
            refuse(BatchRefused("kind_not_supported", detail, _at([*here, "kind"])))
        samples = entry.get("samples", {})
        if len(set(samples.values())) != len(samples):
            detail = "two columns of the file are mapped to one sample"
            refuse(BatchRefused("sample_duplicate", detail, _at([*here, "samples"])))
