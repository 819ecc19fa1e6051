"""The INFO fields that annotating writes, and the header lines that tell of them and the base."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Final, NamedTuple

from cad.query.base import Base, Stratum
from cad.warehouse import Warehouse


class InfoField(NamedTuple):
    """A field with one value for each alternate: its name, VCF type and meaning.

    `origin` names source and version, where it is not the base.
    """

    name: str
    kind: str
    text: str
    origin: tuple[str, str] | None = None

    @property
    def line(self) -> str:
        """The header line, without its end."""
        about = f'ID={self.name},Number=A,Type={self.kind},Description="{_quoted(self.text)}"'
        if self.origin is not None:
            about += f',Source="{self.origin[0]}",Version="{self.origin[1]}"'
        return f"##INFO=<{about}>"


FIELDS: Final = (
    InfoField("CAD_AC", "Integer", "Alleles carried, passing; on M persons that carry it"),
    InfoField("CAD_AN", "Integer", "Known passing alleles at the variant's position"),
    InfoField("CAD_AF", "Float", "CAD_AC / CAD_AN; on M CAD_NHOMALT / CAD_AN"),
    InfoField("CAD_NHOMALT", "Integer", "Homozygous persons, passing; on M homoplasmic"),
    InfoField("CAD_NHEMI", "Integer", "Hemizygous persons, passing"),
    InfoField("CAD_FAF95", "Float", "Lower bound of CAD_AF at 95 % confidence (Whiffin 2017)"),
    InfoField("CAD_PERSONS", "Integer", "Persons with a known passing allele at the position"),
    InfoField(
        "CAD_STATE", "String", "seen, callable_not_seen, not_callable, not_assayed or, by a"
        " release, hidden; missing where the allele is none that is counted: symbolic, *, another"
        " contig, REF not the reference's",
    ),
)  # fmt: skip
NAMES: Final = tuple(field.name for field in FIELDS)

_OURS: Final = re.compile(rf"##(?:INFO=<ID=(?:{'|'.join(NAMES)}),|cad_annotation=)")
_OF_SOURCE: Final = re.compile(r'##INFO=<ID=(CAD_\w+),.*,Source="CAD [^"]*",Version="[^"]*">')


def figure_line(
    warehouse: Warehouse, base: Base, stratum: Stratum, *, is_without_family: bool
) -> str:
    """The line that tells of the base whose figures a file gains, without its end."""
    # One line, so that a file that is annotated anew keeps no trace of an older base.
    about = {
        "Source": f"CAD {version('cad-warehouse')}",
        "Warehouse": warehouse.warehouse_id,
        "Assembly": warehouse.assembly,
        "Purpose": base.purpose,
        "Stratum": stratum.name,
        "Release": base.release or "none",
        "Commit": str(base.commit_no),
        "BuiltAt": base.built_at.isoformat(),
        "Persons": str(base.persons),
        "OwnFamily": "left out" if is_without_family else "counted",
        "LeftAligned": "yes" if warehouse.has_reference else "no reference, trimmed only",
    }
    pairs = (f'{key}="{_quoted(value)}"' for key, value in about.items())
    return f"##cad_annotation=<ID=CAD,{','.join(pairs)}>"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def with_lines(header: str, lines: list[str]) -> tuple[str, tuple[str, ...]]:
    """A header with more lines before ``#CHROM``, and the fields it had of an earlier run."""
    *meta, columns = header.splitlines(keepends=True)
    kept, stale = [], []
    for line in meta:
        own = _OF_SOURCE.match(line)
        if own:
            stale.append(own[1])
        elif _OURS.match(line):
            stale += NAMES
        else:
            kept.append(line)
    end = "\r\n" if columns.endswith("\r\n") else "\n"
    added = [line + end for line in lines]
    return "".join([*kept, *added, columns]), tuple(dict.fromkeys(stale))
