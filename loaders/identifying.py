"""Direct identifiers in what a platform sends: names, birth dates, national numbers, addresses.

CAD knows persons by pseudonyms alone, so a document or a table that names somebody is refused
(DESIGN 4). What is looked for:

* fields that hold a name, a full date of birth or a national number by their own name, in any JSON
  document;
* FHIR persons (Patient, RelatedPerson, Person, Practitioner): `name`, `birthDate`, `telecom`,
  `address.line`, and identifiers of a national kind; a HumanName whose use is `anonymous` names
  nobody, a birth year alone is no birth date;
* in any text: a French social security number (NIR) with its right key, and phrases that introduce
  a name or a birth date.

A search of text cannot be complete; findings say where and what kind, never the value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

NAME: Final = "a name"
BIRTH_DATE: Final = "a full date of birth"
NATIONAL_NUMBER: Final = "a national number"
CONTACT: Final = "contact details"


class Finding(NamedTuple):
    """A direct identifier: its JSON pointer (RFC 6901) in the document and what kind it is."""

    pointer: str
    what: str


_NAME_KEYS: Final = frozenset(
    "lastname firstname middlename surname givenname familyname fullname maidenname birthname "
    "patientname subjectname personname nom prenom prenoms nomdefamille nomdenaissance "
    "nomnaissance nomusage nomdusage nompatient nomjeunefille".split()
)  # fmt: skip
_BIRTH_KEYS: Final = frozenset(
    "birthdate dateofbirth dob birthday birthtime birthdatetime borndate bornperiod "
    "datenaissance datedenaissance ddn nele neele".split()
)  # fmt: skip
_BIRTH_PART_KEYS: Final = frozenset(
    "monthofbirth dayofbirth birthmonth moisnaissance moisdenaissance journaissance "
    "jourdenaissance".split()
)  # fmt: skip
"""Fields of a month or a day of birth alone, as OMOP's person table has them."""
_NUMBER_KEYS: Final = frozenset(
    "nir numerosecu numerosecuritesociale numerodesecuritesociale socialsecuritynumber ssn "
    "matriculeins nationalid nationalnumber nationalidentifier passportnumber".split()
)  # fmt: skip
_HUMAN_NAME: Final = frozenset(
    {"use", "text", "family", "given", "prefix", "suffix", "period", "id", "extension"}
)
"""The fields of a FHIR HumanName."""
_FHIR_PERSONS: Final = frozenset(
    {"Patient", "RelatedPerson", "Person", "Practitioner", "FamilyMemberHistory"}
)
_PERSON_REFERENCE: Final = re.compile(r"(?:.*/)?(?:Patient|RelatedPerson|Person|Practitioner)/.+")
"""A FHIR reference to a person; its display is their name."""
_MONTH_OF_YEAR: Final = re.compile(r"(?:18|19|20)\d\d-(?:0[1-9]|1[0-2])")
_NATIONAL_SYSTEMS: Final = re.compile(
    # French national health identity (INS-NIR, INS-NIA and their test twins), and others.
    r"1\.2\.250\.1\.213\.1\.4\.(8|9|10|11)$|us-ssn|nhs-number|passport",
    re.IGNORECASE,
)
_NATIONAL_TYPES: Final = frozenset({"NI", "SS", "PPN", "DL", "INS-NIR", "INS-NIA"})
"""Identifier types of HL7 table 0203 and its French supplement that a state gives to a person."""

