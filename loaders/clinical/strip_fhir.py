"""FHIR without what identifies: of five resources what CAD reads stays, ids become pseudonyms.

The hospital knows birth dates, CAD must not: what follows from one is told before it goes. A date
of onset becomes an age, and the consent of a minor gets the quarter in which the minor comes of
age.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from loaders.clinical.fhir_consent import OF_AGE
from loaders.clinical.fhir_statements import PATIENT_RECORD
from loaders.clinical.keyed import Keyed, Leaf, Shape, count_values, plain, shaped
from loaders.clinical.strip_patients import Patients, resources_of

_KIND: Final = "fhir"
MAJORITY: Final = 18
UCUM: Final = "http://unitsofmeasure.org"
_IN_MONTHS: Final = 36
"""Ages below these months are told in months."""
_DATE: Final = re.compile(r"((?:18|19|20)\d\d)(?:-(\d\d)(?:-(\d\d))?)?(?:T.*)?")
_CODING: Final[Shape] = {"system": plain, "version": plain, "code": plain, "display": plain}
_CONCEPT: Final[Shape] = {"coding": _CODING}
_QUANTITY: Final[Shape] = {
    "value": plain, "comparator": plain, "unit": plain, "system": plain, "code": plain,
}  # fmt: skip
_RANGE: Final[Shape] = {"low": _QUANTITY, "high": _QUANTITY}
_ANSWER: Final[Shape] = {
    "code": _CONCEPT,
    "valueQuantity": _QUANTITY,
    "valueInteger": plain,
    "valueBoolean": plain,
    "valueCodeableConcept": _CONCEPT,
    "dataAbsentReason": _CONCEPT,
    "interpretation": _CONCEPT,
}
_NEEDED: Final = {
    "Condition": "code", "Observation": "code", "FamilyMemberHistory": "relationship",
    "Consent": "scope",
}  # fmt: skip
"""The concept that a resource says nothing without."""
_ANY_CONSENT: Final = {"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}
"""What stands for a category in words, which FHIR wants: a consent document."""


def strip_fhir(contents: Sequence[Any], patients: Patients, keyed: Keyed) -> dict[str, Any]:
    """Bundles or resources as one Bundle, of which only what CAD reads is left.

    Args:
        contents: decoded documents.
        patients: of all documents of the hospital.
        keyed: gives pseudonyms and counts what is stripped.
    """
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": []}
    if len(contents) == 1 and contents[0].get("resourceType") == "Bundle" and contents[0].get("id"):
        bundle["id"] = keyed.other("document", str(contents[0]["id"]))
    for content in contents:
        _strip_shell(content, keyed)
        for _, resource in resources_of(content):
            left = _strip(resource, patients, keyed)
            if left is not None:
                bundle["entry"].append({"resource": left})
    return bundle


def _strip_shell(content: dict[str, Any], keyed: Keyed) -> None:
    """Count what a Bundle holds around its resources, which goes."""
    if content.get("resourceType") != "Bundle":
        return
    shell: Shape = {"resourceType": plain, "type": plain, "id": plain, "entry": {"resource": dict}}
    shaped(content, shell, keyed, _KIND, "/Bundle")


def _strip(resource: dict[str, Any], patients: Patients, keyed: Keyed) -> dict[str, Any] | None:
    """What may stay of a resource; None where it is of no kind that CAD reads, or says nothing."""
    kind = str(resource.get("resourceType"))
    shape = _shape(kind, patients)
    if shape is None:
        keyed.strip(_KIND, f"/{kind}", count_values(resource))
        return None
    made: dict[str, Any] = shaped(resource, shape, keyed, _KIND, f"/{kind}") or {}
    if kind == "Patient":
        _tell_patient(made, resource, patients)
    elif kind == "Consent":
        _tell_majority(made, resource, patients)
        made.setdefault("category", [_ANY_CONSENT])
    elif kind == "Condition":
        _tell_onset(made, resource, patients)
    for name in ("component", "condition"):
        if name in made:
            made[name] = [part for part in made[name] if "code" in part]
    if kind in _NEEDED and _NEEDED[kind] not in made:
        keyed.strip(_KIND, f"/{kind}", count_values(made))
        return None
    return made


def _shape(kind: str, patients: Patients) -> Shape | None:
    whose: Shape = {"reference": patients.pseudonym}
    every: Shape = {"resourceType": plain, "status": plain}
    match kind:
        case "Patient":
            return {"resourceType": plain, "gender": plain, "deceasedBoolean": plain}
        case "Condition":
            concepts = "clinicalStatus verificationStatus category severity code bodySite".split()
            return dict.fromkeys(concepts, _CONCEPT) | {
                "resourceType": plain,
                "subject": whose,
                "onsetAge": _QUANTITY,
                "onsetRange": _RANGE,
                "recordedDate": _day,
                "stage": {"summary": _CONCEPT},
            }
        case "Observation":
            return {
                **every, **_ANSWER, "category": _CONCEPT, "subject": whose, "focus": whose,
                "effectiveDateTime": _day, "effectiveInstant": plain, "component": _ANSWER,
            }  # fmt: skip
        case "FamilyMemberHistory":
            return {
                **every, "patient": whose, "relationship": _CONCEPT, "sex": _CONCEPT,
                "deceasedBoolean": plain, "deceasedAge": _QUANTITY,
                "extension": lambda node: _relative(node, patients),
                "condition": {"code": _CONCEPT, "onsetAge": _QUANTITY, "onsetRange": _RANGE},
            }  # fmt: skip
        case "Consent":
            return {
                **every, "scope": _CONCEPT, "category": _CONCEPT, "patient": whose,
                "dateTime": _day, "performer": whose, "policy": {"uri": plain},
                "policyRule": _CONCEPT, "provision": _provision(whose), "extension": _of_age,
            }  # fmt: skip
    return None


def _provision(whose: Shape) -> Shape:
    period: Shape = {"start": _day, "end": _day}
    shape: dict[str, Shape | Leaf] = {
        "type": plain,
        "period": period,
        "purpose": _CODING,
        "class": _CODING,
        "securityLabel": _CODING,
        "code": _CONCEPT,
        "action": _CONCEPT,
        "actor": {"role": _CONCEPT, "reference": whose},
        "data": {"meaning": plain, "reference": whose},
        "dataPeriod": period,
    }
    shape["provision"] = shape
    return shape


def _relative(node: Any, patients: Patients) -> Any:
    """The extension that names a relative's own Patient; any other goes."""
    reference = node.get("valueReference") if isinstance(node, dict) else None
    if not isinstance(reference, dict) or not str(node.get("url")).endswith(PATIENT_RECORD):
        return None
    written = {"reference": patients.pseudonym(reference.get("reference"))}
    return {"url": node["url"], "valueReference": written}


