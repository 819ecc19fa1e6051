"""HGVS names as people write them, taken apart; `loaders.hgvs.locate` says where they lie."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

_NAME: Final = re.compile(
    r"(?P<accession>[^:\s()]+)(?:\((?P<gene>[^()]+)\))?:(?P<kind>[cgmnp])\.(?P<rest>\S+)"
)
_PLACE: Final = r"[-*]?\d+(?:[+-]\d+)?"
_EDIT: Final = re.compile(
    rf"(?P<first>{_PLACE})(?:_(?P<last>{_PLACE}))?"
    r"(?:(?P<ref>[ACGTUN]+)>(?P<alt>[ACGTUN]+)"
    r"|(?P<edit>delins|del|dup|ins|inv)(?P<bases>[ACGTUN]*)"
    r"|del(?P<gone>[ACGTUN]+)ins(?P<come>[ACGTUN]+)"
    r"|(?P<unit>[ACGTUN]+)\[(?P<times>\d+)\])"
)
_POSITION: Final = re.compile(r"(?P<mark>[-*]?)(?P<base>\d+)(?P<offset>[+-]\d+)?")

Kind = Literal["c", "g", "m", "n", "p"]


class HgvsName(NamedTuple):
    """A name: what it is of, in which numbering, and what changes.

    `gene` is what stands in parentheses behind the accession.
    """

    accession: str
    gene: str | None
    kind: str
    change: str


class HgvsPosition(NamedTuple):
    """A position: ``-`` before the start codon, ``*`` behind the stop; `offset` into an intron."""

    mark: str
    base: int
    offset: int


class HgvsEdit(NamedTuple):
    """What changes where.

    `kind` is ``>``, ``del``, ``dup``, ``ins``, ``delins``, ``inv`` or ``repeat``. `ref` are bases
    that are told to be there, of a repeat its unit; `alt` what comes, of a repeat empty.
    """

    first: HgvsPosition
    last: HgvsPosition
    kind: str
    ref: str = ""
    alt: str = ""
    times: int = 0


def parse_name(text: str) -> HgvsName | None:
    """Take a name apart; None where it is no HGVS name.

    >>> parse_name("NM_000059.4(BRCA2):c.68-7T>A")
    HgvsName(accession='NM_000059.4', gene='BRCA2', kind='c', change='68-7T>A')
    >>> parse_name("22-16050075-A-G") is None
    True
    """
    match = _NAME.fullmatch(text.strip())
    if match is None:
        return None
    change = match["rest"]
    if change.startswith("(") and change.endswith(")"):
        change = change[1:-1]
    return HgvsName(match["accession"], match["gene"], match["kind"], change)


def parse_edit(text: str) -> HgvsEdit | None:
    """Take what changes in DNA apart; None where it is nothing that is understood.

    >>> parse_edit("76_78del").kind, parse_edit("76A>G").alt, parse_edit("4CAG[3]").times
    ('del', 'G', 3)
    """
    match = _EDIT.fullmatch(text)
    if match is None:
        return None
    first = _position(match["first"])
    last = _position(match["last"]) if match["last"] else first
    if match["ref"]:
        return HgvsEdit(first, last, ">", match["ref"], match["alt"])
    if match["gone"]:
        return HgvsEdit(first, last, "delins", match["gone"], match["come"])
    if match["unit"]:
        return HgvsEdit(first, last, "repeat", match["unit"], "", int(match["times"]))
    kind, bases = match["edit"], match["bases"]
    if kind in ("ins", "delins"):
        return HgvsEdit(first, last, kind, "", bases) if bases else None
    return HgvsEdit(first, last, kind, bases)


def _position(text: str) -> HgvsPosition:
    match = _POSITION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return HgvsPosition(match["mark"], int(match["base"]), int(match["offset"] or 0))
