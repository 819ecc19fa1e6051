"""FHIR's Observation to features, present or absent, and measurements.

An Observation and each of its components is a question (its code) with an answer. What the answer
is decides: yes or no of a feature, a number, a coded result. A code of HPO without an answer is a
feature that is there; any other without one says nothing. So does a `dataAbsentReason`: it tells
that nobody looked or knew, not that the feature is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal

from loaders.clinical.codes import of_coding
from loaders.clinical.fhir_parts import (
    Coding,
    People,
    SetAsideError,
    has_coding,
    kind_of,
    take_coding,
    take_codings,
    take_day,
)
from loaders.clinical.fields import Fields
from schemas.clinical_records import Detail, FeatureRecord, MeasurementRecord
from schemas.clinical_values import Code

_ABSENT: Final = frozenset(
    {"2667000", "373067005", "260415000", "260385009", "LA9634-2", "LA32-8", "LA11883-8",
     "LA6577-6", "NEG", "ND"}
)  # fmt: skip
"""Answers that mean no: absent, no, not detected, negative, in SNOMED CT, LOINC and HL7 v3."""
_PRESENT: Final = frozenset(
    {"52101004", "373066001", "260373001", "10828004", "LA9633-4", "LA33-6", "LA11882-0",
     "LA6576-8", "POS", "DET"}
)  # fmt: skip
"""Answers that mean yes: present, yes, detected, positive."""
_KNOWN: Final = frozenset({"HPO", "ORPHA", "OMIM", "ICD10"})
_VOID: Final = ("entered-in-error", "cancelled")

Answer = Literal["number", "yes_or_no", "named", "coded"]
Observed = FeatureRecord | MeasurementRecord


def read_observation(fields: Fields, people: People, source: str) -> Iterator[Observed]:
    """An Observation and its components: one record per code.

    Raises:
        SetAsideError: it is void, not coded, not observed, or not about a patient.
        BatchRefused: `document_malformed`.
    """
    if "focus" in fields:
        raise SetAsideError("field_not_kept")
    parts = [fields, *fields.each("component")]
    coded = [part for part in parts if has_coding(part.peek("code"))]
    if not coded:
        raise SetAsideError("statement_uncoded")
    person_id = people.take(fields, "subject")
    if fields.needed("status") in _VOID:
        raise SetAsideError("statement_void")
    answered = [(part, kind) for part in coded if (kind := _answer(part)) is not None]
    if not answered and not any(_value_names(part) for part in coded):
        raise SetAsideError("not_observed")
    day = take_day(fields, "effectiveDateTime") or take_day(fields, "effectiveInstant")
    for part, kind in answered:
        if kind in ("number", "coded"):
            yield from _measurements(part, person_id, day, source)
        else:
            yield from _features(part, person_id, day, source)


def _answer(part: Fields) -> Answer | None:
    """What kind of answer a part gives, None where it gives none that CAD keeps."""
    if "dataAbsentReason" in part:
        return None
    quantity = part.peek("valueQuantity")
    if "valueInteger" in part or (isinstance(quantity, dict) and "value" in quantity):
        return "number"
    if "valueBoolean" in part:
        return "yes_or_no"
    concept = part.peek("valueCodeableConcept")
    if has_coding(concept):
        if _codes(concept) & (_ABSENT | _PRESENT):
            return "yes_or_no"
        return "named" if _systems(concept) & _KNOWN else "coded"
    if _value_names(part):
        return None
    if "HPO" in _systems(part.peek("code")) or _interpretation(part) & (_ABSENT | _PRESENT):
        return "yes_or_no"
    return None


def _features(part: Fields, person_id: str, day: date | None, source: str) -> Iterator[Observed]:
    """Features of an answer: the question's where it is yes or no, else those it names."""
    excluded = bool(_interpretation(part) & _ABSENT)
    asked = take_codings(part.inside("code"))
    for concept in part.each("interpretation"):
        take_codings(concept)
    named: tuple[Coding, ...] = ()
    if "valueBoolean" in part:
        excluded = not part.flag("valueBoolean")
    elif "valueCodeableConcept" in part:
        answers = _codes(part.peek("valueCodeableConcept"))
        named = take_codings(part.inside("valueCodeableConcept"))
        if answers & (_ABSENT | _PRESENT):
            excluded, named = bool(answers & _ABSENT), ()
    details = tuple(Detail("question", one.code, one.label) for one in asked) if named else ()
    for one in named or asked:
        yield FeatureRecord(
            person_id, kind_of(one.system, "feature"), one.system, one.code, one.label,
            excluded=excluded, recorded_on=day, details=details, source=source,
        )  # fmt: skip


def _measurements(
    part: Fields, person_id: str, day: date | None, source: str
) -> Iterator[Observed]:
    value = comparator = unit = result = None
    if "valueInteger" in part:
        value = part.decimal("valueInteger")
    elif (quantity := part.inside("valueQuantity")) is not None:
        value = quantity.decimal("value")
        comparator = quantity.text("comparator")
        # The code is UCUM's where there is one, the unit is for the reader.
        unit = quantity.text("code") or quantity.text("unit")
    else:
        coding = take_coding(part.inside("valueCodeableConcept"))
        result = Code(coding.code, coding.label) if coding is not None else None
    for one in take_codings(part.inside("code")):
        yield MeasurementRecord(
            person_id, one.system, one.code, one.label, value=value, comparator=comparator,
            unit=unit, result=result, recorded_on=day, source=source,
        )  # fmt: skip


def _value_names(part: Fields) -> list[str]:
    return [name for name in part.names() if name.startswith("value")]


def _interpretation(part: Fields) -> set[str]:
    return {code for concept in part.peek("interpretation") or () for code in _codes(concept)}


def _codes(concept: Any) -> set[str]:
    return {one.get("code", "") for one in concept.get("coding", ())}


def _systems(concept: Any) -> set[str]:
    """The systems of the codes of a concept."""
    return {
        of_coding(one.get("system"), one["code"]).system
        for one in concept.get("coding", ())
        if one.get("code")
    }
