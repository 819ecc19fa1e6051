"""Names of VCF fields for strata: ours, or as gnomAD writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from cad.build.people import ALL
from schemas.errors import Conflict

Naming = Literal["cad", "gnomad"]

_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9_.-]")
_GNOMAD: Final = {"sex=XX": "XX", "sex=XY": "XY"}
"""What gnomAD v4 has a word for; its other groups (ancestries) have no counterpart here."""


def field_suffixes(strata: Iterable[str], naming: Naming = "cad") -> dict[str, str]:
    """What follows ``AC_``, ``AN_``, ... in the field names of each stratum; of `all` nothing does.

    With `gnomad` the sexes are written ``AC_XX``, ``AC_XY``, as in gnomAD v4. AC, AN, AF, nhomalt,
    faf95, AC_raw and AN_raw bear gnomAD's names either way; nhemi, which it does not publish, and
    strata of which it knows nothing keep ours.

    Raises:
        Conflict: `field_name_collision`, naming two strata that would get the same fields.

    >>> field_suffixes(["all", "sex=XX", "indication=rare disease,affected=1"])
    {'sex=XX': 'sex_XX', 'indication=rare disease,affected=1': 'indication_rare_disease_affected_1'}
    """
    suffixes: dict[str, str] = {}
    owner: dict[str, str] = {}
    for stratum in strata:
        if stratum == ALL:
            continue
        suffix = _FORBIDDEN.sub("_", stratum)
        if naming == "gnomad":
            suffix = _GNOMAD.get(stratum, suffix)
        if suffix in owner:
            raise Conflict(
                "field_name_collision",
                f"{owner[suffix]!r} and {stratum!r} would both be written AC_{suffix}",
            )
        owner[suffix] = stratum
        suffixes[stratum] = suffix
    return suffixes
