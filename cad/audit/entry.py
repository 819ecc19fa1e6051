"""One entry of an audit log, its line, and the hash by which each entry fixes all before it.

A chain is a file of one process: JSON lines, keys sorted, without blanks. `hash` is the SHA-256 of
the line without it, in which `prev` is the hash of the entry before. The first entry of a chain
names the chain that was opened last before it and how far that one had got (`after`), so that a
chain cannot be taken away with its row in the registry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GENESIS: Final = "0" * 64
"""What stands for the hash before the first entry of a chain."""


@dataclass(frozen=True)
class Entry:
    """One read.

    Attributes:
        who: name of the client or account that asked.
        role: of that caller.
        what: the question, as the gate names it.
        purpose: what for; None where the question has none.
        asked: variant, region, strata and the like; never a person's id, nor free text.
        commit: of the state that answered.
        release: that answered.
        project: in which it was asked.
        rows: in the answer, None where that is not yet known.
        persons: tokens of persons that the answer or question is about (`cad.audit.persons`).
    """

    who: str
    role: str
    what: str
    purpose: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    commit: int | None = None
    release: str | None = None
    project: str | None = None
    rows: int | None = None
    persons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The entry's own part of its line."""
        return {
            "who": self.who,
            "role": self.role,
            "what": self.what,
            "purpose": self.purpose,
            "asked": dict(self.asked),
            "commit": self.commit,
            "release": self.release,
            "project": self.project,
            "rows": self.rows,
            "persons": list(self.persons),
        }


def sealed_line(document: Mapping[str, Any]) -> tuple[bytes, str]:
    """The line of an entry with its number, time, chain and `prev`, and its hash."""
    digest = hash_of(document)
    return canonical({**document, "hash": digest}) + b"\n", digest


def hash_of(document: Mapping[str, Any]) -> str:
    """The hash of an entry, whatever its own `hash` says."""
    bare = {name: value for name, value in document.items() if name != "hash"}
    return hashlib.sha256(canonical(bare)).hexdigest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a document.

    >>> canonical({"b": 1, "a": None})
    b'{"a":null,"b":1}'
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
