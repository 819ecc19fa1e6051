"""What a file's header says of its assembly, checked against the warehouse's."""

from __future__ import annotations

import re
from typing import Final

from loaders.header import Header, check_assembly
from schemas.contigs import ASSEMBLIES, Assembly
from schemas.errors import BadQuestion, BatchRefused

_CONTIG: Final = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+).*>")
_LENGTH: Final = re.compile(r"[<,]length=(\d+)[,>]")
_SAYS: Final = re.compile(
    r"##(?:reference|assembly|contig|genome.?build|\s*CADD)\b.*", re.IGNORECASE
)
_NAMES: Final[dict[Assembly, re.Pattern[str]]] = {
    "GRCh37": re.compile(r"GRCh37|hg19|b37|hs37", re.IGNORECASE),
    "GRCh38": re.compile(r"GRCh38|hg38", re.IGNORECASE),
}


def check_contigs(text: str, assembly: Assembly, name: str) -> None:
    """Refuse a file whose declared contig lengths are those of another assembly.

    Raises:
        BadQuestion: `assembly_mismatch`.
    """
    contigs: dict[str, int | None] = {}
    for line in text.splitlines():
        if match := _CONTIG.match(line):
            length = _LENGTH.search(line)
            contigs[match[1]] = int(length[1]) if length else None
    try:
        check_assembly(Header("", contigs, (), {}, 0, 0), assembly, name)
    except BatchRefused as refused:
        raise BadQuestion(refused.reason, refused.detail, refused.where) from None


def check_named_assembly(text: str, assembly: Assembly, name: str) -> None:
    """Refuse a file whose header names another assembly, and not the wanted one.

    Raises:
        BadQuestion: `assembly_mismatch`.
    """
    says = "\n".join(line for line in text.splitlines() if _SAYS.match(line))
    named = [one for one in ASSEMBLIES if _NAMES[one].search(says)]
    if named and assembly not in named:
        raise BadQuestion(
            "assembly_mismatch",
            f"the header names {named[0]}; the warehouse is of {assembly}",
            name,
        )