_MONTH: Final = (
    r"(?:jan|feb|fev|mar|apr|avr|may|mai|jun|juin|jul|juil|aug|aou|sep|oct|nov|dec)[a-z]{0,6}\.?"
)
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_FULL_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:18|19|20)\d\d([-/. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    rf"|{_DAY}([-/. ])(?:0?[1-9]|1[0-2])\2(?:18|19|20)?\d\d"
    rf"|{_DAY}(?:er|st|nd|rd|th)? {_MONTH},? (?:18|19|20)\d\d"
    rf"|(?<![a-z]){_MONTH} {_DAY}(?:st|nd|rd|th)?,? (?:18|19|20)\d\d)(?!\d)"
)
"""A day in ISO or European order, or with its month as a word, in what `_plain` gives."""
_BIRTH_PHRASE: Final = re.compile(
    r"\b(?:ne(?:\(e\)|e)?s? (?:le|a|en)\b|born (?:on|in|the)\b|born[:,]? (?=\d)|"
    r"birth ?da(?:te|y)\b|date of birth|d\.?o\.?b\b|date de naissance|"
    r"naissance ?(?:[:=]|le\b|(?=\d))|d\.?d\.?n\b)"
)
_BIRTH_REACH: Final = 30
"""A date that ends within so many characters after the phrase is taken for the birth's."""
_NAME_PHRASE: Final = re.compile(
    r"\b(?:[Nn]om(?: de (?:naissance|famille|jeune fille)| d'usage| usuel| du patient)?|NOM|"
    r"[Pp]r[ée]noms?|PR[EÉ]NOM|[Pp]atient(?:'s)? name|[Ff]amily name|[Ff]irst name|[Ll]ast name|"
    r"[Ss]urname|[Gg]iven name|[Mm]aiden name)"
    r"\s*[:=]\s*[^\W\d_]{2,}"
    r"|\b(?:Mme|Mlle|Mrs|Monsieur|Madame|Mademoiselle)\.?\s+[^\W\d_a-z][^\W\d_]+"
    r"|\b(?:M|Mr)\.\s+[^\W\d_a-z][^\W\d_]+"
)
_NIR: Final = re.compile(
    r"(?<![0-9A-Za-z])[1-478]([ .-]?)\d{2}\1(?:0[1-9]|1[0-2]|2\d|3\d|4[0-2]|[5-9]\d)\1"
    r"(?:\d{2}|2[ABab])\1?\d{3}\1?\d{3}[ .-]?\d{2}(?![0-9A-Za-z])"
)
"""Sex, year, month (beyond 12 where it is not known), department, commune, order, key."""
_SNOMED_LONG: Final = re.compile(r"\d{5}1000\d{3}1\d\d")
"""A SNOMED CT identifier of an extension; one of 97 such numbers of 15 digits has a right key."""
_SHORT: Final = 80
"""Texts of so many characters are remembered."""
_CORSICA: Final = {"2A": "19", "2B": "18"}
"""What replaces the two departments with a letter when the key is reckoned."""


def find_in_text(text: str) -> str | None:
    """What kind of direct identifier a text holds, or None.

    >>> find_in_text("vue en consultation, née le 3 mars 1985")
    'a full date of birth'
    >>> find_in_text("Global developmental delay since birth") is None
    True
    """
    text = unicodedata.normalize("NFKC", text)
    if any(_is_nir(match.group()) for match in _NIR.finditer(text)):
        return NATIONAL_NUMBER
    plain = _plain(text)
    for phrase in _BIRTH_PHRASE.finditer(plain):
        if _FULL_DATE.search(plain, phrase.end(), phrase.end() + _BIRTH_REACH):
            return BIRTH_DATE
    return NAME if _NAME_PHRASE.search(text) else None


def find_identifying(document: Any) -> list[Finding]:
    """Direct identifiers in a decoded JSON document, in its order; one finding per place."""
    found: list[Finding] = []
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        pointer, node = waiting.pop()
        children: list[tuple[str, Any]] = []
        if isinstance(node, dict):
            named = list(_of_object(pointer, node))
            found += named
            told = {finding.pointer for finding in named}
            for key, value in node.items():
                place = f"{pointer}/{_token(key)}"
                if _is_telling_key(key):
                    found.append(Finding(pointer, "an identifier as a field's name"))
                elif place not in told:
                    children.append((place, value))
        elif isinstance(node, list):
            children = [(f"{pointer}/{index}", value) for index, value in enumerate(node)]
        elif isinstance(node, str | int | float) and (what := _find_in_value(str(node))):
            found.append(Finding(pointer, what))
        waiting += reversed(children)
    return found


def _of_object(pointer: str, node: dict[str, Any]) -> Iterator[Finding]:
    """Findings that rest on an object's field names."""
    person = node.get("resourceType") in _FHIR_PERSONS
    for key, value in node.items():
        what = _of_field(_letters(key), value)
        if what is None and person:
            what = _of_person(key, value)
        if what is not None:
            yield Finding(f"{pointer}/{_token(key)}", what)
    if _has_text(node.get("given")) and _has_text(node.get("family")) and _names_somebody(node):
        yield Finding(pointer, NAME)
    elif _is_national(node):
        yield Finding(pointer, NATIONAL_NUMBER)
    elif _has_text(node.get("display")) and _PERSON_REFERENCE.fullmatch(str(node.get("reference"))):
        yield Finding(f"{pointer}/display", NAME)
    elif "birth" in str(node.get("url", "")).lower() and any(
        key.startswith("value") and _is_full_date(value) for key, value in node.items()
    ):
        yield Finding(pointer, BIRTH_DATE)


def _find_in_value(text: str) -> str | None:
    """`find_in_text`; codes and their labels, which documents repeat, are searched once."""
    return _find_in_short(text) if len(text) <= _SHORT else find_in_text(text)


@lru_cache(maxsize=1 << 16)
def _find_in_short(text: str) -> str | None:
    return find_in_text(text)


@lru_cache(maxsize=4096)
def _is_telling_key(key: str) -> bool:
    """Whether a field's name itself identifies; a document repeats a few names often."""
    return find_in_text(key) is not None


@lru_cache(maxsize=4096)
def _letters(key: str) -> str:
    """The letters of a field's name, in lower case."""
    return re.sub(r"[^a-z]", "", _plain(key))


def _of_field(key: str, value: Any) -> str | None:
    """What a field of any document gives away; `key` holds its letters only, in lower case."""
    if key in _NAME_KEYS and _has_text(value):
        return NAME
    if key in _BIRTH_KEYS and (_is_full_date(value) or _is_month(value)):
        return BIRTH_DATE
    if key in _BIRTH_PART_KEYS and _has_text(value):
        return BIRTH_DATE
    if key in _NUMBER_KEYS and _has_text(value):
        return NATIONAL_NUMBER
    if key == "name" and any(
        part.keys() <= _HUMAN_NAME and _names_somebody(part) for part in _objects(value)
    ):
        return NAME
    return None


def _of_person(key: str, value: Any) -> str | None:
    """What a field of a FHIR person gives away beyond that."""
    if key == "name" and isinstance(value, str) and value.strip():
        return NAME
    if key in ("telecom", "photo") and _has_text(value):
        return CONTACT
    if key == "address" and any(_has_text(part.get("line")) for part in _objects(value)):
        return CONTACT
    return None


def _names_somebody(human_name: dict[str, Any]) -> bool:
    if human_name.get("use") == "anonymous":
        return False
    return any(_has_text(human_name.get(part)) for part in ("text", "family", "given"))


def _is_national(identifier: dict[str, Any]) -> bool:
    """Whether a FHIR Identifier carries a value of a national numbering."""
    if not _has_text(identifier.get("value")):
        return False
    if _NATIONAL_SYSTEMS.search(str(identifier.get("system", ""))):
        return True
    codings = [
        coding
        for kind in _objects(identifier.get("type"))
        for coding in _objects(kind.get("coding"))
    ]
    return any(coding.get("code") in _NATIONAL_TYPES for coding in codings)


def _is_nir(text: str) -> bool:
    """Whether 13 characters are followed by their key: 97 minus their remainder by 97."""
    bare = re.sub(r"[ .-]", "", text).upper()
    if _SNOMED_LONG.fullmatch(bare):
        return False
    body = bare[:5] + _CORSICA.get(bare[5:7], bare[5:7]) + bare[7:13]
    return 97 - int(body) % 97 == int(bare[13:])


def _is_full_date(value: Any) -> bool:
    if isinstance(value, dict):
        return "seconds" in value or any(_is_full_date(part) for part in value.values())
    if isinstance(value, list):
        return any(_is_full_date(part) for part in value)
    return isinstance(value, str | int) and _FULL_DATE.search(_plain(str(value))) is not None


def _is_month(value: Any) -> bool:
    """Whether a value is a month of a year, or a period of which one end is."""
    if isinstance(value, dict):
        return any(_is_month(part) for part in value.values())
    return isinstance(value, str) and _MONTH_OF_YEAR.fullmatch(value.strip()) is not None


def _has_text(value: Any) -> bool:
    """Whether a value holds a text or a number anywhere; truth values and nothing do not count."""
    if isinstance(value, dict):
        return any(
            _has_text(part) for key, part in value.items() if key not in ("use", "extension")
        )
    if isinstance(value, list):
        return any(_has_text(part) for part in value)
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int | float) and not isinstance(value, bool)


def _objects(value: Any) -> list[dict[str, Any]]:
    """The object itself, or the objects of a list of them."""
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, dict)]


def _plain(text: str) -> str:
    """Lower case, accents dropped."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
