"""Resources of FHIR to change and read, one of each kind."""

import copy
from typing import Any

import pytest

from loaders.clinical.fhir import read_fhir
from schemas.clinical_records import (
    ClinicalRecords,
)
from schemas.clinical_values import FieldTally
from schemas.errors import BatchRefused

HPO = "http://human-phenotype-ontology.org"


SNOMED = "http://snomed.info/sct"


LOINC = "http://loinc.org"


ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


ACTS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def coded(system: str, code: str, display: str | None = None) -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"coding": [coding if display is None else {**coding, "display": display}]}


SEIZURE = coded(HPO, "HP:0001250", "Seizure")


SUBJECT = {"reference": "Patient/P1"}


PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "P1",
    "gender": "female",
    "birthDate": "1983",
    "deceasedBoolean": False,
    "maritalStatus": {"text": "M"},
}


CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
    "verificationStatus": coded(
        "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
    ),
    "severity": coded(SNOMED, "24484000", "Severe"),
    "code": {
        "coding": [
            {"system": "http://hl7.org/fhir/sid/icd-10", "code": "G409", "display": "Epilepsy"},
            {"system": "https://hospital.example/codes", "code": "EPI-12"},
            {"system": "http://www.orpha.net", "code": "101039", "version": "2024"},
        ],
        "text": "Epilepsy since school",
    },
    "bodySite": [coded(SNOMED, "12738006", "Brain")],
    "subject": SUBJECT,
    "onsetAge": {"value": 6, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"},
    "recordedDate": "2024-02-03T10:00:00+01:00",
    "note": [{"text": "Came by train"}],
}


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": SEIZURE,
    "subject": SUBJECT,
    "effectiveDateTime": "2024-02-03",
}


MEMBER: dict[str, Any] = {
    "resourceType": "FamilyMemberHistory",
    "status": "completed",
    "patient": SUBJECT,
    "relationship": coded(ROLES, "MTH", "mother"),
    "sex": coded("http://hl7.org/fhir/administrative-gender", "female"),
    "deceasedAge": {"value": 50, "unit": "a"},
    "condition": [
        {"code": coded("http://www.omim.org", "617140"), "onsetRange": {
            "low": {"value": 30, "unit": "a"}, "high": {"value": 40, "unit": "a"}}},
        {"code": {"text": "trouble"}},
    ],
}  # fmt: skip


CONSENT: dict[str, Any] = {
    "resourceType": "Consent",
    "status": "active",
    "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "research"),
    "category": [coded(LOINC, "59284-0")],
    "patient": SUBJECT,
    "dateTime": "2024-05-06T09:00:00Z",
    "policy": [{"uri": "urn:text:v3"}],
    "provision": {"type": "permit"},
}


def with_(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A resource with other fields; None takes one away."""
    made = {**copy.deepcopy(resource), **changes}
    return {name: value for name, value in made.items() if value is not None}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def read(*resources: dict[str, Any]) -> tuple[ClinicalRecords, FieldTally]:
    return read_fhir([bundle(*resources)], "b.json")


def refusal(content: Any) -> BatchRefused:
    with pytest.raises(BatchRefused) as caught:
        read_fhir([content], "b.json")
    return caught.value


def leaves(node: Any) -> int:
    if isinstance(node, dict):
        return sum(map(leaves, node.values()))
    return sum(map(leaves, node)) if isinstance(node, list) else 1
