"""How a report cites an answer: one sentence in French and in English, and a stable address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

_PURPOSES_FR: Final = {"care": "soins", "research": "recherche", "industry": "industrie"}
_MONTHS_EN: Final = (
    "January February March April May June July August September October November December".split()
)
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "callable_not_seen": (
        "non observé parmi {an} allèles connus de {persons} personnes",
        "not seen among {an} known alleles of {persons} persons",
    ),
    "not_callable": (
        "position étudiée, mais sans aucun allèle connu",
        "the position was assayed, but no allele is known",
    ),
    "not_assayed": ("position non étudiée", "the position was not assayed"),
    "hidden": (
        "effectif trop faible pour être montré",
        "too few carriers to be shown",
    ),
}


def cite(answer: Mapping[str, Any], address: Callable[[str], str]) -> dict[str, str]:
    """The citation of an answer about a variant.

    Args:
        answer: a document of `cad.query.find_variant`.
        address: makes an address of the service out of a path.

    Returns:
        `fr` and `en`, a sentence each with counts, denominator, base or release and date, about
        `all` or the first stratum asked for; and `address`, which gives the same answer for as
        long as its base is the latest, or for ever where it is a release.
    """
    french, english = _finding(answer)
    when = datetime.fromisoformat(answer["built_at"])
    release, commit = answer["release"], answer["commit"]
    purpose, stratum = answer["purpose"], _row(answer)["stratum"]
    among = "" if stratum == "all" else f", {stratum}"
    source_fr = f"version {release}" if release else f"état {commit}"
    source_en = f"release {release}" if release else f"commit {commit}"
    state = {"release": release} if release else {"as_of": commit}
    query = urlencode({"purpose": purpose, **state})
    name = f"{answer['variant']} ({answer['assembly']})"
    return {
        "fr": f"{name} : {french} ; base nationale de variants, {_PURPOSES_FR[purpose]}{among}, "
        f"{source_fr} du {when:%d/%m/%Y}.",
        "en": f"{name}: {english}; national variant base, {purpose}{among}, "
        f"{source_en} of {when.day} {_MONTHS_EN[when.month - 1]} {when.year}.",
        "address": address(f"/v1/variants/{quote(answer['variant'])}?{query}"),
    }


def _row(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures that are cited: everybody's, or the first asked for."""
    rows: list[Mapping[str, Any]] = answer["frequencies"]
    return next((row for row in rows if row["stratum"] == "all"), rows[0])


def _state(answer: Mapping[str, Any]) -> str:
    """The state of the figures that are cited."""
    row = _row(answer)
    if row["ac"] is None or row["an"] is None:
        return "hidden"
    if row["ac"] > 0:
        return "seen"
    if row["an"]:
        return "callable_not_seen"
    return "not_callable" if answer["state"] == "not_callable" else "not_assayed"


def _finding(answer: Mapping[str, Any]) -> tuple[str, str]:
    row, state = _row(answer), _state(answer)
    if state != "seen":
        french, english = _STATES[state]
        an, persons = row["an"] or 0, row["persons"] or 0
        return (
            french.format(an=_french(an), persons=_french(persons)),
            english.format(an=f"{an:,}", persons=f"{persons:,}"),
        )
    ac, an, persons = row["ac"], row["an"], row["persons"]
    part = 0 if not an else ac / an
    return (
        f"{_french(ac)} allèle{'s' if ac > 1 else ''} sur {_french(an)} connus de "
        f"{_french(persons)} personnes (fréquence {part:.3g})".replace(".", ","),
        f"{ac:,} of {an:,} known alleles of {persons:,} persons (frequency {part:.3g})",
    )


def _french(number: int) -> str:
    """A number as French writes it, with narrow spaces that do not break."""
    return f"{number:,}".replace(",", "\u202f")
