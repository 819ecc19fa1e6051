"""The command line is the operator's: each read of it passes the gate and enters the audit log."""

from __future__ import annotations

from collections.abc import Collection
from getpass import getuser
from typing import Any

from cad.audit import Entry, open_log
from cad.audit.persons import person_tokens
from cad.gate import OPERATOR, Caller, Question, check
from cad.warehouse import Warehouse


def operator() -> Caller:
    """The operator, by the name of the account that runs the command."""
    return Caller(getuser(), OPERATOR.role)


def record(
    warehouse: Warehouse,
    question: Question,
    purpose: str,
    asked: dict[str, Any],
    *,
    commit: int | None = None,
    release: str | None = None,
    project: str | None = None,
    rows: int | None = None,
    persons: Collection[str] = (),
) -> None:
    """Enter a read; call it before the answer is printed, or the first file is written.

    Args:
        warehouse: the warehouse.
        question: as the gate names it.
        purpose: what for.
        asked: what was asked about, without persons' and families' ids and without free text;
            what is empty or None is left out.
        commit: of the base that answered.
        release: that answered.
        project: in which it was asked.
        rows: in the answer.
        persons: whom it is about; they are entered as hashes.

    Raises:
        Unavailable: `registry_unusable`.
    """
    caller = operator()
    check(caller, question, purpose, release=release)
    tokens = person_tokens(warehouse, persons)
    entry = Entry(
        who=caller.name,
        role=caller.role,
        what=question,
        purpose=purpose,
        asked={name: value for name, value in asked.items() if value not in (None, (), [], "")},
        commit=commit,
        release=release,
        project=project,
        rows=rows,
        persons=tuple(sorted(tokens.values())),
    )
    with open_log(warehouse) as log:
        log.enter(entry)
