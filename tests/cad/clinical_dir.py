"""Directories of clinical documents for tests, written by hand."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cad.registry.documents import OF_DOCUMENT
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.registry.tables import visible
from cad.warehouse import Warehouse

_HIDDEN = ("person_id", "document_no", "batch_no", "added_at", "removed_at")


def packet(
    packet_id: str, person_id: str, *codes: str, sex: str = "FEMALE", **more: Any
) -> dict[str, Any]:
    """A phenopacket with features; a code that begins with ``-`` is excluded."""
    features = [
        {"type": {"id": code.removeprefix("-"), "label": "a feature"}, "excluded": code[0] == "-"}
        for code in codes
    ]
    subject = {"id": person_id, "sex": sex}
    return {"id": packet_id, "subject": subject, "phenotypicFeatures": features, **more}


def finding(person_id: str, record: Mapping[str, Any] | None, **variant: Any) -> dict[str, Any]:
    """An interpretation of a packet with one variant, solved."""
    descriptor = {"id": "v1", "moleculeContext": "genomic", **variant}
    if record is not None:
        descriptor["vcfRecord"] = record
    judged = {
        "subjectOrBiosampleId": person_id,
        "interpretationStatus": "CAUSATIVE",
        "variantInterpretation": {
            "acmgPathogenicityClassification": "PATHOGENIC",
            "variationDescriptor": descriptor,
        },
    }
    disease = {"id": "OMIM:617140", "label": "a disease"}
    diagnosis = {"disease": disease, "genomicInterpretations": [judged]}
    return {"id": f"i-{person_id}", "progressStatus": "SOLVED", "diagnosis": diagnosis}


def put(folder: Path, documents: Mapping[str, Any]) -> Path:
    """Write documents by name: JSON for ``.json``, rows of blanks-for-tabs for others."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".json"):
            path.write_text(json.dumps(content))
        else:
            path.write_text("".join(row.replace(" ", "\t") + "\n" for row in content))
    return folder


def told(
    warehouse: Warehouse, commit_no: int | None = None, tables: Sequence[str] = tuple(OF_DOCUMENT)
) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """By table: person and what is said of them at a commit, without what is empty, sorted."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection) if commit_no is None else commit_no
        for name in tables:
            table = OF_DOCUMENT[name]
            query = select(table).where(visible(table, commit_no))
            rows = [
                (
                    row["person_id"],
                    {
                        key: value
                        for key, value in row.items()
                        if value is not None and key not in _HIDDEN and key != f"{name}_no"
                    },
                )
                for row in connection.execute(query).mappings()
            ]
            if rows:
                found[name] = sorted(rows, key=str)
    return found


def codes(warehouse: Warehouse, commit_no: int | None = None) -> list[tuple[str, str, bool]]:
    """Person, code and whether it is excluded, of all features that hold."""
    rows = told(warehouse, commit_no, ["phenotype"]).get("phenotype", [])
    return sorted((person, row["code"], row["excluded"]) for person, row in rows)
