"""Values that every clinical document is made of: codes, times of a life, what became of fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

AGE_BANDS: Final[tuple[tuple[str, float], ...]] = (
    ("neonatal", 28 / 365.25),
    ("infantile", 1),
    ("childhood", 5),
    ("juvenile", 16),
    ("young_adult", 40),
    ("middle_age", 60),
)
"""Bands of age after birth, with the age in years at which each ends; `late` follows.

They are those of HPO's terms of onset (HP:0003674), so that an age and a term give one band.
"""
ONSET_BANDS: Final[dict[str, str]] = {
    "HP:0030674": "antenatal",
    "HP:0011460": "antenatal",
    "HP:0011461": "antenatal",
    "HP:0034199": "antenatal",
    "HP:0034198": "antenatal",
    "HP:0034197": "antenatal",
    "HP:0003577": "birth",
    "HP:0003623": "neonatal",
    "HP:0003593": "infantile",
    "HP:0011463": "childhood",
    "HP:0003621": "juvenile",
    "HP:0410280": "pediatric",
    "HP:0011462": "young_adult",
    "HP:0025708": "young_adult",
    "HP:0025709": "young_adult",
    "HP:0025710": "young_adult",
    "HP:0003596": "middle_age",
    "HP:0003584": "late",
    "HP:0003581": "adult",
}
"""Band of each HPO term of onset; pediatric and adult span several."""
_BIRTH_BAND: Final = 5


class Code(NamedTuple):
    """A term of an ontology or code system, as written."""

    code: str
    label: str | None


@dataclass(frozen=True)
class LifeTime:
    """A time of a life.

    Attributes:
        kind: an ISO 8601 age, a range of ages (``P1Y/P3Y``), the age of a pregnancy in weeks and
            days (``P20W3D``), a term, or words.
        told: the time as told.
        band: of `AGE_BANDS` or `ONSET_BANDS`; None where the time spans several or is unknown.
        label: of a term.
    """

    kind: Literal["age", "age_range", "gestation", "term", "words"]
    told: str
    band: str | None
    label: str | None = None


@dataclass(frozen=True)
class FieldTally:
    """What became of a document's values; `kept` and `set_aside` add up to all of them.

    Attributes:
        kept: values that were kept, or that told how to read others.
        set_aside: by reason, the fields set aside and the number of their values.
        flags: by reason, how many values are kept but not understood.
    """

    kept: int
    set_aside: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    flags: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All values."""
        return self.kept + sum(sum(places.values()) for places in self.set_aside.values())


def add_tallies(tallies: Iterable[FieldTally]) -> FieldTally:
    """The tally of several documents, or parts of one, together.

    >>> one = FieldTally(2, {"free_text": {"/note": 1}})
    >>> add_tallies([one, one])
    FieldTally(kept=4, set_aside={'free_text': {'/note': 2}}, flags={})
    """
    kept = 0
    set_aside: dict[str, Counter[str]] = {}
    flags: Counter[str] = Counter()
    for tally in tallies:
        kept += tally.kept
        flags.update(tally.flags)
        for reason, places in tally.set_aside.items():
            set_aside.setdefault(reason, Counter()).update(places)
    return FieldTally(
        kept,
        {reason: dict(sorted(places.items())) for reason, places in sorted(set_aside.items())},
        dict(sorted(flags.items())),
    )


def birth_band(year: int) -> str:
    """The five years of birth that a year lies in; the year itself is not kept.

    >>> birth_band(1980), birth_band(1984), birth_band(2003)
    ('1980-1984', '1980-1984', '2000-2004')
    """
    first = year - year % _BIRTH_BAND
    return f"{first}-{first + _BIRTH_BAND - 1}"
