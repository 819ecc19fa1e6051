"""Reading the audit log, and whether an entry of it was altered, taken away or put elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cad.audit.entry import GENESIS, hash_of
from cad.audit.log import FOLDER, chain_path
from cad.registry.audit import ChainRow, list_chains
from cad.registry.engine import reading
from cad.warehouse import Warehouse

Document = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a chain, at which entry (from 1)."""

    chain: str
    entry: int | None
    problem: str


@dataclass(frozen=True)
class AuditReport:
    """What a verification found; the log is as it was written where there is no fault.

    Attributes:
        chains: that the registry or the folder names.
        entries: read.
        unsealed: of these, entries written after their chain's last seal, which prove each other
            only: a process is writing, or ended without sealing.
        faults: what is wrong.
    """

    chains: int
    entries: int
    unsealed: int
    faults: tuple[Fault, ...]

    def to_json(self) -> Document:
        """The document that `cad audit verify` prints."""
        faults = [asdict(fault) for fault in self.faults]
        whole = {"intact": not faults, "chains": self.chains, "entries": self.entries}
        return {**whole, "unsealed": self.unsealed, "faults": faults}


def verify_log(warehouse: Warehouse) -> AuditReport:
    """Check each chain against itself, its seal in the registry, and the chain opened after it.

    Raises:
        Unavailable: `registry_unusable`.
    """
    # In this order: a file has a row before it is made, and is longer than its seal or as long.
    files = {path.stem for path in (warehouse.path / FOLDER).glob("*.jsonl")}
    with reading(warehouse.engine) as connection:
        rows = {row.chain_id: row for row in list_chains(connection)}
    faults = [
        Fault(name, None, "the registry knows no such chain") for name in sorted(files - set(rows))
    ]
    hashes: dict[str, list[str]] = {}
    claims: dict[str, Document] = {}
    unsealed = 0
    for name, row in rows.items():
        documents = _read(chain_path(warehouse, name))
        faults += _check_chain(row, documents)
        hashes[name] = [str(document.get("hash")) for document in documents or ()]
        unsealed += max(0, len(hashes[name]) - row.entries)
        if documents and documents[0].get("after"):
            claims[name] = documents[0]["after"]
    faults += _check_claims(claims, hashes)
    entries = sum(map(len, hashes.values()))
    return AuditReport(len(files | set(rows)), entries, unsealed, tuple(faults))


def read_entries(warehouse: Warehouse) -> list[Document]:
    """All entries but those that open a chain, by time.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        names = [row.chain_id for row in list_chains(connection)]
    read = (_read(chain_path(warehouse, name)) or [] for name in names)
    told = [one for documents in read for one in documents if "what" in one]
    return sorted(told, key=lambda one: str(one.get("at")))


def _read(path: Path) -> list[Document] | None:
    """The entries of a file, an empty one where a line cannot be read; None where it is gone.

    What follows the last line's end was being written when a process or machine died.
    """
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return None
    return [_parsed(line) for line in lines]


def _parsed(line: bytes) -> Document:
    try:
        document = json.loads(line)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _check_chain(row: ChainRow, documents: list[Document] | None) -> Iterator[Fault]:
    name = row.chain_id
    if documents is None:
        if row.entries:
            yield Fault(name, None, "its file is gone")
        return
    prev = GENESIS
    for number, document in enumerate(documents, start=1):
        if document.get("hash") != hash_of(document):
            yield Fault(name, number, "the entry was altered")
            return
        if (document.get("n"), document.get("prev")) != (number, prev):
            yield Fault(name, number, "an entry before it is missing, or it stood elsewhere")
            return
        prev = document["hash"]
    if documents and documents[0].get("chain") != name:
        yield Fault(name, 1, "it is another chain's")
    if len(documents) < row.entries:
        detail = f"entries after it are missing; {row.entries} were sealed"
        yield Fault(name, len(documents), detail)
    elif row.entries and documents[row.entries - 1]["hash"] != row.head:
        yield Fault(name, row.entries, "it is not the entry that was sealed")


def _check_claims(claims: dict[str, Document], hashes: dict[str, list[str]]) -> Iterator[Fault]:
    """Whether what each chain says of the one opened before it still holds."""
    for name, after in claims.items():
        earlier, entries = after["chain"], after["n"]
        held = hashes.get(earlier)
        if held is None:
            yield Fault(earlier, None, f"chain {name} was opened after it, and it is gone")
        elif entries and held[entries - 1 : entries] != [after["hash"]]:
            yield Fault(earlier, entries, f"it is not the entry that chain {name} was opened after")
