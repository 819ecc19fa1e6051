"""Mapping tables: codes of one system said in another, added beside the codes as they came.

A table has the columns `from_system`, `from_code`, `to_system`, `to_code` and `version`. A local
code is written as records hold it: ``http://snomed.info/sct|91175000``, ``SNOMED:91175000`` or the
hospital's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from loaders.clinical.codes import SystemCode, canonical_code
from loaders.clinical.fhir_parts import kind_of
from loaders.intake.batch import refuse_at_once
from loaders.intake.tables import Cells, read_table
from schemas.clinical_records import ClinicalRecords, Detail, FeatureRecord, HistoryRecord
from schemas.sheets import SYSTEMS, Form, SheetColumn

MAPPING_COLUMNS: Final = (
    SheetColumn("from_system", Form.CHOICE, "System of the code.", True, SYSTEMS),
    SheetColumn("from_code", Form.ID, "The code, as records hold it.", required=True),
    SheetColumn("to_system", Form.CHOICE, "System it is said in.", True, SYSTEMS),
    SheetColumn("to_code", Form.ID, "What it is there.", required=True),
    SheetColumn("version", Form.ID, "Version of the mapping.", required=True),
)

R = TypeVar("R", FeatureRecord, HistoryRecord)

CodeMap = Mapping[SystemCode, Sequence[tuple[SystemCode, str]]]
"""By code what it maps to, with the version of the table that says so."""


def read_mapping(data: bytes, name: str) -> CodeMap:
    """A mapping table.

    Raises:
        BatchRefused: as `loaders.intake.tables.read_table`.
    """
    found: dict[SystemCode, list[tuple[SystemCode, str]]] = {}
    for _, row in read_table(data, name, refuse_at_once, MAPPING_COLUMNS):
        target = _end(row, "to"), row["version"]
        targets = found.setdefault(_end(row, "from"), [])
        if target not in targets:
            targets.append(target)
    return found


def _end(row: Cells, end: str) -> SystemCode:
    system = row[f"{end}_system"]
    return SystemCode(system, canonical_code(system, row[f"{end}_code"]))


def add_mapped(records: ClinicalRecords, maps: Iterable[CodeMap]) -> ClinicalRecords:
    """The records with the features and family history that mapping tables add.

    An added record stands after the one it is made of. A code that a statement has already is not
    added to it again; added codes are not mapped on.
    """
    tables = list(maps)
    if not tables:
        return records
    return replace(
        records,
        features=tuple(_mapped(records.features, tables)),
        history=tuple(_mapped(records.history, tables)),
    )


def _mapped(records: Sequence[R], tables: Sequence[CodeMap]) -> Iterator[R]:
    there = {_place(one) for one in records}
    for one in records:
        yield one
        if one.system is None or one.code is None:
            continue
        for table in tables:
            for target, version in table.get(SystemCode(one.system, one.code), ()):
                made = _said_as(one, target, version)
                if _place(made) not in there:
                    there.add(_place(made))
                    yield made


def _said_as(record: R, target: SystemCode, version: str) -> R:
    origin = f"{record.system}:{record.code}"
    made = replace(
        record, system=target.system, code=target.code, label=None, mapped_from=origin,
        details=(*record.details, Detail("mapping", version)),
    )  # fmt: skip
    if isinstance(made, FeatureRecord):
        return replace(made, kind=kind_of(target.system, made.kind))
    return made


def _place(record: FeatureRecord | HistoryRecord) -> tuple[str, str, str | None, str | None]:
    return record.person_id, record.source, record.system, record.code
