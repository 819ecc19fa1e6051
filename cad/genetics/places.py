"""Which contigs analyses look at, and how their variants are sorted."""

from __future__ import annotations

from typing import Final

from schemas.contigs import CONTIGS

AUTOSOMES: Final = CONTIGS[:22]
WITH_X: Final = (*AUTOSOMES, "X")


def by_variant(*more: str) -> tuple[str, ...]:
    """The order of rows by variant, and by more columns after it."""
    return ("contig", "pos", "ref", "alt", *more)