def _of_age(node: Any) -> Any:
    return node if isinstance(node, dict) and node.get("url") == OF_AGE else None


def _day(value: Any) -> Any:
    """A time without its hours."""
    return plain(value)[:10] if isinstance(value, str) and plain(value) else None


def _tell_patient(made: dict[str, Any], patient: dict[str, Any], patients: Patients) -> None:
    made["id"] = patients.own(patient)
    found = _DATE.fullmatch(str(patient.get("birthDate") or ""))
    if found is not None:
        made["birthDate"] = found[1]
    if patient.get("deceasedDateTime"):
        made["deceasedBoolean"] = True


def _tell_majority(made: dict[str, Any], consent: dict[str, Any], patients: Patients) -> None:
    """The quarter in which the person comes of age, where they had not when it was decided."""
    born = _DATE.fullmatch(patients.birth(consent.get("patient")))
    decided = str(consent.get("dateTime") or "")
    if born is None or born[2] is None or "extension" in made:
        return
    adult = f"{int(born[1]) + MAJORITY}-{born[2]}-{born[3] or '01'}"
    if decided[: len(adult)] < adult:
        quarter = f"{adult[:4]}-Q{(int(born[2]) + 2) // 3}"
        made["extension"] = [{"url": OF_AGE, "valueString": quarter}]


def _tell_onset(made: dict[str, Any], condition: dict[str, Any], patients: Patients) -> None:
    """The age at which a condition began, out of two dates that are not kept."""
    if "onsetAge" in made or "onsetRange" in made:
        return
    ends = (patients.birth(condition.get("subject")), str(condition.get("onsetDateTime") or ""))
    born, began = (_DATE.fullmatch(one) for one in ends)
    if born is None or began is None:
        return
    months = _months(began) - _months(born)
    if (began[3] or "00") < (born[3] or "00"):
        months -= 1
    exact = born[2] is not None and began[2] is not None
    value, unit = (months, "mo") if exact and months < _IN_MONTHS else (months // 12, "a")
    # A year alone tells an age to the year, give or take one; it is only told where it is exact.
    if exact and value >= 0:
        made["onsetAge"] = {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _months(found: re.Match[str]) -> int:
    return int(found[1]) * 12 + int(found[2] or 1)
