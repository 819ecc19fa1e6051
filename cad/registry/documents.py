"""Rows of clinical documents: deliveries, and what each version of a document says of one person.

A document is kept person by person: a later version of what it says of somebody replaces the
earlier one, and when somebody withdraws nothing of anybody else is touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, delete, insert, select, union, update

from cad.registry.chunks import chunks
from cad.registry.clinical_tables import (
    delivery,
    disease,
    document,
    interpretation,
    measurement,
    person,
    relation,
)
from cad.registry.engine import registry_now
from cad.registry.tables import batch, consent, phenotype, visible

OF_DOCUMENT: Final[dict[str, Table]] = {
    table.name: table
    for table in (person, phenotype, disease, measurement, interpretation, relation, consent)
}
"""Tables with what documents say of persons."""
Row = Mapping[str, Any]


class DocumentKey(NamedTuple):
    """By which versions of one document, of one person, are known."""

    kind: str
    key: str


class LiveDocument(NamedTuple):
    """The version that holds."""

    document_no: int
    sha256: str
    added_at: int


@dataclass(frozen=True)
class NewDocument:
    """A version to insert.

    Attributes:
        key: what it replaces a version of.
        sha256: of its rows.
        place: of its file in the receipt, from 1.
        person_id: the person.
        rows: by table, without person and document.
    """

    key: DocumentKey
    sha256: str
    place: int
    person_id: str
    rows: Mapping[str, Sequence[Row]]


def live_documents(
    connection: Connection, keys: Collection[DocumentKey]
) -> dict[DocumentKey, LiveDocument]:
    """Those of some documents of which a version holds."""
    found = {}
    columns = select(
        document.c.kind, document.c.key, document.c.document_no, document.c.sha256,
        document.c.added_at,
    ).where(document.c.removed_at.is_(None))  # fmt: skip
    for some in chunks({one.key for one in keys}):
        for kind, key, *rest in connection.execute(columns.where(document.c.key.in_(some))):
            found[DocumentKey(kind, key)] = LiveDocument(*rest)
    return found


def insert_documents(
    connection: Connection,
    commit_no: int,
    documents: Sequence[NewDocument],
    *,
    delivery_no: int | None = None,
    batch_no: int | None = None,
) -> None:
    """Insert versions of documents and their rows; those before them are to be removed already."""
    if not documents:
        return
    made = [
        {
            **one.key._asdict(),
            "sha256": one.sha256,
            "place": one.place,
            "delivery_no": delivery_no,
            "batch_no": batch_no,
            "added_at": commit_no,
        }
        for one in documents
    ]
    numbered = insert(document).returning(document.c.document_no, sort_by_parameter_order=True)
    numbers = list(connection.scalars(numbered, made))
    for name, table in OF_DOCUMENT.items():
        rows = [
            {
                **row,
                "person_id": one.person_id,
                "document_no": number,
                "added_at": commit_no,
                **({"batch_no": batch_no} if "batch_no" in table.c else {}),
            }
            for number, one in zip(numbers, documents, strict=True)
            for row in one.rows.get(name, ())
        ]
        if rows:
            connection.execute(insert(table), rows)


def remove_documents(connection: Connection, commit_no: int, numbers: Collection[int]) -> None:
    """Remove versions of documents, and their rows, from a commit on."""
    for some in chunks(numbers):
        for table in (document, *OF_DOCUMENT.values()):
            connection.execute(
                update(table)
                .where(table.c.document_no.in_(some), table.c.removed_at.is_(None))
                .values(removed_at=commit_no)
            )


def remove_documents_of(connection: Connection, commit_no: int, batch_no: int) -> None:
    """Remove the documents that came with a batch and hold still."""
    query = select(document.c.document_no).where(
        document.c.batch_no == batch_no, document.c.removed_at.is_(None)
    )
    remove_documents(connection, commit_no, list(connection.scalars(query)))


def told_persons(connection: Connection, commit_no: int) -> set[str]:
    """Everybody of whom a document tells at a commit."""
    queries = [
        select(table.c.person_id).where(visible(table, commit_no), table.c.document_no.is_not(None))
        for table in OF_DOCUMENT.values()
    ]
    return set(connection.scalars(union(*queries)))


def find_delivery(connection: Connection, content_sha256: str) -> Mapping[str, Any] | None:
    """The receipt of the latest delivery with this content."""
    query = (
        select(delivery.c.receipt)
        .where(delivery.c.content_sha256 == content_sha256)
        .order_by(delivery.c.delivery_no.desc())
        .limit(1)
    )
    found: Mapping[str, Any] | None = connection.execute(query).scalar_one_or_none()
    return found


def insert_delivery(connection: Connection, commit_no: int, content_sha256: str) -> int:
    """Insert a delivery, its receipt to be kept later; returns its number."""
    values = {
        "content_sha256": content_sha256,
        "receipt": {},
        "pushed_at": registry_now(connection),
        "added_at": commit_no,
    }
    made = connection.execute(insert(delivery).values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def keep_receipt(connection: Connection, delivery_no: int, receipt: Mapping[str, Any]) -> None:
    """Keep the receipt of a delivery."""
    own = delivery.c.delivery_no == delivery_no
    connection.execute(update(delivery).where(own).values(receipt=dict(receipt)))


def forget_documents(connection: Connection, person_id: str) -> None:
    """Delete every version of every document of a person, and what receipts say of where it was.

    The person's rows of other tables are the caller's to delete, after this.
    """
    told = [
        select(table.c.document_no).where(table.c.person_id == person_id)
        for table in OF_DOCUMENT.values()
    ]
    numbers = [one for one in connection.scalars(union(*told)) if one is not None]
    places = _places(connection, numbers)
    for table in OF_DOCUMENT.values():
        connection.execute(delete(table).where(table.c.person_id == person_id))
    for some in chunks(numbers):
        connection.execute(delete(document).where(document.c.document_no.in_(some)))
    own = _places(connection)
    for table, key in ((delivery, delivery.c.delivery_no), (batch, batch.c.batch_no)):
        alone = {(number, place) for name, number, place in places - own if name == table.name}
        rows = connection.execute(select(key, table.c.receipt)).all()
        for number, receipt in rows:
            hidden = {place for owner, place in alone if owner == number}
            kept = without_paths(receipt, hidden, {person_id})
            if kept != receipt:
                connection.execute(update(table).where(key == number).values(receipt=kept))


def _places(
    connection: Connection, numbers: Collection[int] | None = None
) -> set[tuple[str, int, int]]:
    """Where documents stand in receipts: table and number of the receipt, place in it."""
    columns = select(document.c.delivery_no, document.c.batch_no, document.c.place)
    queries = (
        [columns]
        if numbers is None
        else [columns.where(document.c.document_no.in_(some)) for some in chunks(numbers)]
    )
    return {
        ("delivery", of_delivery, place) if of_delivery is not None else ("batch", of_batch, place)
        for query in queries
        for of_delivery, of_batch, place in connection.execute(query)
    }


def without_paths(receipt: Row, places: Collection[int], ids: Collection[str]) -> dict[str, Any]:
    """A receipt whose entries of documents at some places, or with some ids in it, have no path."""
    entries = receipt.get("documents")
    if not entries:
        return dict(receipt)
    kept = [
        {**entry, "path": f"document {place}"}
        if place in places or any(name in str(entry["path"]) for name in ids)
        else entry
        for place, entry in enumerate(entries, 1)
    ]
    return {**receipt, "documents": kept}
