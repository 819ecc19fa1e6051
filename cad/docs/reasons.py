"""The reasons page: every reason code, by what it does to the thing it is said of."""

from __future__ import annotations

from cad.docs.markdown import code, page, table
from schemas.reasons import REASONS, Kind

_SECTIONS = {
    Kind.REFUSAL: (
        "Refusals",
        "The whole batch or request is refused; the warehouse is untouched. The command ends with "
        "exit code 1.",
    ),
    Kind.DEFECT: (
        "Defects",
        "The data line is set aside. A file is refused (`too_many_defects`) when its defects "
        "exceed ten and a thousandth of its records, whichever is more.",
    ),
    Kind.OUT_OF_SCOPE: ("Out of scope", "The data line is set aside; no limit applies."),
    Kind.WARNING: ("Warnings", "The line or row is kept; the platform should look at it."),
}


def reasons_page() -> str:
    """The page."""
    introduction = (
        "What CAD says when it refuses, sets aside or warns. Codes are added, never renamed: "
        "programs may rely on them."
    )
    return page("Reasons", introduction, *map(_section, Kind))


def _section(kind: Kind) -> str:
    title, text = _SECTIONS[kind]
    rows = [
        (code(name), reason.en, reason.fr)
        for name, reason in sorted(REASONS.items())
        if reason.kind is kind
    ]
    return f"## {title}\n\n{text}\n\n{table(('code', 'English', 'français'), rows)}"
