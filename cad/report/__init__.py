"""The page of `cad validate --report`: what a validation found, for a platform to keep.

One HTML file that needs nothing else: no script, no font, no image from elsewhere. French comes
first, English second. It says places, reasons and sums, never a person's or a sample's id.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from cad.report.words import LANGUAGES, WORDS
from cad.validate import ValidationReport
from schemas.reasons import REASONS

PROBLEMS_SHOWN: Final = 200
"""A sheet that fits no file has a problem a row; the JSON document holds them all."""
_THOUSANDS: Final = {"fr": "\N{NARROW NO-BREAK SPACE}", "en": ","}


def render_report(report: ValidationReport, *, made_on: date | None = None) -> str:
    """The page as HTML text.

    Args:
        report: what `validate_batch` found.
        made_on: the day to print; the page has none where None.
    """
    return _template().render(
        report=report,
        made_on=made_on,
        languages=LANGUAGES,
        words=WORDS,
        reasons=REASONS,
        problems=report.problems[:PROBLEMS_SHOWN],
        hidden=max(0, len(report.problems) - PROBLEMS_SHOWN),
        number=format_count,
    )


def format_count(count: int, language: str) -> str:
    """A count with its thousands set apart as the language does.

    >>> format_count(1234567, "en")
    '1,234,567'
    """
    return f"{count:,}".replace(",", _THOUSANDS[language])


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("cad", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")
