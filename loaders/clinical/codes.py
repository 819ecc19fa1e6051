"""Code systems: which one a code is of, and one form for each, so that documents can be compared.

A code that does not have its system's form is kept as it is written. A code of any other system is
local, and keeps that system in its text: as ``system|code`` (FHIR's token) or as a CURIE.
National modifications of ICD-10 other than the French are local: their codes may mean other things.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LOCAL: Final = "local"


class SystemCode(NamedTuple):
    """A code and its system: HPO, ORPHA, ICD10, OMIM or local."""

    system: str
    code: str


_PREFIXES: Final = {
    "HP": "HPO",
    "HPO": "HPO",
    "ORPHA": "ORPHA",
    "ORPHANET": "ORPHA",
    "ORPHACODE": "ORPHA",
    "OMIM": "OMIM",
    "MIM": "OMIM",
    "ICD10": "ICD10",
    "ICD-10": "ICD10",
    "CIM10": "ICD10",
    "CIM-10": "ICD10",
}
"""System by the prefix of a CURIE, or by the name of an OMOP vocabulary, in upper case."""

_URIS: Final = (
    ("HPO", re.compile(r"human-phenotype-ontology|obolibrary\.org/obo/hp\b|113883\.6\.339$", re.I)),
    ("ORPHA", re.compile(r"orpha\.net|orphanet|orphadata", re.I)),
    ("OMIM", re.compile(r"\bomim\.org|113883\.6\.174$", re.I)),
    (
        "ICD10",
        re.compile(
            r"hl7\.org/fhir/sid/icd-10(-fr)?$|who\.int/icd/release/10|113883\.6\.3$|cim-?10", re.I
        ),
    ),
)
"""System by a URI; HL7's and the terminology publishers' own, and OIDs."""

_FORMS: Final = {
    "HPO": (re.compile(r"(?:HP[:_])?(\d{7})", re.I), "HP:{}"),
    "ORPHA": (re.compile(r"(?:ORPHA(?:NET|CODE)?[:_ ]?)?(\d{1,7})", re.I), "ORPHA:{}"),
    "OMIM": (re.compile(r"(?:O?MIM[:_ ]?)?[#*+%^]?(\d{6})", re.I), "OMIM:{}"),
    "ICD10": (
        re.compile(r"(?:(?:ICD|CIM)-?10[:_ ])?([A-Z]\d{2})(?:\.?([0-9A-Z+.\-]{1,5}))?[*†]?", re.I),
        "{}",
    ),
}


def canonical_code(system: str, code: str) -> str:
    """The one form of a code in its system.

    >>> canonical_code("HPO", "HP_0001250"), canonical_code("ORPHA", "558")
    ('HP:0001250', 'ORPHA:558')
    >>> canonical_code("ICD10", "g409"), canonical_code("OMIM", "#617140")
    ('G40.9', 'OMIM:617140')
    """
    pattern, form = _FORMS.get(system, (None, ""))
    found = pattern.fullmatch(code.strip()) if pattern is not None else None
    if found is None:
        return code.strip()
    if system == "ICD10":
        return ".".join(part.upper() for part in found.groups() if part)
    return form.format(found[1])


def of_curie(curie: str) -> SystemCode:
    """A code written with its prefix.

    >>> of_curie("HP:0001250"), of_curie("MONDO:0005148")
    (SystemCode(system='HPO', code='HP:0001250'), SystemCode(system='local', code='MONDO:0005148'))
    """
    prefix, colon, _ = curie.partition(":")
    system = _PREFIXES.get(prefix.upper()) if colon else None
    if system is None:
        return SystemCode(LOCAL, curie)
    return SystemCode(system, canonical_code(system, curie))


def of_coding(uri: str | None, code: str) -> SystemCode:
    """A code under the URI of its system.

    >>> of_coding("http://www.orpha.net", "558")
    SystemCode(system='ORPHA', code='ORPHA:558')
    >>> of_coding("http://loinc.org", "8302-2")
    SystemCode(system='local', code='http://loinc.org|8302-2')
    """
    if uri is None:
        return of_curie(code)
    for system, pattern in _URIS:
        if pattern.search(uri):
            return SystemCode(system, canonical_code(system, code))
    return SystemCode(LOCAL, f"{uri}|{code}")


def of_vocabulary(name: str, code: str) -> SystemCode:
    """A code under the name of its OMOP vocabulary.

    >>> of_vocabulary("ICD10", "G40.9"), of_vocabulary("SNOMED", "84757009")
    (SystemCode(system='ICD10', code='G40.9'), SystemCode(system='local', code='SNOMED:84757009'))
    """
    system = _PREFIXES.get(name.upper())
    if system is None:
        return SystemCode(LOCAL, f"{name}:{code}")
    return SystemCode(system, canonical_code(system, code))
