"""Pages for a browser: a search box, and what the base says of a variant. French first.

Server-rendered, without script, font or image from elsewhere; the same documents, gate, budget and
audit as `/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.pages.words import ATTRIBUTES, FLAGS, SENTENCES, WORDS
from cad.build.people import ALL, attributes_of

Language = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
HEADLINES: Final = ("founder=1", "all", "affected=0")
"""Figures for BA1 and BS1 rest on the first; the others stand beside (DESIGN 6)."""
_THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"


def as_language(text: str) -> Language:
    """The language of a page that was asked for in this one, French where it is none."""
    return next((one for one in LANGUAGES if one == text), LANGUAGES[0])


def render(name: str, language: Language, **values: Any) -> str:
    """A page as HTML text.

    Args:
        name: of the template.
        language: of the page.
        values: what the template shows.
    """
    template = _environment().get_template(f"{name}.html.jinja")
    other = next(one for one in LANGUAGES if one != language)
    return template.render(
        words=WORDS[language],
        language=language,
        other=other,
        number=lambda value: format_number(value, language),
        fraction=lambda value: format_fraction(value, language),
        day=lambda value: datetime.fromisoformat(value).strftime("%d/%m/%Y %H:%M"),
        attributes=ATTRIBUTES[language],
        flags=FLAGS[language],
        **values,
    )


def sentence(answer: Mapping[str, Any], language: Language) -> str:
    """What the base says of a variant, as a sentence: one of the five states (DESIGN 6)."""
    row = answer["frequencies"][0]
    state = "hidden" if row["ac"] is None or row["an"] is None else answer["state"]
    if state == "seen" and None in (row["n_het"], row["n_hom"], row["n_hemi"]):
        state = "forms_hidden"
    figures = {name: row[name] or 0 for name in ("ac", "an", "persons", "n_het", "n_hom", "n_hemi")}
    carriers = figures["n_het"] + figures["n_hom"] + figures["n_hemi"]
    shown = {
        name: format_number(value, language)
        for name, value in {**figures, "carriers": carriers}.items()
    }
    told = SENTENCES[language][state].format(**shown)
    return f"{told} {SENTENCES[language]['raw_only']}" if answer["raw_only"] else told


def headlines(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The figures that stand first, where the base has them."""
    by_name = {row["stratum"]: row for row in rows}
    return [by_name[name] for name in HEADLINES if name in by_name]


def grouped(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Strata by attribute, in their order; conjunctions under the attributes they join."""

    def attribute(row: Mapping[str, Any]) -> str:
        return ",".join(attributes_of(row["stratum"])) or ALL

    return [(name, list(part)) for name, part in groupby(rows, attribute)]


def format_number(value: int | None, language: Language) -> str:
    """A whole number as the language writes it; a dash where it is hidden.

    >>> format_number(1234567, "en"), format_number(None, "en")
    ('1,234,567', '–')
    """
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:,}"
    return text.replace(",", _THIN_SPACE) if language == "fr" else text


def format_fraction(value: float | None, language: Language) -> str:
    """A frequency with three digits that count; a dash where there is none.

    >>> format_fraction(0.000399361, "fr"), format_fraction(0.0, "en")
    ('0,000399', '0')
    """
    if value is None:
        return "\N{EN DASH}"
    text = f"{value:.3g}"
    return text.replace(".", ",") if language == "fr" else text


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
