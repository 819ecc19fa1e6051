"""Clinical documents pushed by themselves: read, checked, and one commit, or nothing at all.

They may come before or after the genome, so persons without a sample are welcome. Documents that
say what holds already change nothing; a later version of a document replaces what the earlier one
said, person by person, in the commit in which it comes.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from sqlalchemy import Connection

from cad.clinical.contradictions import find_contradictions
from cad.clinical.hpo import Hpo
from cad.clinical.keep import Documents, Kept, make_documents, named_persons
from cad.clinical.receipt import DeliveryReceipt
from cad.clinical.terms import terms_for
from cad.commit import open_session
from cad.faults import reach
from cad.registry.documents import find_delivery, insert_delivery, keep_receipt
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.registry.people import withdrawn_persons
from cad.registry.samples import persons_with_sample
from cad.warehouse import Warehouse
from loaders.clinical.mapping import read_mapping
from loaders.clinical.packets import PersonFrom
from loaders.clinical.read import read_documents
from loaders.intake.paths import read_bytes
from schemas.clinical_records import ClinicalDocuments

log = logging.getLogger(__name__)


class _OvertakenError(Exception):
    """Meanwhile one of the persons withdrew."""


class _UnchangedError(Exception):
    """Meanwhile somebody pushed the same."""


def push_clinical(
    warehouse: Warehouse,
    directory: Path,
    *,
    person_from: PersonFrom = "subject",
    mappings: Sequence[Path] = (),
) -> DeliveryReceipt:
    """Push the clinical documents of a directory.

    Args:
        warehouse: where to.
        directory: holds nothing but documents (`loaders.clinical.read`).
        person_from: which id of a phenopacket is the person's.
        mappings: tables of codes that are said in another system too.

    Raises:
        BatchRefused: a document is not in order, or two contradict each other; nothing was changed.
        BadQuestion: `pedigree_malformed`.
        Conflict: `session_expired`.
        Unavailable: `registry_unusable`, `key_unusable`.
    """
    started = perf_counter()
    maps = [read_mapping(read_bytes(one, one.name), one.name) for one in mappings]
    read = read_documents(directory, person_from=person_from, mappings=maps)
    hpo = terms_for(warehouse, read.documents, or_default=True)
    reach("clinical:read")
    receipt = None
    while receipt is None:
        try:
            receipt = _push_once(warehouse, read, hpo)
        except (_OvertakenError, _UnchangedError):
            log.info("the warehouse changed meanwhile, once more")
    log.info(
        "clinical documents: %s at commit %d, %d files, %d persons, %.2f s",
        *(receipt.status, receipt.commit, len(receipt.documents), receipt.persons),
        perf_counter() - started,
    )
    return receipt


def _push_once(warehouse: Warehouse, read: ClinicalDocuments, hpo: Hpo | None) -> DeliveryReceipt:
    persons = named_persons(read.documents)
    with reading(warehouse.engine) as connection:
        withdrawn = withdrawn_persons(connection, warehouse.key, persons)
        documents = make_documents(warehouse, read.documents, withdrawn, hpo)
        before = documents.live(connection)
        if documents.all_hold(before):
            return _unchanged(connection, documents, read)

    def apply(connection: Connection, commit_no: int) -> DeliveryReceipt:
        if withdrawn_persons(connection, warehouse.key, persons) != withdrawn:
            raise _OvertakenError
        if documents.all_hold(documents.live(connection)):
            raise _UnchangedError
        number = insert_delivery(connection, commit_no, documents.content_sha256)
        kept = documents.keep(connection, commit_no, delivery_no=number)
        receipt = _receipt(connection, commit_no, number, documents, read, kept)
        keep_receipt(connection, number, receipt.to_json())
        return receipt

    with open_session(warehouse, "clinical") as session:
        return session.commit(apply)[1]


def _receipt(
    connection: Connection,
    commit_no: int,
    number: int | None,
    documents: Documents,
    read: ClinicalDocuments,
    kept: Kept,
) -> DeliveryReceipt:
    persons = documents.persons
    return DeliveryReceipt(
        delivery=number,
        commit=commit_no,
        status="unchanged" if number is None else "accepted",
        documents=tuple(documents.entries),
        persons=len(persons),
        persons_ignored=len(read.person_ids() & documents.withdrawn),
        persons_without_sample=len(persons - persons_with_sample(connection, persons)),
        replaced=kept.replaced,
        unchanged=kept.unchanged,
        warnings=find_contradictions(connection, commit_no, persons),
    )


def _unchanged(
    connection: Connection, documents: Documents, read: ClinicalDocuments
) -> DeliveryReceipt:
    """The first receipt of the same content, or that of documents that hold by several pushes."""
    first = find_delivery(connection, documents.content_sha256)
    if first is not None:
        return DeliveryReceipt.from_json(first, "unchanged")
    commits = [one.added_at for one in documents.live(connection).values()]
    commit_no = max(commits, default=latest_commit(connection))
    kept = Kept(0, 0, len(documents.versions))
    return _receipt(connection, commit_no, None, documents, read, kept)
