"""A table of corrections to samples that were pushed before, to typed rows.

The columns are keys (`schemas.sheets.CORRECTION_KEYS`) and any of samples.tsv, under the same rules
for values. An empty cell leaves the value as it is; a cell that holds ``.`` alone takes it away, as
if samples.tsv had left it empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from loaders.intake.batch import Refuse, refuse_at_once
from loaders.intake.tables import read_table
from schemas.errors import BatchRefused
from schemas.sheets import CORRECTION_CLEARED, CORRECTION_COLUMNS, CORRECTION_KEYS

_KEYS: Final = tuple(column.name for column in CORRECTION_KEYS)


@dataclass(frozen=True)
class Correction:
    """One row: which samples it is about, and their new values by column of samples.tsv.

    `line` is its line in the file, the header being line 1.
    """

    line: int
    sample_id: str | None
    batch_id: str | None
    person_id: str | None
    values: Mapping[str, Any]


def read_corrections(
    data: bytes, name: str, refuse: Refuse = refuse_at_once
) -> tuple[Correction, ...]:
    """Read a table of corrections; `name` is the file's, for messages.

    `refuse` gets the problems of `read_table`; `sheet_missing_column` for a table without a key or
    without a column to correct, `sheet_value` for a row without a key.
    """
    rows = read_table(data, name, refuse, CORRECTION_COLUMNS, CORRECTION_CLEARED)
    _check_header(data, name, refuse)
    if not rows:
        refuse(BatchRefused("sheet_malformed", "no row that can be read", name))
    found = []
    for line, cells in rows:
        keys = {key: cells.pop(key, None) for key in _KEYS}
        if keys["sample_id"] is None and keys["person_id"] is None:
            detail = "neither a sample_id nor a person_id"
            refuse(BatchRefused("sheet_value", detail, f"{name}, line {line}"))
            continue
        found.append(Correction(line, **keys, values=cells))
    return tuple(found)


def _check_header(data: bytes, name: str, refuse: Refuse) -> None:
    header = data.decode("utf-8-sig", errors="replace").partition("\n")[0].rstrip("\r").split("\t")
    where = f"{name}, line 1"
    if not {"sample_id", "person_id"} & set(header):
        refuse(BatchRefused("sheet_missing_column", "lacks sample_id or person_id", where))
    elif set(header) <= set(_KEYS):
        refuse(BatchRefused("sheet_missing_column", "no column to correct", where))
