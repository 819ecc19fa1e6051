"""HL7 FHIR R4, as JSON, to records: Patient, Condition, Observation, FamilyMemberHistory, Consent.

A document is a Bundle, or resources without one. The resources are checked with
`fhir.resources.R4B` (4.3.0), for there is no maintained model of R4 (4.0.1). R4B changed other
parts of FHIR: the resources for medication definition and for evidence, SubscriptionStatus and
-Topic, NutritionProduct, Citation, and the new types CodeableReference and RatioRange
(hl7.org/fhir/R4B/history.html). The structure of the five resources read here, and of Bundle, is
the same in both; what differs for them is

* `Extension.value[x]` may hold CodeableReference and RatioRange in R4B: such an extension is
  accepted though R4 has none; CAD keeps neither;
* FamilyMemberHistory.sex: the binding names the published value set of administrative gender, R4's
  first text named a build of it: the codes are the same;
* a reference to any resource may be to one of R4B's new ones, which CAD sets aside like R4's own.

Bindings are not checked by that model: the words CAD reads are checked here. Resources of other
types are set aside whole, unchecked, so that one that only R4 has does no harm.

A person is a Patient's id, or its identifier of the system ``urn:cad:person``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from loaders.clinical.fhir_consent import read_consent
from loaders.clinical.fhir_observation import read_observation
from loaders.clinical.fhir_parts import PERSON_SYSTEM, People, SetAsideError
from loaders.clinical.fhir_statements import read_condition, read_family_member, read_patient
from loaders.clinical.fields import Fields, Reading
from loaders.clinical.gather import gather
from loaders.identifying import find_identifying
from schemas.clinical_records import ClinicalRecords, PersonRecord
from schemas.clinical_values import FieldTally, add_tallies
from schemas.errors import BatchRefused

_READERS: Final[dict[str, Callable[[Fields, People, str], Iterator[Any]]]] = {
    "Condition": read_condition,
    "Observation": read_observation,
    "FamilyMemberHistory": read_family_member,
    "Consent": read_consent,
}
_FREE_TEXT: Final = frozenset(
    {"text", "div", "note", "description", "comment", "valueString", "onsetString", "ageString",
     "bornString", "deceasedString", "abatementString", "fhir_comments", "display", "title"}
)  # fmt: skip
_TIMES: Final = ("Date", "DateTime", "Period", "Instant", "Time")
_TIME_NAMES: Final = frozenset(
    {"date", "dateTime", "period", "issued", "lastUpdated", "timestamp", "start", "end",
     "birthDate"}
)  # fmt: skip


class Resource(NamedTuple):
    """A resource of a document: its content, its place, and its address in a Bundle."""

    content: Any
    place: str
    full_url: str | None = None


def read_fhir(contents: Sequence[Any], path: str) -> tuple[ClinicalRecords, FieldTally]:
    """The records of a document, and what became of every value.

    Args:
        contents: decoded: a Bundle, or resources that may refer to each other.
        path: of the document, for errors.

    Raises:
        BatchRefused: `identifying_data`, `document_malformed`.
    """
    tallies: list[FieldTally] = []
    resources: list[Resource] = []
    for at, content in enumerate(contents):
        place = f"/{at}" if len(contents) > 1 else ""
        for finding in find_identifying(content):
            where = f"{path}#{place}{finding.pointer}"
            raise BatchRefused("identifying_data", f"holds {finding.what}", where)
        if isinstance(content, dict) and content.get("resourceType") == "Bundle":
            shell, inside = _unpack(content, path, place)
            tallies.append(shell)
            resources += inside
        else:
            resources.append(Resource(content, place))
    people = _people(resources, path)
    records: list[Any] = []
    for resource in resources:
        found, tally = _read(resource, people, path)
        records += found
        tallies.append(tally)
    return gather(records), add_tallies(tallies)


def set_aside_as(place: str) -> str:
    """Why a value at a place of a resource is not kept.

    >>> set_aside_as("/Condition/note/*/text"), set_aside_as("/Condition/onsetDateTime")
    ('free_text', 'calendar_time')
    >>> set_aside_as("/Condition/category/*/coding/*/code")
    'field_not_kept'
    """
    steps = place.split("/")[1:]
    if _FREE_TEXT & set(steps):
        return "free_text"
    if any(step in _TIME_NAMES or step.endswith(_TIMES) for step in steps[1:]):
        return "calendar_time"
    return "field_not_kept"


def _unpack(content: dict[str, Any], path: str, at_place: str) -> tuple[FieldTally, list[Resource]]:
    """The tally of what a Bundle holds around its resources, and the resources."""
    resources = []
    shell = {**content}
    if isinstance(entries := content.get("entry"), list):
        shell["entry"] = []
        for at, entry in enumerate(entries):
            bare = entry
            if isinstance(entry, dict) and "resource" in entry:
                bare = {name: value for name, value in entry.items() if name != "resource"}
                place = f"{at_place}/entry/{at}/resource"
                resources.append(Resource(entry["resource"], place, entry.get("fullUrl")))
            shell["entry"].append(bare)
    _check("Bundle", shell, path, at_place)
    reading = Reading(shell, path, place=at_place, name="/Bundle")
    bundle = reading.root()
    for name in ("resourceType", "type"):
        bundle.text(name)
    for entry in bundle.each("entry"):
        entry.text("fullUrl")
    return reading.tally(set_aside_as), resources


def _people(resources: list[Resource], path: str) -> People:
    addresses: dict[str, str] = {}
    others = {}
    for one in resources:
        kind = one.content.get("resourceType") if isinstance(one.content, dict) else None
        if kind != "Patient":
            others[str(one.full_url)] = str(kind)
            continue
        person_id = _person_id(one, path)
        for address in (one.full_url, f"Patient/{one.content.get('id')}"):
            if address and addresses.setdefault(address, person_id) != person_id:
                detail = "two patients have one address"
                raise BatchRefused("document_malformed", detail, f"{path}#{one.place}")
    return People(addresses, others)


def _person_id(resource: Resource, path: str) -> str:
    """A Patient's identifier of CAD's system, or its id."""
    identifiers = resource.content.get("identifier")
    for one in identifiers if isinstance(identifiers, list) else ():
        if isinstance(one, dict) and one.get("system") == PERSON_SYSTEM and one.get("value"):
            return str(one["value"])
    found = resource.content.get("id")
    if not isinstance(found, str) or not found:
        where = f"{path}#{resource.place}"
        raise BatchRefused("document_malformed", "a Patient without an id", where)
    return found


def _read(resource: Resource, people: People, path: str) -> tuple[list[Any], FieldTally]:
    """The records of a resource and its tally; under one reason where nothing of it is kept."""
    content, place = resource.content, resource.place
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if not isinstance(kind, str) or not kind:
        raise BatchRefused("document_malformed", "expected a resource", f"{path}#{place}")

    def reading() -> Reading:
        return Reading(content, path, place=place, name=f"/{kind}")

    if kind != "Patient" and kind not in _READERS:
        return [], reading().tally(lambda _: "field_not_kept")
    _check(kind, content, path, place)
    begun = reading()
    fields = begun.root()
    fields.text("resourceType")
    try:
        if kind == "Patient":
            return [_patient(fields)], begun.tally(set_aside_as)
        return list(_READERS[kind](fields, people, place)), begun.tally(set_aside_as)
    except SetAsideError as error:
        reason = error.reason
        return [], reading().tally(lambda _: reason)


def _patient(fields: Fields) -> PersonRecord:
    ours = [one for one in fields.each("identifier") if one.peek("system") == PERSON_SYSTEM]
    if ours:
        ours[0].text("system")
        return read_patient(fields, ours[0].needed("value"))
    return read_patient(fields, fields.needed("id"))


def _check(kind: str, content: Any, path: str, place: str) -> None:
    """Refuse what breaks the form of a resource; the message names the field, never its value.

    Raises:
        BatchRefused: `document_malformed`.
    """
    try:
        _model(kind).model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        pointer = place + "".join(f"/{step}" for step in first["loc"])
        detail = f"does not follow FHIR R4's {kind}: {first['type']}"
        raise BatchRefused("document_malformed", detail, f"{path}#{pointer}") from None
    except (ValueError, TypeError, AttributeError) as error:
        # The model's own checks fail in their own ways on values of a wrong kind.
        detail = f"does not follow FHIR R4's {kind}"
        raise BatchRefused("document_malformed", detail, f"{path}#{place}") from error


@cache
def _model(kind: str) -> Any:
    # Importing the models takes a third of a second, which few commands need.
    return import_module("fhir.resources.R4B").get_fhir_model_class(kind)
