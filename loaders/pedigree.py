"""Pedigree files (PED, as plink and GATK write them): who belongs to whom, of which sex, affected.

Six columns, separated by tabs or spaces: family, individual, father, mother, sex (1 male, 2
female), phenotype (2 affected, 1 unaffected). Further columns are not read; lines that start with
``#`` are comments.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.errors import BadQuestion
from schemas.sheets import NO_PARENT

_SEX: Final = {"1": "XY", "2": "XX"}
_AFFECTED: Final = {"1": "0", "2": "1"}
_COLUMNS: Final = 6


@dataclass(frozen=True)
class Relative:
    """One individual of a pedigree, in the words of samples.tsv."""

    family_id: str | None
    father_id: str | None
    mother_id: str | None
    sex: str
    affected: str


def read_pedigree(path: Path) -> dict[str, Relative]:
    """Individuals of a PED file by their id.

    Raises:
        BadQuestion: `pedigree_malformed` with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestion("pedigree_malformed", "cannot be read as UTF-8", path.name) from error
    return parse_pedigree(text, path.name)


def parse_pedigree(text: str, name: str) -> dict[str, Relative]:
    """Individuals of the text of a PED file by their id.

    Raises:
        BadQuestion: `pedigree_malformed` with the line.
    """
    found: dict[str, Relative] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{name}, line {number}"
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) < _COLUMNS:
            detail = f"{len(cells)} columns; {_COLUMNS} are expected"
            raise BadQuestion("pedigree_malformed", detail, where)
        family, individual, father, mother, sex, phenotype = (
            cell.strip() for cell in cells[:_COLUMNS]
        )
        if individual in found or not individual:
            detail = "an individual without an id, or with that of a line before"
            raise BadQuestion("pedigree_malformed", detail, where)
        if individual in (father, mother):
            raise BadQuestion("pedigree_malformed", "an individual is its own parent", where)
        found[individual] = Relative(
            _named(family),
            _named(father),
            _named(mother),
            _SEX.get(sex, "unknown"),
            _AFFECTED.get(phenotype, "unknown"),
        )
    return found


def _named(cell: str) -> str | None:
    return None if not cell or cell in NO_PARENT else cell
