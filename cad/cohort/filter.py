"""What is asked of persons: terms on attributes, features, diseases, families and persons.

A filter is a conjunction of terms, each of which several values may meet:

====================== ======================================================================
``platform=AURAGEN``   an attribute has this value; ``sex=XX|XY`` has one of these
``cohort!=MULTIPLI``   it has none of these
``HP:0001250``         the feature, or a kind of it, was observed
``!HP:0001250``        it was not observed, whether anybody looked for it or not
``excluded=HP:...``    it, or what it is a kind of, was looked for and is not there
``ICD10:G40``          a code that begins so; ``ORPHA:``, ``OMIM:``, ``local:`` give whole codes
``family=F1``          a family that any sheet of the person names
``person=P1``          the person
====================== ======================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cad.build.people import ATTRIBUTES, PIPELINE, attributes_of
from schemas.errors import BadQuestion
from schemas.known import SEXES
from schemas.sheets import SYSTEMS

EXCLUDED: Final = "excluded"
FIELDS: Final = (*ATTRIBUTES, PIPELINE, *SYSTEMS, EXCLUDED, "family", "person")
"""What a term may be about."""
_OF_IDS: Final = ("family", "person")
_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": SEXES,
    "affected": ("0", "1", "unknown"),
    "founder": ("0", "1"),
}
"""The attributes whose values are known beforehand."""
_NAMED: Final = re.compile(r"(\w+)(!?=)(.+)", re.DOTALL)
_CODED: Final = re.compile(r"(!?)\s*(HP|ORPHA|Orphanet|ICD10|CIM10|OMIM|local):(.+)", re.DOTALL)
_SYSTEM_OF: Final = {"HP": "HPO", "Orphanet": "ORPHA", "CIM10": "ICD10"}
_HPO_ID: Final = re.compile(r"HP:\d{7}", re.ASCII)
_PREFIX: Final = re.compile(r"(?:HP|ORPHA|ORPHANET|ICD10|ICD-10|CIM10|OMIM|local):", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Term:
    """One thing asked: whether any of the values is the person's; `negated` asks for none.

    `field` is one of `FIELDS`; values of code systems are as `bare_code` gives them.
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False

    def __post_init__(self) -> None:
        _check(self)

    def __str__(self) -> str:
        if self.field in SYSTEMS:
            prefix = "" if self.field == "HPO" else f"{self.field}:"
            return ("!" if self.negated else "") + "|".join(prefix + one for one in self.values)
        return f"{self.field}{'!=' if self.negated else '='}{'|'.join(self.values)}"


@dataclass(frozen=True)
class Filter:
    """A conjunction of terms; without any it asks nothing, and everybody meets it."""

    terms: tuple[Term, ...] = ()

    def __and__(self, other: Filter) -> Filter:
        return Filter(tuple(dict.fromkeys((*self.terms, *other.terms))))

    def texts(self) -> list[str]:
        """The terms as `parse_filter` reads them."""
        return [str(term) for term in self.terms]

    def without_ids(self) -> Filter:
        """The terms that name neither a person nor a family, as a log may hold them."""
        return Filter(tuple(term for term in self.terms if term.field not in _OF_IDS))

    def to_json(self) -> list[dict[str, Any]]:
        """The terms as JSON."""
        return [
            {"field": term.field, "values": list(term.values), "negated": term.negated}
            for term in self.terms
        ]

    @classmethod
    def from_json(cls, terms: Iterable[Mapping[str, Any]]) -> Filter:
        """What `to_json` gave.

        Raises:
            BadQuestion: `filter_malformed`.
        """
        return cls(
            tuple(
                Term(str(term["field"]), tuple(map(str, term["values"])), bool(term["negated"]))
                for term in terms
            )
        )


def parse_filter(texts: Sequence[str]) -> Filter:
    """Read terms as people write them.

    Raises:
        BadQuestion: `filter_malformed`.

    >>> parse_filter(["HP:0001250", "platform=AURAGEN", "cohort!=MULTIPLI"]).texts()
    ['HP:0001250', 'platform=AURAGEN', 'cohort!=MULTIPLI']
    """
    return Filter(tuple(dict.fromkeys(_term(text.strip()) for text in texts)))


def stratum_filter(name: str) -> Filter:
    """The filter whose persons are those of a stratum.

    >>> stratum_filter("indication=x,affected=1").texts(), stratum_filter("all").texts()
    (['indication=x', 'affected=1'], [])
    """
    return Filter(tuple(Term(field, (value,)) for field, value in attributes_of(name).items()))


def bare_code(system: str, code: str) -> str:
    """A code as filters compare it: without its system's name, but for HPO, whose ids hold it.

    >>> bare_code("ORPHA", "ORPHA:558"), bare_code("ICD10", "g40.1"), bare_code("HPO", "HP:0000001")
    ('558', 'G40.1', 'HP:0000001')
    """
    if system == "HPO":
        return code.upper()
    bare = _PREFIX.sub("", code, count=1)
    return bare.upper() if system == "ICD10" else bare


def _term(text: str) -> Term:
    coded = _CODED.fullmatch(text)
    if coded is not None:
        system = _SYSTEM_OF.get(coded[2], coded[2])
        codes = f"{coded[2]}:{coded[3]}".split("|")
        return Term(
            system, tuple(bare_code(system, code.strip()) for code in codes), bool(coded[1])
        )
    named = _NAMED.fullmatch(text)
    if named is None:
        raise _malformed("expected name=value, name!=value, or a code such as HP:0001250", None)
    if named[1] not in FIELDS or named[1] in SYSTEMS:
        names = ", ".join(name for name in FIELDS if name not in SYSTEMS)
        raise _malformed(f"expected one of {names} before =", named[1])
    return Term(named[1], tuple(one.strip() for one in named[3].split("|")), named[2] == "!=")


def _check(term: Term) -> None:
    if term.field not in FIELDS or not term.values or "" in term.values:
        raise _malformed("expected one or several values of something known", term.field)
    known = _VALUES.get(term.field)
    if known is not None and not set(term.values) <= set(known):
        raise _malformed(f"expected {' or '.join(known)}", term.field)
    if term.field in ("HPO", EXCLUDED):
        if not all(_HPO_ID.fullmatch(value) for value in term.values):
            raise _malformed("expected ids of HPO, as in HP:0001250", term.field)


def _malformed(detail: str, where: str | None) -> BadQuestion:
    # The text itself may name a person.
    return BadQuestion("filter_malformed", detail, where)
