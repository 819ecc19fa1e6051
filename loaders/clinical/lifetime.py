"""Times of a life, as phenopackets tell them: ages, ranges of ages, weeks of a pregnancy, terms."""

from __future__ import annotations

import re
from typing import Final, Literal

from loaders.clinical.fields import Fields
from schemas.clinical_values import AGE_BANDS, ONSET_BANDS, LifeTime

_NUMBER: Final = r"(\d+(?:[.,]\d+)?)"
_DURATION: Final = re.compile(
    rf"P(?=.)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_TERM: Final = re.compile(r"HP:\d{7}")
_YEARS: Final = (1, 1 / 12, 7 / 365.25, 1 / 365.25, 1 / 8_766, 1 / 525_960, 1 / 31_557_600)
"""Each part of a duration in years."""


def years(duration: str) -> float | None:
    """An ISO 8601 duration in years, None where it is none.

    >>> years("P1Y6M"), years("P1"), years("P0D")
    (1.5, None, 0.0)
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    parts = (float((part or "0").replace(",", ".")) for part in found.groups())
    return sum(part * unit for part, unit in zip(parts, _YEARS, strict=True))


def age_band(age: float) -> str:
    """The band of an age in years.

    >>> age_band(0), age_band(0.999), age_band(16), age_band(90)
    ('birth', 'infantile', 'young_adult', 'late')
    """
    if age == 0:
        return "birth"
    return next((name for name, end in AGE_BANDS if age < end), "late")


def time_of(told: str) -> LifeTime:
    """A time as a table tells it: a duration, an HPO term, or words that have no band.

    >>> time_of("P3Y").band, time_of("HP:0003577").band, time_of("childhood").kind
    ('childhood', 'birth', 'words')
    """
    age = years(told)
    if age is not None:
        return LifeTime("age", told, age_band(age))
    kind: Literal["term", "words"] = "term" if _TERM.fullmatch(told) else "words"
    return LifeTime(kind, told, ONSET_BANDS.get(told))


def read_time(fields: Fields | None) -> LifeTime | None:
    """A TimeElement; None where there is none, or only a date of a calendar, which is not kept.

    Raises:
        BatchRefused: `document_malformed`.
    """
    if fields is None:
        return None
    if (age := fields.inside("age")) is not None:
        told = age.needed("iso8601duration")
        return LifeTime("age", told, age_band(_checked(age, told)))
    if (span := fields.inside("ageRange")) is not None:
        return _range(span)
    if (weeks := fields.inside("gestationalAge")) is not None:
        told = f"P{weeks.number('weeks') or 0}W{weeks.number('days') or 0}D"
        return LifeTime("gestation", told, "antenatal")
    if (term := fields.inside("ontologyClass")) is not None:
        told = term.needed("id")
        band = ONSET_BANDS.get(told)
        if band is None:
            term.flagged("time_unplaced")
        return LifeTime("term", told, band, term.text("label"))
    return None


def _range(span: Fields) -> LifeTime:
    told = []
    for end in ("start", "end"):
        age = span.inside(end)
        if age is None:
            span.refuse(f"expected {end}")
        told.append(age.needed("iso8601duration"))
    first, last = (age_band(_checked(span, one)) for one in told)
    if first != last:
        span.flagged("time_unplaced")
    return LifeTime("age_range", "/".join(told), first if first == last else None)


def _checked(fields: Fields, told: str) -> float:
    age = years(told)
    if age is None:
        fields.refuse("iso8601duration: expected an ISO 8601 duration, as in P4Y6M")
    return age
