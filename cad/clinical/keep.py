"""Clinical documents kept: what is new replaces what it is a later version of, in one commit.

The same for a delivery of documents alone and for those of a batch.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection

from cad.clinical.hpo import Hpo
from cad.clinical.receipt import file_entries, file_of
from cad.clinical.rows import Part, RowMaker
from cad.registry.documents import (
    DocumentKey,
    LiveDocument,
    NewDocument,
    insert_documents,
    live_documents,
    remove_documents,
)
from cad.warehouse import Warehouse
from schemas.clinical_records import ClinicalDocument

_OWN_ID: Final = ("phenopacket", "fhir")
"""Kinds whose documents may have an id of their own, which is theirs wherever they come from."""


@dataclass(frozen=True)
class Kept:
    """What keeping did: versions that replaced another, that are new, that hold already."""

    replaced: int
    added: int
    unchanged: int


@dataclass(frozen=True)
class Documents:
    """The documents of a push as rows, without those who have withdrawn.

    Attributes:
        parts: what each says of each person.
        withdrawn: persons that the documents name and who have withdrawn.
        key: the warehouse's.
        batch_id: of the batch they came with: a file of the same path in another batch is another
            document.
    """

    parts: tuple[Part, ...]
    withdrawn: frozenset[str]
    key: bytes = field(repr=False)
    batch_id: str | None = None

    @property
    def persons(self) -> set[str]:
        """Of whom they tell."""
        return {one.person_id for one in self.parts}

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """Their part of a receipt, by file."""
        return file_entries(self.parts)

    @cached_property
    def versions(self) -> list[NewDocument]:
        """A version for each part."""
        files = list(dict.fromkeys(file_of(one.document.path) for one in self.parts))
        places = {path: place for place, path in enumerate(files, 1)}
        return [
            NewDocument(
                self._key_of(one), one.sha256, places[file_of(one.document.path)],
                one.person_id, one.rows,
            )
            for one in self.parts
        ]  # fmt: skip

    @cached_property
    def content_sha256(self) -> str:
        """Of all that is kept, whatever the order and the names of files."""
        lines = sorted(f"{one.key.kind} {one.key.key} {one.sha256}\n" for one in self.versions)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _key_of(self, part: Part) -> DocumentKey:
        document = part.document
        has_own_id = document.kind in _OWN_ID and document.document_id != document.path
        source = "" if has_own_id or self.batch_id is None else self.batch_id
        told = "\0".join((document.kind, source, document.document_id, part.person_id))
        digest = hmac.new(self.key, told.encode(), hashlib.sha256).hexdigest()
        return DocumentKey(document.kind, digest)

    def live(self, connection: Connection) -> dict[DocumentKey, LiveDocument]:
        """The versions that hold of these documents."""
        return live_documents(connection, [one.key for one in self.versions])

    def keep(
        self,
        connection: Connection,
        commit_no: int,
        *,
        delivery_no: int | None = None,
        batch_no: int | None = None,
    ) -> Kept:
        """Insert what is new, and remove what it replaces."""
        before = self.live(connection)
        new = [one for one in self.versions if not _holds(one, before)]
        gone = [before[one.key].document_no for one in new if one.key in before]
        remove_documents(connection, commit_no, gone)
        insert_documents(connection, commit_no, new, delivery_no=delivery_no, batch_no=batch_no)
        return Kept(len(gone), len(new) - len(gone), len(self.versions) - len(new))

    def all_hold(self, before: dict[DocumentKey, LiveDocument]) -> bool:
        """Whether everything they say holds already."""
        return all(_holds(one, before) for one in self.versions)


def _holds(one: NewDocument, before: dict[DocumentKey, LiveDocument]) -> bool:
    live = before.get(one.key)
    return live is not None and live.sha256 == one.sha256


def make_documents(
    warehouse: Warehouse,
    documents: Iterable[ClinicalDocument],
    withdrawn: frozenset[str],
    hpo: Hpo | None,
    batch_id: str | None = None,
) -> Documents:
    """Documents as rows.

    Args:
        warehouse: where they will be kept.
        documents: as read.
        withdrawn: persons of whom nothing is kept, nor named as anybody's relative.
        hpo: the release that says which terms it knows.
        batch_id: of the batch they came with.

    Raises:
        Unavailable: `key_unusable`.
    """
    maker = RowMaker(warehouse.assembly, warehouse.reference, hpo)
    parts = [
        _without_relatives(part, withdrawn)
        for one in documents
        for part in maker.parts(one)
        if part.person_id not in withdrawn
    ]
    return Documents(tuple(parts), withdrawn, warehouse.key, batch_id)


def _without_relatives(part: Part, withdrawn: Collection[str]) -> Part:
    """A part that keeps that somebody is a relative, not who, where that one has withdrawn."""
    relations = part.rows.get("relation", ())
    if not any(row["relative_id"] in withdrawn for row in relations):
        return part
    kept = [
        {**row, "relative_id": None} if row["relative_id"] in withdrawn else row
        for row in relations
    ]
    return replace(part, rows={**part.rows, "relation": kept})


def named_persons(documents: Sequence[ClinicalDocument]) -> set[str]:
    """Everybody whom documents name, relatives too."""
    found = set()
    for one in documents:
        found |= one.records.person_ids()
        found |= {relation.relative_id for relation in one.records.relations}
    return found
