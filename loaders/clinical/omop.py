"""OMOP's common data model 5.4: person, death, condition_occurrence, observation, measurement.

Source codes and concept ids are kept side by side. With a table CONCEPT in the same folder ids are
told in their own vocabularies (ICD10, HPO, SNOMED, ...); without it an id is a local code, as in
``OMOP:4029498``. The vocabulary's own cells are not the document's, and are not counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final, NamedTuple

from loaders.clinical.codes import LOCAL, SystemCode, of_curie
from loaders.clinical.fhir_parts import kind_of, take_day
from loaders.clinical.fields import Fields, Reading
from loaders.clinical.gather import gather
from loaders.clinical.omop_tables import (
    COLUMNS,
    Concepts,
    Row,
    read_concepts,
    read_rows,
    refuse_identifying,
)
from loaders.clinical.recognise import Recognised
from schemas.clinical_records import (
    ClinicalRecords,
    Detail,
    FeatureRecord,
    MeasurementRecord,
    PersonRecord,
)
from schemas.clinical_values import Code, FieldTally, birth_band
from schemas.errors import BatchRefused

_SEX: Final = {"8507": "XY", "8532": "XX", "8521": "other"}
_ABSENT: Final = frozenset({"4188540", "45878245", "4132135", "9189", "45878583", "45880296"})
"""Concepts that mean no: No, Absent, Negative, Not detected."""
_PRESENT: Final = frozenset({"4188539", "45877994", "4181412", "9191", "45884084", "45877985"})
"""Concepts that mean yes."""
_OPERATORS: Final = {"4171756": "<", "4171754": "<=", "4172704": ">", "4171755": ">="}
_YEAR: Final = re.compile(r"(?:18|19|20)\d\d")
_FREE_TEXT: Final = frozenset(
    "value_as_string value_source_value stop_reason condition_source_value cause_source_value "
    "observation_source_value measurement_source_value".split()
)
"""Columns of words, and those that hold words where they hold no code."""
_KNOWN: Final = frozenset({"HPO", "ORPHA", "OMIM", "ICD10"})


class _About(NamedTuple):
    """Whom a row is about, when it was recorded, and where it stands."""

    person_id: str
    day: date | None
    source: str


Told = tuple[SystemCode, str | None]
"""A code and its label."""


def read_omop(tables: Iterable[Recognised]) -> tuple[ClinicalRecords, FieldTally]:
    """The records of the tables of one folder, and what became of every filled cell.

    Raises:
        BatchRefused: `identifying_data`, `document_malformed`.
    """
    content: dict[str, list[Row]] = {}
    vocabulary = None
    for one in sorted(tables, key=lambda table: table.path):
        if one.table == "concept":
            vocabulary = one
            continue
        rows = list(read_rows(one.data, one.path))
        refuse_identifying(rows, one.path)
        if one.table in content:
            detail = f"a second table {one.table} in one folder"
            raise BatchRefused("document_malformed", detail, one.path)
        content[one.table] = rows
        path = one.path.rpartition("/")[0] or one.path
    if not content:
        detail = "a vocabulary without tables of persons"
        raise BatchRefused("document_malformed", detail, vocabulary.path if vocabulary else None)
    concepts = Concepts({})
    if vocabulary is not None:
        concepts = read_concepts(vocabulary.data, vocabulary.path, _named(content))
    reading = Reading(content, path)
    return gather(_records(reading.root(), concepts)), reading.tally(set_aside_as)


def set_aside_as(place: str) -> str:
    """Why a cell is not kept.

    >>> set_aside_as("/observation/*/value_as_string"), set_aside_as("/person/*/colour")
    ('free_text', 'field_unknown')
    """
    _, table, _, column = place.split("/")
    if column not in COLUMNS[table]:
        return "field_unknown"
    if column in _FREE_TEXT:
        return "free_text"
    if column.endswith(("_date", "_datetime", "_time")):
        return "calendar_time"
    return "field_not_kept"


def _named(content: dict[str, list[Row]]) -> set[str]:
    return {
        cell
        for rows in content.values()
        for row in rows
        for column, cell in row.items()
        if column.endswith("_concept_id")
    }


def _records(root: Fields, concepts: Concepts) -> Iterator[Any]:
    seen: set[str] = set()
    dead: dict[str, list[FeatureRecord]] = {}
    for at, row in enumerate(root.each("death"), start=1):
        person_id = row.needed("person_id")
        if person_id in dead:
            row.refuse("a person of an earlier row")
        dead[person_id] = list(_causes(row, person_id, concepts, f"death, row {at}"))
    for row in root.each("person"):
        person = _person(row)
        if person.person_id in seen:
            row.refuse("a person of an earlier row")
        seen.add(person.person_id)
        yield replace(person, vital_status="deceased") if person.person_id in dead else person
    for person_id, causes in dead.items():
        if person_id not in seen:
            yield PersonRecord(person_id, vital_status="deceased")
        yield from causes
    for at, row in enumerate(root.each("condition_occurrence"), start=1):
        yield from _conditions(row, concepts, f"condition_occurrence, row {at}")
    for table in ("observation", "measurement"):
        for at, row in enumerate(root.each(table), start=1):
            yield from _observed(row, table, concepts, f"{table}, row {at}")


def _person(row: Fields) -> PersonRecord:
    year = row.text("year_of_birth")
    if year is not None and not _YEAR.fullmatch(year):
        row.refuse("year_of_birth: expected a year")
    return PersonRecord(
        row.needed("person_id"),
        sex=_SEX.get(row.text("gender_concept_id") or ""),
        birth_years=birth_band(int(year)) if year is not None else None,
    )


def _causes(
    row: Fields, person_id: str, concepts: Concepts, source: str
) -> Iterator[FeatureRecord]:
    """What somebody died of; the day is set aside."""
    for (system, code), label in _codes(row, "cause", concepts):
        yield FeatureRecord(
            person_id, "disease", system, code, label,
            certainty="cause_of_death", source=source,
        )  # fmt: skip


def _conditions(row: Fields, concepts: Concepts, source: str) -> Iterator[FeatureRecord]:
    person_id = row.needed("person_id")
    day = take_day(row, "condition_start_date")
    for (system, code), label in _codes(row, "condition", concepts):
        yield FeatureRecord(
            person_id, kind_of(system, "disease"), system, code, label,
            recorded_on=day, source=source,
        )  # fmt: skip


def _codes(row: Fields, stem: str, concepts: Concepts) -> list[Told]:
    """The codes of a row, each once: its source's concept, its source's code, its concept.

    A source value with blanks is no code but words, and stays.
    """
    found: list[Told] = []
    for column in (f"{stem}_source_concept_id", f"{stem}_concept_id"):
        concept_id = row.text(column)
        if concept_id not in (None, "0"):
            found.append(concepts.code(str(concept_id)))
    written = row.peek(f"{stem}_source_value")
    if written is not None and not re.search(r"\s", written):
        row.text(f"{stem}_source_value")
        told = of_curie(written)
        if not any(told == one or _is_same(written, one) for one, _ in found):
            found.insert(0, (told, None))
    return list({told: (told, label) for told, label in reversed(found)}.values())[::-1]


def _is_same(written: str, told: SystemCode) -> bool:
    """Whether a source value writes a code that its concept tells with its vocabulary."""
    if told.system == LOCAL:
        return told.code.partition(":")[2] == written
    return re.sub(r"\W", "", told.code).endswith(re.sub(r"\W", "", written).upper())


def _observed(
    row: Fields, table: str, concepts: Concepts, source: str
) -> Iterator[FeatureRecord | MeasurementRecord]:
    """A number, a coded result, or a feature: one record per code of the row.

    A row whose only value is text is set aside. One of `observation` without a value is a fact of
    its own, one of `measurement` says nothing.
    """
    coded = row.peek("value_as_concept_id") not in (None, "0")
    if not coded and "value_as_number" not in row:
        if table == "measurement" or "value_as_string" in row:
            return
    codes = _codes(row, table, concepts)
    if not codes:
        return
    about = _About(row.needed("person_id"), take_day(row, f"{table}_date"), source)
    if "value_as_number" in row:
        yield from _numbers(row, codes, concepts, about)
    else:
        yield from _answers(row, codes, concepts, about)


def _numbers(
    row: Fields, codes: list[Told], concepts: Concepts, about: _About
) -> Iterator[MeasurementRecord]:
    value = _number(row)
    comparator = _OPERATORS.get(row.text("operator_concept_id") or "")
    unit = row.text("unit_source_value")
    concept_id = row.text("unit_concept_id")
    if concept_id is not None and concept_id in concepts:
        unit = concepts.code(concept_id)[0].code.partition(":")[2] or unit
    for (system, code), label in codes:
        yield MeasurementRecord(
            about.person_id, system, code, label, value=value, comparator=comparator, unit=unit,
            recorded_on=about.day, source=about.source,
        )  # fmt: skip


def _answers(
    row: Fields, codes: list[Told], concepts: Concepts, about: _About
) -> Iterator[FeatureRecord | MeasurementRecord]:
    """Features, where the answer is yes, no or a feature itself; else a coded result."""
    answer = row.text("value_as_concept_id")
    named = None
    if answer not in (None, "0") and answer not in _ABSENT | _PRESENT:
        named = concepts.code(str(answer))
    if named is not None and named[0].system not in _KNOWN:
        for (system, code), label in codes:
            yield MeasurementRecord(
                about.person_id, system, code, label, result=Code(named[0].code, named[1]),
                recorded_on=about.day, source=about.source,
            )  # fmt: skip
        return
    details = tuple(_qualifiers(row, concepts))
    if named is not None:
        details += tuple(Detail("question", code, label) for (_, code), label in codes)
        codes = [named]
    for (system, code), label in codes:
        yield FeatureRecord(
            about.person_id, kind_of(system, "feature"), system, code, label,
            excluded=answer in _ABSENT, recorded_on=about.day, details=details,
            source=about.source,
        )  # fmt: skip


def _qualifiers(row: Fields, concepts: Concepts) -> Iterator[Detail]:
    concept_id = row.text("qualifier_concept_id")
    if concept_id is not None and concept_id != "0":
        told, label = concepts.code(concept_id)
        yield Detail("modifier", told.code, label)


def _number(row: Fields) -> float:
    try:
        value = float(row.needed("value_as_number"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        row.refuse("value_as_number: expected a number")
    return value
