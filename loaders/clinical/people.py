"""Whether documents agree on a person: what two of them say of one id must be of one person.

What a document does not say contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from schemas.clinical_records import ClinicalDocument
from schemas.errors import BatchRefused


def check_people(documents: Iterable[ClinicalDocument]) -> None:
    """Refuse documents of which two contradict each other on a person.

    Sex, years of birth, age when last seen, age at death and parents are compared: phenopackets of
    different people often call their subjects alike.

    Raises:
        BatchRefused: `person_conflict`, which names the two documents and the field alone.
    """
    said: dict[tuple[str, str], tuple[Any, str]] = {}
    for document in documents:
        for person_id, name, value in _statements(document):
            before, first = said.setdefault((person_id, name), (value, document.path))
            if before != value:
                detail = f"{name} of a person differs from {first}"
                raise BatchRefused("person_conflict", detail, document.path)


def _statements(document: ClinicalDocument) -> Iterator[tuple[str, str, Any]]:
    for person in document.records.persons:
        for name in ("sex", "birth_years", "age", "died", "affected", "family_id"):
            value = getattr(person, name)
            if value is not None:
                yield person.person_id, name, value
    for relation in document.records.relations:
        if relation.kind != "twin":
            yield relation.person_id, relation.kind, relation.relative_id
