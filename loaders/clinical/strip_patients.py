"""The patients of a hospital's FHIR documents: whom a reference means, and when they were born."""

from __future__ import annotations

import re
from typing import Any, Final

from loaders.clinical.keyed import Keyed
from schemas.errors import BatchRefused

_LOCAL: Final = re.compile(r"(?:.*/)?(Patient/[A-Za-z0-9.-]{1,64})(?:/_history/.*)?")


def resources_of(content: Any) -> list[tuple[str, dict[str, Any]]]:
    """The resources of a Bundle with their addresses, or the resource itself."""
    if content.get("resourceType") != "Bundle":
        return [("", content)]
    entries = content.get("entry")
    return [
        (str(one.get("fullUrl") or ""), one["resource"])
        for one in (entries if isinstance(entries, list) else ())
        if isinstance(one, dict) and isinstance(one.get("resource"), dict)
    ]


class Patients:
    """Pseudonyms and birth dates of patients by each of their addresses.

    Args:
        keyed: gives pseudonyms.
        person_system: of the identifier that holds the person's id, where Patient.id does not.
    """

    def __init__(self, keyed: Keyed, person_system: str) -> None:
        self._keyed = keyed
        self._system = person_system
        self._ids: dict[str, str] = {}
        self._births: dict[str, str] = {}
        self._kinds: dict[str, str] = {}

    def learn(self, content: Any, path: str) -> None:
        """Take note of the patients of a document.

        Raises:
            BatchRefused: `document_malformed`, for one without an id or two at one address.
        """
        for address, one in resources_of(content):
            if one.get("resourceType") != "Patient":
                self._kinds[address] = str(one.get("resourceType"))
                continue
            person_id = self._person_id(one)
            if not person_id:
                raise BatchRefused("document_malformed", "a Patient without an id", path)
            for name in (address, f"Patient/{one.get('id')}"):
                if name and self._ids.setdefault(name, person_id) != person_id:
                    raise BatchRefused("document_malformed", "two patients have one address", path)
                self._births[name] = self._births.get(name) or str(one.get("birthDate") or "")

    def birth(self, reference: Any) -> str:
        """The birth date of the patient of a Reference, as written."""
        written = reference.get("reference") if isinstance(reference, dict) else None
        return self._births.get(_local(str(written)), "")

    def pseudonym(self, written: Any) -> str | None:
        """What the text of a reference becomes; one to nothing in the documents goes."""
        address = _local(str(written))
        if address in self._ids or address.startswith("Patient/"):
            known = self._ids.get(address, address.removeprefix("Patient/"))
            return f"Patient/{self._keyed.person(known)}"
        kind = self._kinds.get(address) or address.partition("/")[0]
        if not re.fullmatch(r"[A-Z][A-Za-z]+", kind):
            return None
        return f"{kind}/{self._keyed.other('reference', address)}"

    def own(self, patient: dict[str, Any]) -> str:
        """The pseudonym of a Patient."""
        return self._keyed.person(self._person_id(patient))

    def _person_id(self, patient: dict[str, Any]) -> str:
        """As a reader finds it: the identifier of the persons' system, or the id."""
        identifiers = patient.get("identifier")
        for one in identifiers if isinstance(identifiers, list) else ():
            if isinstance(one, dict) and one.get("system") == self._system and one.get("value"):
                return str(one["value"])
        return str(patient.get("id") or "")


def _local(address: str) -> str:
    """An address without its server and version where it is a patient's."""
    found = _LOCAL.fullmatch(address)
    return found[1] if found is not None else address
