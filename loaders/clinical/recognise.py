"""What a file of clinical documents is, by what it holds: its name does not matter."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from loaders.clinical.packet_groups import is_group
from loaders.intake.strict_json import NotJsonError, parse_json
from schemas.clinical_records import Kind
from schemas.errors import BatchRefused

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_PED_SEXES: Final = frozenset({"0", "1", "2", "-9", "other", "unknown"})
_PED_COLUMNS: Final = 6
_OMOP_TABLES: Final = {
    "gender_concept_id": "person",
    "death_date": "death",
    "death_type_concept_id": "death",
    "cause_concept_id": "death",
    "condition_concept_id": "condition_occurrence",
    "observation_concept_id": "observation",
    "measurement_concept_id": "measurement",
    "concept_code": "concept",
}
"""Table of OMOP's common data model by a column that only it has."""


@dataclass(frozen=True)
class Recognised:
    """A file whose format is known.

    Attributes:
        path: within its directory.
        kind: its format.
        sha256: of its bytes as they lie there.
        data: its bytes, decompressed.
        contents: of JSON, each decoded document with its path, which names the line.
        sums: SHA-256 of each of the contents where they are lines, of the file where not.
        table: of OMOP, which one it is.
    """

    path: str
    kind: Kind
    sha256: str
    data: bytes = b""
    contents: tuple[tuple[str, Any], ...] = ()
    sums: tuple[str, ...] = ()
    table: str = ""


def recognise(data: bytes, path: str) -> Recognised:
    """What a file is.

    Args:
        data: its bytes.
        path: within its directory, for errors.

    Raises:
        BatchRefused: `document_unknown`, `document_malformed`.
    """
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            detail = "it cannot be decompressed"
            raise BatchRefused("document_malformed", detail, path) from error
    text = data.removeprefix(_BOM).lstrip()
    if text[:1] in (b"{", b"["):
        return _json(data, path, digest)
    first = next((line for line in text.splitlines() if line.strip()), b"")
    header = first.decode("utf-8", "replace").strip()
    titles = {title.strip().strip('"').lower() for title in re.split(r"[,;\t]", header)}
    for column, table in _OMOP_TABLES.items():
        if column in titles:
            return Recognised(path, "omop", digest, data, table=table)
    if {"person_id", "scope", "status"} <= titles:
        return Recognised(path, "consents", digest, data)
    if {"person_id", "system", "code"} <= titles:
        return Recognised(path, "phenotypes", digest, data)
    if _is_pedigree(text):
        return Recognised(path, "pedigree", digest, data)
    raise BatchRefused("document_unknown", "it is in no format of a clinical document", path)


def _is_pedigree(text: bytes) -> bool:
    for line in text.decode("utf-8", "replace").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        return len(cells) >= _PED_COLUMNS and cells[4].strip() in _PED_SEXES
    return False


def _json(data: bytes, path: str, digest: str) -> Recognised:
    """A JSON text, or one of each line where the first line is one."""
    lines = [line for line in data.removeprefix(_BOM).splitlines() if line.strip()]
    if len(lines) > 1 and _is_whole(lines[0]):
        contents = tuple(
            (f"{path}, line {number}", _decoded(line, f"{path}, line {number}"))
            for number, line in enumerate(lines, start=1)
        )
        sums = tuple(hashlib.sha256(line).hexdigest() for line in lines)
    else:
        contents = ((path, _decoded(data, path)),)
        sums = (digest,)
    kinds = {_json_kind(content, where) for where, content in contents}
    if len(kinds) > 1:
        raise BatchRefused("document_malformed", "its lines are of several formats", path)
    # Published collections wrap each packet with the path it had.
    bare = tuple((where, content.get("phenopacket", content)) for where, content in contents)
    return Recognised(path, kinds.pop(), digest, b"", bare, sums)


def _is_whole(line: bytes) -> bool:
    try:
        parse_json(line)
    except NotJsonError:
        return False
    return True


def _decoded(data: bytes, where: str) -> Any:
    try:
        return parse_json(data)
    except NotJsonError as error:
        raise BatchRefused("document_malformed", str(error), where) from error


def _json_kind(content: Any, where: str) -> Kind:
    if isinstance(content, dict):
        if "resourceType" in content:
            return "fhir"
        if isinstance(content.get("phenopacket"), dict):
            return "phenopacket"
        if ("subject" in content and "id" in content) or is_group(content):
            return "phenopacket"
    raise BatchRefused("document_unknown", "it is in no format of a clinical document", where)
