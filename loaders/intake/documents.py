"""Clinical documents of a batch: phenopackets/*.json and fhir/*.json, decoded and searched.

What they say of a person is read elsewhere.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, Literal

from loaders.identifying import find_identifying
from loaders.intake.batch import Document, Refuse
from loaders.intake.paths import read_bytes, resolve_path
from loaders.intake.strict_json import NotJsonError, parse_json
from schemas.errors import BatchRefused

_FOLDERS: Final[dict[str, Literal["phenopacket", "fhir"]]] = {
    "phenopackets": "phenopacket",
    "fhir": "fhir",
}


def read_documents(directory: Path, refuse: Refuse) -> tuple[Document, ...]:
    """The documents of a batch by path.

    `refuse` gets `document_malformed` where one is not JSON, `identifying_data` where it holds
    direct identifiers, and the problems of `resolve_path`.
    """
    documents = []
    for folder, kind in _FOLDERS.items():
        for entry in sorted((directory / folder).glob("*.json")):
            try:
                documents.append(_document(directory, f"{folder}/{entry.name}", kind))
            except BatchRefused as error:
                refuse(error)
    for document in documents:
        for finding in find_identifying(document.content):
            where = f"{document.path}#{finding.pointer}"
            refuse(BatchRefused("identifying_data", f"holds {finding.what}", where))
    return tuple(documents)


def _document(directory: Path, path: str, kind: Literal["phenopacket", "fhir"]) -> Document:
    data = read_bytes(resolve_path(directory, path, path), path)
    try:
        content = parse_json(data)
    except NotJsonError as error:
        raise BatchRefused("document_malformed", str(error), path) from error
    return Document(path, kind, hashlib.sha256(data).hexdigest(), content)
