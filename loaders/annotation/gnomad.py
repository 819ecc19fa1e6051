"""gnomAD's sites, of any version: figures over all and by group, as written."""

from __future__ import annotations

from typing import Any, Final

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.vcf import SiteRows, read_site_table
from schemas.annotations import GNOMAD_GROUPS

_OLDER: Final = {"remaining": "oth", "XX": "female", "XY": "male"}
"""What groups are called before version 4, and sexes before version 3."""
_FILTER: Final = 6


def _names(figure: str, group: str = "") -> tuple[str, ...]:
    """A figure's keys: of exomes or genomes alone, then of both jointly, then in older files."""
    if not group:
        return figure, f"{figure}_joint", f"{figure}_adj"
    older = (f"{figure}_{_OLDER[group]}",) if group in _OLDER else ()
    return f"{figure}_{group}", f"{figure}_joint_{group}", *older


def _keys() -> dict[str, tuple[str, ...]]:
    keys = {figure.lower(): _names(figure) for figure in ("AC", "AN", "AF", "nhomalt")}
    keys |= {"faf95": _names("faf95"), "faf99": _names("faf99")}
    keys["grpmax"] = ("grpmax", "grpmax_joint", "popmax")
    for figure in ("AC", "AN", "AF", "nhomalt"):
        of_popmax = f"{figure}_grpmax", f"{figure}_grpmax_joint", f"{figure}_popmax"
        keys[f"{figure.lower()}_grpmax"] = of_popmax
    keys["faf95_max"] = "fafmax_faf95_max", "fafmax_faf95_max_joint"
    keys["faf95_max_group"] = "fafmax_faf95_max_gen_anc", "fafmax_faf95_max_gen_anc_joint"
    for group in GNOMAD_GROUPS:
        for figure in ("AC", "AN", "AF", "nhomalt", "faf95", "faf99"):
            keys[f"{figure.lower()}_{group}"] = _names(figure, group)
    return keys


KEYS: Final = _keys()
"""By column, the INFO keys of gnomAD's versions 2 to 4."""


def read_gnomad(job: SourceJob) -> Rows:
    """Rows of `annotation_gnomad`; raises what `loaders.annotation.vcf.read_site_table` does."""
    return read_site_table(job, "annotation_gnomad", KEYS, _more)


def _more(rows: SiteRows, _columns: dict[str, Any]) -> dict[str, Any]:
    return {"filter": rows.info.column(_FILTER, rows.line)}
