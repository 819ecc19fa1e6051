"""Consents: decisions that a steward records, not a batch, and what has been decided by a person.

In goes a table like a batch's consents.tsv, out comes one commit; the next build lets each person
count for the purposes that then hold (DESIGN 7). Unlike those of a batch the decisions stay when a
batch is replaced.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection

from cad.commit import open_session
from cad.registry.batches import consent_columns, insert_consents
from cad.registry.engine import reading, registry_now
from cad.registry.numbers import latest_commit
from cad.registry.people import (
    Decision,
    holding,
    imported_consents,
    known_persons,
    told_decisions,
)
from cad.warehouse import Warehouse
from loaders.intake.batch import refuse_at_once
from loaders.intake.paths import read_bytes
from loaders.intake.tables import read_table
from schemas.errors import BatchRefused, NotFound
from schemas.sheets import CONSENT_COLUMNS, SCOPES, ConsentRow

log = logging.getLogger(__name__)

Lines = Sequence[tuple[int, ConsentRow]]


@dataclass(frozen=True)
class ConsentReport:
    """What an import did.

    Attributes:
        commit: the commit it made; where nothing was new, the latest.
        status: `accepted`, or `unchanged` where all decisions had been imported before.
        consents: decisions added.
    """

    commit: int
    status: Literal["accepted", "unchanged"]
    consents: int

    def to_json(self) -> dict[str, Any]:
        """The document that `cad consent import` prints."""
        return {"commit": self.commit, "status": self.status, "consents": self.consents}


class _UnchangedError(Exception):
    """All decisions were imported before."""


def import_consents(warehouse: Warehouse, file: Path) -> ConsentReport:
    """Record the decisions of a table in the form of consents.tsv.

    Raises:
        BatchRefused: the file is not there (`file_missing`) or breaks the rules of consents.tsv.
        NotFound: `person_unknown`, a person with neither sample nor clinical document.
        Conflict: `session_expired`.
        Unavailable: `registry_unusable`.
    """
    data = read_bytes(file, file.name)
    cells = read_table(data, file.name, refuse_at_once, CONSENT_COLUMNS)
    lines = [(line, ConsentRow(**values)) for line, values in cells]
    if not lines:
        raise BatchRefused("sheet_malformed", "no row that can be read", file.name)

    def apply(connection: Connection, commit_no: int) -> int:
        rows = _new_rows(connection, lines, file.name)
        if not rows:
            raise _UnchangedError
        insert_consents(connection, commit_no, None, map(consent_columns, rows))
        return len(rows)

    with reading(warehouse.engine) as connection:
        before = latest_commit(connection)
        fresh = _new_rows(connection, lines, file.name)
    if not fresh:
        return ConsentReport(before, "unchanged", 0)
    try:
        with open_session(warehouse, "consent") as session:
            commit_no, added = session.commit(apply)
    except _UnchangedError:
        return ConsentReport(before, "unchanged", 0)
    log.info("%d consents imported at commit %d", added, commit_no)
    return ConsentReport(commit_no, "accepted", added)


def _new_rows(connection: Connection, lines: Lines, name: str) -> list[ConsentRow]:
    """The decisions that were not imported before, each once; all persons must be known."""
    persons = known_persons(connection)
    for line, row in lines:
        if row.person_id not in persons:
            # Somebody who has withdrawn is unknown like anybody else.
            where = f"{name}, line {line}"
            raise NotFound("person_unknown", "the warehouse knows nothing of the person", where)
    before = imported_consents(connection)
    rows = dict.fromkeys(row for _, row in lines)
    return [row for row in rows if row not in before]


def show_consents(warehouse: Warehouse, person_id: str) -> dict[str, Any]:
    """What a person has decided: by scope what holds, and every decision in the order of days.

    Raises:
        NotFound: `person_unknown`, also of somebody who has withdrawn.
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        told = told_decisions(connection, commit_no, person_id)
        if not told and person_id not in known_persons(connection):
            raise NotFound("person_unknown", "the warehouse knows nothing of the person")
        today = registry_now(connection).date()
    scopes = {
        scope: _scope_json(scope, told[person_id, scope], today)
        for scope in SCOPES
        if (person_id, scope) in told
    }
    history = sorted(
        ((scope, one) for (_, scope), decisions in told.items() for one in decisions),
        key=lambda pair: (pair[1].signed_on, SCOPES.index(pair[0])),
    )
    return {
        "person_id": person_id,
        "commit": commit_no,
        "scopes": scopes,
        "history": [{"scope": scope, **_decision_json(one)} for scope, one in history],
    }


def _scope_json(scope: str, decisions: Sequence[Decision], today: date) -> dict[str, Any]:
    """The decision that holds; where a representative's has lapsed, that one, which does not."""
    now = holding(scope, decisions, today)
    shown = now or max(decisions, key=lambda one: one.rank)
    return {**_decision_json(shown), "lapsed": now is None}


def _decision_json(one: Decision) -> dict[str, Any]:
    return {**one._asdict(), "signed_on": one.signed_on.isoformat()}
