"""Tables without what identifies: sheets, pedigrees and OMOP keep the columns that CAD reads."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Final

from loaders.clinical.keyed import Keyed
from loaders.clinical.omop_tables import Row, read_rows
from loaders.identifying import find_in_text
from schemas.errors import BatchRefused
from schemas.sheets import NO_PARENT, SHEETS, Form

_PERSONS: Final = frozenset({"person_id", "father_id", "mother_id", "twin_of"})
_PED_COLUMNS: Final = 6
_OMOP: Final[dict[str, str]] = {
    "person": "person_id gender_concept_id year_of_birth",
    "death": "person_id death_type_concept_id cause_concept_id cause_source_value "
    "cause_source_concept_id",
    "condition_occurrence": "person_id condition_concept_id condition_start_date "
    "condition_source_value condition_source_concept_id",
    "observation": "person_id observation_concept_id observation_date value_as_number "
    "value_as_concept_id qualifier_concept_id unit_concept_id observation_source_value "
    "observation_source_concept_id unit_source_value",
    "measurement": "person_id measurement_concept_id measurement_date operator_concept_id "
    "value_as_number value_as_concept_id unit_concept_id measurement_source_value "
    "measurement_source_concept_id unit_source_value",
    "concept": "concept_id concept_name domain_id vocabulary_id concept_class_id "
    "standard_concept concept_code",
}
"""What stays of each table."""


def strip_sheet(data: bytes, sheet: str, path: str, keyed: Keyed) -> bytes:
    """A sheet of a batch: columns that it has not go, ids of persons and families are keyed.

    A cell that names somebody is emptied.

    Raises:
        BatchRefused: `sheet_malformed`; `identifying_data`, where such a cell must be filled.
    """
    columns = {column.name: column for column in SHEETS[sheet]}
    lines = _text(data, path).replace("\r\n", "\n").rstrip("\n").split("\n")
    titles = lines[0].split("\t")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(titles):
            detail = f"{len(cells)} cells under a header of {len(titles)}"
            raise BatchRefused("sheet_malformed", detail, f"{path}, line {number}")
        row = []
        for title, cell in zip(titles, cells, strict=True):
            column = columns.get(title)
            if column is None:
                keyed.strip(sheet, title, bool(cell))
            elif title in _PERSONS or title == "family_id":
                row.append(_keyed_cell(cell, title, keyed))
            elif find_in_text(cell) is None:
                row.append(cell)
            elif column.required or column.form is Form.ID:
                where = f"{path}, line {number}, column {title}"
                raise BatchRefused("identifying_data", "a cell that must stay identifies", where)
            else:
                keyed.strip(sheet, title)
                row.append("")
        rows.append(row)
    kept = [title for title in titles if title in columns]
    return "".join("\t".join(row) + "\n" for row in (kept, *rows)).encode()


def strip_pedigree(data: bytes, path: str, keyed: Keyed) -> bytes:
    """A PED file: its six columns with keyed ids; comments and further columns go."""
    made = []
    for number, line in enumerate(_text(data, path).splitlines(), start=1):
        if not line.strip():
            continue
        if line.startswith("#"):
            keyed.strip("pedigree", "comment")
            continue
        cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else line.split())]
        if len(cells) < _PED_COLUMNS:
            detail = f"{len(cells)} columns; {_PED_COLUMNS} are expected"
            raise BatchRefused("document_malformed", detail, f"{path}, line {number}")
        keyed.strip("pedigree", "column beyond the sixth", len(cells) - _PED_COLUMNS)
        family, *persons = cells[:4]
        ids = [_keyed_cell(family, "family_id", keyed)]
        ids += [_keyed_cell(person, "person_id", keyed) for person in persons]
        made.append("\t".join([one or "0" for one in ids] + cells[4:_PED_COLUMNS]) + "\n")
    return "".join(made).encode()


def strip_omop(data: bytes, table: str, path: str, keyed: Keyed) -> bytes:
    """A table of OMOP: the columns that CAD reads, with keyed persons and years of birth.

    Raises:
        BatchRefused: `document_malformed`.
    """
    columns = _OMOP[table].split()
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, columns, lineterminator="\n")
    writer.writeheader()
    for row in read_rows(data, path):
        _tell_year(row)
        kept: Row = {}
        for column, cell in row.items():
            cleaned = _omop_cell(column, cell, keyed) if column in columns else None
            if cleaned is None:
                keyed.strip("omop", f"{table}.{column}")
            else:
                kept[column] = cleaned
        writer.writerow(kept)
    return written.getvalue().encode()


def _tell_year(row: Row) -> None:
    """The year of birth out of the whole date, where it is not told by itself."""
    found = re.match(r"(?:18|19|20)\d\d", row.get("birth_datetime", ""))
    if found is not None:
        row.setdefault("year_of_birth", found[0])


def _omop_cell(column: str, cell: str, keyed: Keyed) -> str | None:
    if column == "person_id":
        return keyed.person(cell)
    if column == "concept_name":
        return cell
    if column.endswith("_source_value") and re.search(r"\s", cell):
        return None
    return None if find_in_text(cell) is not None else cell


def _keyed_cell(cell: str, title: str, keyed: Keyed) -> str:
    """The pseudonym of an id; what stands for none stays empty."""
    if not cell.strip() or cell.strip() in NO_PARENT:
        return ""
    give: Callable[[str], str] = keyed.person
    if title == "family_id":
        return keyed.other("family", cell)
    return give(cell)


def _text(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BatchRefused("document_malformed", "the text is not UTF-8", path) from error


def sheet_of(titles: Sequence[str]) -> str | None:
    """The sheet of a batch that a header is of, by the columns that only it has."""
    for name in SHEETS:
        needed = {column.name for column in SHEETS[name] if column.required}
        if needed <= set(titles):
            return name
    return None
