"""Corrections of what sample sheets said: sex, affected, indication, region, cohort, parents, ...

In goes a table (`loaders.intake.corrections`). All of its rows are checked against the registry
before any is applied, all in one commit; the next build then brings the base to what it would be
had the sheets been right from the start, for calls and callable rows are kept before ploidy.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection

from cad.commit import open_session
from cad.registry.engine import reading
from cad.registry.findings import settle_findings
from cad.registry.numbers import latest_commit
from cad.registry.past import correct_samples
from cad.registry.people import has_tombstones, withdrawn_persons
from cad.registry.samples import live_samples
from cad.warehouse import Warehouse
from loaders.intake.corrections import Correction, read_corrections
from loaders.intake.paths import read_bytes
from loaders.intake.sheets import person_statements
from schemas.errors import BatchRefused, NotFound
from schemas.sheets import SampleRow

log = logging.getLogger(__name__)

_RELATIVES: Final = ("father_id", "mother_id", "twin_of")
_PARENTS: Final = ("father_id", "mother_id")
_SHEET: Final = tuple(name for name in SampleRow.__dataclass_fields__ if name != "callable_bed")


@dataclass(frozen=True)
class CorrectionReport:
    """What a table of corrections did.

    Attributes:
        commit: the commit it made; where nothing was to change, the latest.
        status: `accepted`, or `unchanged` where every row says what is there already.
        samples: samples that changed.
    """

    commit: int
    status: Literal["accepted", "unchanged"]
    samples: int

    def to_json(self) -> dict[str, Any]:
        """The document that `cad samples update` prints."""
        return {"commit": self.commit, "status": self.status, "samples": self.samples}


class _UnchangedError(Exception):
    """Every row says what is there already."""


Changes = dict[int, dict[str, Any]]
"""By sample number: the columns that change, with their new values."""


def update_samples(warehouse: Warehouse, file: Path) -> CorrectionReport:
    """Correct samples by a table.

    Raises:
        BatchRefused: the file is not there (`file_missing`), a row breaks the rules of samples.tsv
            (`sheet_value`, ...), contradicts another row (`correction_conflict`) or its person's
            other samples (`person_conflict`), or may mean several samples (`sample_ambiguous`).
        NotFound: `sample_unknown`, `person_unknown`.
        Conflict: `session_expired`.
        Unavailable: `key_unusable`, `registry_unusable`.
    """
    corrections = read_corrections(read_bytes(file, file.name), file.name)
    plan = _Plan(warehouse, corrections, file.name)
    with reading(warehouse.engine) as connection:
        before = latest_commit(connection)
        changes = plan.changes(connection)
    if not changes:
        return CorrectionReport(before, "unchanged", 0)
    try:
        with open_session(warehouse, "correct") as session:
            commit_no, samples = session.commit(plan.apply)
    except _UnchangedError:
        return CorrectionReport(before, "unchanged", 0)
    log.info("%d samples corrected at commit %d", samples, commit_no)
    return CorrectionReport(commit_no, "accepted", samples)


@dataclass(frozen=True)
class _Plan:
    """What a table of corrections means for the registry."""

    warehouse: Warehouse
    corrections: Sequence[Correction]
    name: str

    def apply(self, connection: Connection, commit_no: int) -> int:
        """Check once more, now that nobody can come in between, and change the rows."""
        changes = self.changes(connection)
        if not changes:
            raise _UnchangedError
        correct_samples(connection, commit_no, changes)
        settle_findings(connection, commit_no, changes)
        return len(changes)

    def changes(self, connection: Connection) -> Changes:
        """What differs from the registry, after every check."""
        rows = self._rows(connection)
        said = self._said(rows)
        named = {value for _, values in said.values() for value in _named(values)}
        withdrawn = withdrawn_persons(connection, self.warehouse.key, named)
        after = {}
        for number, (line, values) in said.items():
            self._check_parents(connection, line, rows[number], values)
            after[number] = {**rows[number], **_settled(rows[number], values, withdrawn)}
        self._check_persons(rows, after, {number: line for number, (line, _) in said.items()})
        return {
            number: changed
            for number, row in after.items()
            if (changed := {name: row[name] for name in row if row[name] != rows[number][name]})
        }

    def _rows(self, connection: Connection) -> dict[int, dict[str, Any]]:
        """All live samples of the persons that the table is about, by number."""
        samples = {one.sample_id for one in self.corrections if one.sample_id is not None}
        persons = {one.person_id for one in self.corrections if one.person_id is not None}
        found = live_samples(connection, samples, persons)
        found = live_samples(connection, (), {str(row["person_id"]) for row in found})
        return {row["sample_no"]: row for row in found}

    def _said(self, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[int, dict[str, Any]]]:
        """By sample number: the first line that names it, and what all that do say."""
        by_key: dict[tuple[str, str], list[int]] = {}
        for number, row in rows.items():
            for key in ("sample_id", "person_id"):
                by_key.setdefault((key, row[key]), []).append(number)
        said: dict[int, tuple[int, dict[str, Any]]] = {}
        for one in self.corrections:
            for number in self._matching(one, rows, by_key):
                first, values = said.setdefault(number, (one.line, {}))
                for column, value in one.values.items():
                    if values.setdefault(column, value) != value:
                        detail = f"{column} differs from line {first}, which names a sample of it"
                        raise BatchRefused("correction_conflict", detail, self._at(one.line))
        return said

    def _matching(
        self,
        one: Correction,
        rows: Mapping[int, Mapping[str, Any]],
        by_key: Mapping[tuple[str, str], Sequence[int]],
    ) -> list[int]:
        """Numbers of the samples that fit all filled keys of a row."""
        keys = {key: value for key in ("sample_id", "batch_id", "person_id")
                if (value := getattr(one, key)) is not None}  # fmt: skip
        first = "sample_id" if "sample_id" in keys else "person_id"
        numbers = [
            number
            for number in by_key.get((first, keys[first]), ())
            if all(rows[number][key] == value for key, value in keys.items())
        ]
        if not numbers and first == "person_id":
            raise NotFound("person_unknown", "no such sample of this person", self._at(one.line))
        if not numbers:
            raise NotFound("sample_unknown", "no sample fits the keys", self._at(one.line))
        if first == "sample_id" and len(numbers) > 1:
            detail = f"samples of {len(numbers)} batches fit; name the batch_id"
            raise BatchRefused("sample_ambiguous", detail, self._at(one.line))
        return numbers

    def _check_parents(
        self, connection: Connection, line: int, row: Mapping[str, Any], values: Mapping[str, Any]
    ) -> None:
        """Refuse a relative who is the person, and a parent's removal that could mean two things.

        Where a parent has withdrawn, a sample only knows that one was declared. Once one of the two
        is taken away and the other is not there, nobody can tell whether that one was declared.
        """
        if row["person_id"] in _named(values):
            detail = "the person is named as their own parent or twin"
            raise BatchRefused("person_conflict", detail, self._at(line))
        taken = [name for name in _PARENTS if name in values and values[name] is None]
        other = [name for name in _PARENTS if name not in values and row[name] is None]
        if len(taken) == len(other) == 1 and not row["founder"] and has_tombstones(connection):
            detail = f"say what {other[0]} is to be, too: a parent who withdrew may have been meant"
            raise BatchRefused("sheet_value", detail, self._at(line))

    def _check_persons(
        self,
        rows: Mapping[int, Mapping[str, Any]],
        after: Mapping[int, Mapping[str, Any]],
        lines: Mapping[int, int],
    ) -> None:
        """Refuse what would leave rows of a person in one batch that contradict each other."""
        said: dict[tuple[int, str, str], tuple[int | None, str]] = {}
        for number, line, sheet in _sheet_rows(rows, after, lines):
            for column, value in person_statements(sheet).items():
                key = (rows[number]["batch_no"], sheet.person_id, column)
                if value is None:
                    continue
                other, before = said.setdefault(key, (line, value))
                named = line if line is not None else other
                if before != value and named is not None:
                    detail = f"{column} would differ between the person's samples of a batch"
                    raise BatchRefused("person_conflict", detail, self._at(named))

    def _at(self, line: int) -> str:
        return f"{self.name}, line {line}"


def _sheet_rows(
    rows: Mapping[int, Mapping[str, Any]],
    after: Mapping[int, Mapping[str, Any]],
    lines: Mapping[int, int],
) -> Iterator[tuple[int, int | None, SampleRow]]:
    """Each sample as a sheet would have it once corrected, and the line that corrects it."""
    for number, row in rows.items():
        now = after.get(number, row)
        yield number, lines.get(number), SampleRow(**{name: now[name] for name in _SHEET})


def _named(values: Mapping[str, Any]) -> set[str]:
    """The relatives that new values name."""
    return {values[name] for name in _RELATIVES if values.get(name) is not None}


def _settled(
    row: Mapping[str, Any], values: Mapping[str, Any], withdrawn: Collection[str]
) -> dict[str, Any]:
    """The new values of a sample's columns, without the names of those who have withdrawn."""
    new = dict(values)
    if any(name in values for name in _PARENTS):
        new["founder"] = all(values.get(name, row[name]) is None for name in _PARENTS)
    for name in _RELATIVES:
        if new.get(name) in withdrawn:
            new[name] = None
    return new
