"""A table of a batch (samples.tsv, consents.tsv, phenotypes.tsv) to typed cells, strictly.

Nothing is guessed: unknown columns, ragged rows, blank lines and values outside their column's
form refuse the batch. A byte order mark and Windows line ends are dropped. Messages give line and
column, never a cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from loaders.identifying import find_in_text
from loaders.intake.batch import Refuse
from schemas.errors import BatchRefused
from schemas.sheets import NO_PARENT, SHEETS, Form, SheetColumn

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_QUARTER: Final = re.compile(r"\d{4}-Q[1-4]")
_NUMBER: Final = re.compile(r"\d{1,3}(\.\d{1,6})?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True}
_OLDEST: Final = 150.0
CLEAR: Final = "."
"""The cell that takes a value away where a table says how to change rows."""

Cells = dict[str, Any]
"""Typed values of one row by column name; missing optional values without a default are left out.
"""


_NOTHING: Final[Mapping[str, Any]] = {}


def read_table(
    data: bytes,
    name: str,
    refuse: Refuse,
    columns: Sequence[SheetColumn] | None = None,
    cleared: Mapping[str, Any] = _NOTHING,
) -> list[tuple[int, Cells]]:
    """Read a table.

    Args:
        data: the file's bytes.
        name: its name, for messages; a key of `schemas.sheets.SHEETS` where no columns are given.
        refuse: gets each problem: `sheet_malformed`, `sheet_unknown_column`,
            `sheet_missing_column`, `sheet_value`, `identifying_data`.
        columns: what the table may hold.
        cleared: by column, the value that a cell of `CLEAR` alone stands for.

    Returns:
        Line number (the header is line 1) and typed cells of each row without a problem.
    """
    lines = _lines(data, name, refuse)
    if not lines:
        return []
    known = SHEETS[name] if columns is None else columns
    header = _columns(lines[0].split("\t"), known, name, refuse)
    if header is None:
        return []
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = _row(line.split("\t"), header, cleared, f"{name}, line {number}", refuse)
        if cells is not None:
            rows.append((number, cells))
    return rows


def _lines(data: bytes, name: str, refuse: Refuse) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = data.count(b"\n", 0, error.start) + 1
        refuse(BatchRefused("sheet_malformed", "the text is not UTF-8", f"{name}, line {at}"))
        return []
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    if not lines:
        refuse(BatchRefused("sheet_malformed", "the table is empty; a header is expected", name))
    for number, line in enumerate(lines, start=1):
        if _CONTROL.search(line):
            detail = "a control character"
            refuse(BatchRefused("sheet_malformed", detail, f"{name}, line {number}"))
            return []
    return lines


def _columns(
    header: list[str], columns: Sequence[SheetColumn], name: str, refuse: Refuse
) -> list[SheetColumn] | None:
    """The header's columns in its order, or None where it cannot be used."""
    known = {column.name: column for column in columns}
    where = f"{name}, line 1"
    unknown = [title for title in header if title not in known]
    missing = [title for title, column in known.items() if column.required and title not in header]
    twice = sorted({title for title in header if header.count(title) > 1 and title in known})
    if unknown:
        titles = ", ".join(repr(title) for title in unknown)
        detail = f"{titles} is not a column of {name}; defined: {', '.join(known)}"
        refuse(BatchRefused("sheet_unknown_column", detail, where))
    if missing:
        refuse(BatchRefused("sheet_missing_column", f"lacks {', '.join(missing)}", where))
    if twice:
        refuse(BatchRefused("sheet_malformed", f"{', '.join(twice)} stands twice", where))
    if unknown or missing or twice:
        return None
    return [known[title] for title in header]


def _row(
    cells: list[str],
    columns: Sequence[SheetColumn],
    cleared: Mapping[str, Any],
    where: str,
    refuse: Refuse,
) -> Cells | None:
    if len(cells) != len(columns):
        detail = f"{len(cells)} cells under a header of {len(columns)}"
        refuse(BatchRefused("sheet_malformed", detail, where))
        return None
    found: Cells = {}
    sound = True
    for column, cell in zip(columns, cells, strict=True):
        if cell == CLEAR and column.name in cleared:
            found[column.name] = cleared[column.name]
            continue
        try:
            value = _value(cell, column)
        except ValueError as error:
            sound = False
            refuse(BatchRefused("sheet_value", str(error), f"{where}, column {column.name}"))
        else:
            if value is not None:
                found[column.name] = value
        if what := find_in_text(cell):
            detail = f"holds {what}"
            refuse(BatchRefused("identifying_data", detail, f"{where}, column {column.name}"))
    return found if sound else None


def _value(cell: str, column: SheetColumn) -> Any:
    """The typed value of a cell, None where it is missing; ValueError says what was expected."""
    if column.form is Form.TEXT:
        cell = cell.strip()
    if cell != cell.strip():
        raise ValueError("a value with spaces around it")
    if cell == "":
        if column.required:
            raise ValueError("an empty cell; a value is required")
        if column.default is None:
            return None
        cell = column.default
    match column.form:
        case Form.CHOICE:
            if cell not in column.allowed:
                raise ValueError(f"a value other than {', '.join(column.allowed)}")
            return cell
        case Form.FLAG:
            if cell not in _FLAGS:
                raise ValueError("a value other than 0 or 1")
            return _FLAGS[cell]
        case Form.DATE:
            return _day(cell)
        case Form.QUARTER:
            if not _QUARTER.fullmatch(cell):
                raise ValueError("a value that is not a quarter written YYYY-Qn")
            return cell
        case Form.NUMBER:
            if not _NUMBER.fullmatch(cell) or float(cell) > _OLDEST:
                raise ValueError("a value that is not a decimal number from 0 to 150")
            return float(cell)
        case Form.PARENT:
            if cell in NO_PARENT:
                raise ValueError(
                    "a placeholder; the cell of a person who is not declared stays empty"
                )
            return cell
        case Form.ID | Form.TEXT | Form.PATH:
            return cell


def _day(cell: str) -> date:
    if not _DAY.fullmatch(cell):
        raise ValueError("a value that is not a day written YYYY-MM-DD")
    try:
        return date.fromisoformat(cell)
    except ValueError as error:
        raise ValueError("a day that is not in the calendar") from error
