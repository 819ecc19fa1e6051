"""What FHIR's resources have in common: coded concepts, ages, days, and whom they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from loaders.clinical.codes import of_coding
from loaders.clinical.fields import Fields
from loaders.clinical.lifetime import age_band, years
from schemas.clinical_records import Detail
from schemas.clinical_values import LifeTime

PERSON_SYSTEM: Final = "urn:cad:person"
"""System of an identifier that holds a person's pseudonym, where Patient.id cannot."""
_PATIENT: Final = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9.-]{1,64})(?:/_history/.*)?")
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*)?")
_UNITS: Final = {"a": "Y", "mo": "M", "wk": "W", "d": "D"}
"""Parts of an ISO 8601 duration by UCUM unit."""
SEXES: Final[dict[str, str | None]] = {
    "male": "XY",
    "female": "XX",
    "other": "other",
    "unknown": None,
}
"""Sex by administrative gender."""


class SetAsideError(Exception):
    """A resource of which nothing is kept, with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Coding(NamedTuple):
    """A coding of a concept: CAD's system and code, its label, and the code as written."""

    system: str
    code: str
    label: str | None
    written: str


def take_codings(fields: Fields | None) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept that have a code; its text is not kept."""
    return tuple(_codings(fields)) if fields is not None else ()


def _codings(concept: Fields) -> Iterator[Coding]:
    for one in concept.each("coding"):
        if not one.peek("code"):
            continue
        written = one.needed("code")
        system, code = of_coding(one.text("system"), written)
        yield Coding(system, code, one.text("display"), written)


def take_coding(fields: Fields | None) -> Coding | None:
    """The first coding of a concept that has a code; any others stay, and are set aside."""
    return next(_codings(fields), None) if fields is not None else None


def has_coding(concept: Any) -> bool:
    """Whether a CodeableConcept, decoded, holds a code; looking takes nothing."""
    return isinstance(concept, dict) and any(one.get("code") for one in concept.get("coding", ()))


def take_details(name: str, fields: Fields | None) -> tuple[Detail, ...]:
    """The codings of a concept as details of a feature."""
    return tuple(Detail(name, one.code, one.label) for one in take_codings(fields))


def code_of(fields: Fields, name: str) -> str | None:
    """The code of a concept whose codes are of a value set of FHIR's own."""
    coding = take_coding(fields.inside(name))
    return coding.written if coding is not None else None


def kind_of(system: str, of_local: Literal["feature", "disease"]) -> Literal["feature", "disease"]:
    """What codes of a system name: HPO features, the catalogues of diseases diseases."""
    if system == "HPO":
        return "feature"
    return of_local if system == "local" else "disease"


def take_day(fields: Fields, name: str) -> date | None:
    """The day of a date or dateTime; one without its day stays, and is set aside."""
    found = _DAY.fullmatch(str(fields.peek(name) or ""))
    if found is None:
        return None
    fields.text(name)
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        fields.refuse(f"{name}: a day that is not in the calendar")


def take_onset(fields: Fields) -> LifeTime | None:
    """Onset as an age or a range of ages; a date of the calendar, a text and others stay."""
    age = fields.inside("onsetAge")
    if age is not None and (told := _duration(age)) is not None:
        return LifeTime("age", told, _band(told))
    span = fields.inside("onsetRange")
    low, high = (span.inside("low"), span.inside("high")) if span is not None else (None, None)
    if low is None or high is None or not (_is_age(low) and _is_age(high)):
        return None
    told_low, told_high = _duration(low), _duration(high)
    if told_low is None or told_high is None:
        raise AssertionError("an age is no duration")
    first, last = _band(told_low), _band(told_high)
    if first != last:
        fields.flagged("time_unplaced")
    return LifeTime("age_range", f"{told_low}/{told_high}", first if first == last else None)


def _is_age(quantity: Fields) -> bool:
    value = quantity.peek("value")
    return (
        (quantity.peek("code") or quantity.peek("unit")) in _UNITS
        and isinstance(value, int | float)
        and value >= 0
        and "comparator" not in quantity
    )


def _duration(quantity: Fields) -> str | None:
    """A quantity of years, months, weeks or days as an ISO 8601 duration; others stay."""
    if not _is_age(quantity):
        return None
    value = quantity.decimal("value")
    quantity.text("system")
    code, unit = quantity.text("code"), quantity.text("unit")
    return f"P{value:.10g}{_UNITS[code or unit or '']}"


def _band(duration: str) -> str | None:
    age = years(duration)
    return None if age is None else age_band(age)


class People:
    """Whom a reference means.

    Args:
        addresses: person by each address of a Patient of the document.
        others: type of its other resources by address.
    """

    def __init__(self, addresses: Mapping[str, str], others: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._others = others

    def take(self, fields: Fields, name: str) -> str:
        """The person a reference is to.

        Raises:
            SetAsideError: the reference is missing, or to something that is no patient.
            BatchRefused: `document_malformed`, where it leads nowhere.
        """
        inside = fields.inside(name)
        found = self.resolve(inside) if inside is not None else None
        if inside is not None and found is None:
            address = str(inside.peek("reference") or "")
            if address.startswith(("urn:", "#")) and address not in self._others:
                inside.refuse("a reference to nothing in the document")
        if found is None:
            raise SetAsideError("field_not_kept")
        return found

    def kind(self, reference: Fields) -> str:
        """The type of the resource that a Reference is to, where it is told."""
        address = str(reference.peek("reference") or "")
        return self._others.get(address) or address.rpartition("/")[0].rpartition("/")[2]

    def resolve(self, reference: Fields) -> str | None:
        """The person a Reference is to; one to no patient stays, and gives None."""
        identifier = reference.inside("identifier")
        if identifier is not None and identifier.peek("system") == PERSON_SYSTEM:
            identifier.text("system")
            return identifier.needed("value")
        address = str(reference.peek("reference") or "")
        found = _PATIENT.fullmatch(address)
        logical = f"Patient/{found[1]}" if found is not None else address
        person_id = self._addresses.get(address) or self._addresses.get(logical)
        if person_id is None and found is not None:
            person_id = found[1]
        if person_id is not None:
            reference.text("reference")
        return person_id
