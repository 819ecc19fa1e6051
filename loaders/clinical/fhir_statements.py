"""FHIR's Patient, Condition and FamilyMemberHistory to records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from loaders.clinical.fhir_parts import (
    SEXES,
    People,
    SetAsideError,
    code_of,
    has_coding,
    kind_of,
    take_coding,
    take_codings,
    take_day,
    take_details,
    take_onset,
)
from loaders.clinical.fields import Fields
from schemas.clinical_records import (
    Detail,
    FeatureRecord,
    HistoryRecord,
    PersonRecord,
    RelationRecord,
)
from schemas.clinical_values import Code, birth_band

_YEAR: Final = re.compile(r"(?:18|19|20)\d\d")
_VOID: Final = ("entered-in-error", "cancelled")
_RELATIONS: Final[dict[str, Literal["father", "mother", "twin"]]] = {
    "FTH": "father", "NFTH": "father", "66839005": "father", "9947008": "father",
    "MTH": "mother", "NMTH": "mother", "72705000": "mother", "65656005": "mother",
    "ITWIN": "twin", "ITWINBRO": "twin", "ITWINSIS": "twin", "313415001": "twin",
}  # fmt: skip
"""Relations that samples.tsv knows, by code of HL7 v3 RoleCode and of SNOMED CT."""
_DEATHS: Final = ("deceasedAge", "deceasedRange", "deceasedDate", "deceasedString")
PATIENT_RECORD: Final = "patient-record"
"""End of the URL of FHIR's extension that names the relative's own Patient."""


def read_patient(fields: Fields, person_id: str) -> PersonRecord:
    """The person of a Patient; of the date of birth only the year may be there.

    Raises:
        BatchRefused: `document_malformed`.
    """
    birth = fields.text("birthDate")
    if birth is not None and not _YEAR.fullmatch(birth):
        fields.refuse("birthDate: expected a year")
    gender = fields.choice("gender", *SEXES) if "gender" in fields else "unknown"
    told = fields.flag("deceasedBoolean") if "deceasedBoolean" in fields else None
    if "deceasedDateTime" in fields:
        told = True
    return PersonRecord(
        person_id,
        sex=SEXES[gender],
        birth_years=birth_band(int(birth)) if birth is not None else None,
        vital_status=None if told is None else "deceased" if told else "alive",
    )


def read_condition(fields: Fields, people: People, source: str) -> Iterator[FeatureRecord]:
    """A Condition: one record per code, excluded where it is refuted.

    Raises:
        SetAsideError: it was entered in error, has no code, or is of no patient.
        BatchRefused: `document_malformed`.
    """
    if not has_coding(fields.peek("code")):
        raise SetAsideError("statement_uncoded")
    person_id = people.take(fields, "subject")
    verified = code_of(fields, "verificationStatus")
    if verified in _VOID:
        raise SetAsideError("statement_void")
    severity = take_details("severity", fields.inside("severity"))
    details = [*severity]
    status = code_of(fields, "clinicalStatus")
    if status is not None:
        details.append(Detail("clinical_status", status))
    for site in fields.each("bodySite"):
        details += take_details("site", site)
    for stage in fields.each("stage"):
        details += take_details("stage", stage.inside("summary"))
    onset = take_onset(fields)
    recorded_on = take_day(fields, "recordedDate")
    for one in take_codings(fields.inside("code")):
        yield FeatureRecord(
            person_id, kind_of(one.system, "disease"), one.system, one.code, one.label,
            excluded=verified == "refuted", onset=onset,
            severity=severity[0].code if severity else None, recorded_on=recorded_on,
            certainty=verified, details=tuple(details), source=source,
        )  # fmt: skip


def read_family_member(
    fields: Fields, people: People, source: str
) -> Iterator[HistoryRecord | RelationRecord]:
    """A FamilyMemberHistory: one row per code of the relative's conditions, one row without any.

    A relative whose own Patient is named becomes a relation, too, where it is one of those that
    samples.tsv knows.

    Raises:
        SetAsideError: it is void, or does not say which relative.
        BatchRefused: `document_malformed`.
    """
    person_id = people.take(fields, "patient")
    if fields.needed("status") in (*_VOID, "health-unknown"):
        raise SetAsideError("statement_void")
    relationship = take_coding(fields.inside("relationship"))
    if relationship is None:
        raise SetAsideError("statement_uncoded")
    kind = _RELATIONS.get(relationship.written)
    for extension in fields.each("extension"):
        if str(extension.peek("url")).endswith(PATIENT_RECORD) and kind is not None:
            reference = extension.inside("valueReference")
            relative = people.resolve(reference) if reference is not None else None
            if relative is not None:
                extension.text("url")
                yield RelationRecord(person_id, kind, relative, source)
                break
    sex = code_of(fields, "sex")
    told = fields.flag("deceasedBoolean") if "deceasedBoolean" in fields else None
    who = HistoryRecord(
        person_id,
        Code(relationship.written, relationship.label),
        relative_sex=SEXES.get(sex) if sex is not None else None,
        deceased=True if set(_DEATHS) & set(fields.names()) else told,
        source=source,
    )
    conditions = [one for one in fields.each("condition") if has_coding(one.peek("code"))]
    if not conditions:
        yield who
    for condition in conditions:
        onset = take_onset(condition)
        for one in take_codings(condition.inside("code")):
            yield replace(who, system=one.system, code=one.code, label=one.label, onset=onset)
