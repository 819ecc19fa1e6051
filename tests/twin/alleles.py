"""Alleles as written, and the key each becomes: split, trimmed, left-aligned (5.2).

The reference may hold whole contigs, short ones, or parts named ``22:16050001-16051000``; a
base it does not hold is unknown, and left-alignment goes only as far as bases are known.
"""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.twin.facts import LENGTHS, Key, plain_contig

UNSEEN = frozenset({".", "<NON_REF>", "<*>", "<X>"})  # 5.3: a record of these alone is a block
REF_LETTERS = frozenset("ACGTRYSWKMBDHVN")
ALT_LETTERS = frozenset("ACGTN")  # the VCF specification's, and what bcftools norm accepts
_PART = re.compile(r"(?P<name>.+):(?P<start>\d+)-(?P<end>\d+)$")


class Reference:
    """Known bases by contig and position, upper case."""

    def __init__(self, parts: Iterable[tuple[str, int, str]]) -> None:
        self.parts = [(plain_contig(name), start, seq.upper()) for name, start, seq in parts]

    def base(self, contig: str, pos: int) -> str | None:
        """Give the base at a 1-based position, None where the reference does not reach."""
        for name, start, seq in self.parts:
            if name == contig and start <= pos < start + len(seq):
                return seq[pos - start]
        return None

    def covers(self, contig: str, start: int, length: int) -> bool:
        """Tell whether each base of a span is held."""
        return all(self.base(contig, p) is not None for p in range(start, start + length))


def read_reference(path: Path) -> Reference:
    """Read a FASTA file, plain or compressed; the first word of a title names the record."""
    parts: list[tuple[str, int, list[str]]] = []
    opened = gzip.open(path, "rt") if path.suffix in (".gz", ".bgz") else path.open()
    with opened as lines:
        for line in lines:
            if line.startswith(">"):
                title = line[1:].split()[0]
                part = _PART.match(title)
                name, start = (part["name"], int(part["start"])) if part else (title, 1)
                parts.append((name, start, []))
            elif parts:
                parts[-1][2].append(line.strip())
    return Reference((name, start, "".join(seq)) for name, start, seq in parts)


@dataclass(frozen=True)
class Allele:
    """One ALT as written: what kind it is, and its key where it is a sequence.

    ``kind`` is sequence, star, unseen (``.``, ``<NON_REF>`` ...), symbolic, breakend or malformed.
    """

    text: str
    kind: str
    key: Key | None = None
    may_shift: bool = False
    """Whether it might lie further left, which the reference does not tell."""

    @property
    def is_counted(self) -> bool:
        """Belongs to the receipt's alleles: neither ``*`` nor one of the unseen (4)."""
        return self.kind not in ("star", "unseen")

    @property
    def is_set_aside(self) -> bool:
        """Is set aside on its own; genotypes that name it have a missing allele there (4)."""
        return self.kind in ("symbolic", "breakend", "malformed")

    @property
    def is_known(self) -> bool:
        """Counts as a known allele where a genotype names it (5.2: ``*`` does)."""
        return self.kind in ("sequence", "star")


def kind_of_alt(ref: str, alt: str) -> str:
    """Name the kind of an ALT written beside this REF, both in upper case."""
    if alt in UNSEEN:
        return "unseen"
    if alt == "*":
        return "star"
    if alt.startswith("<") and alt.endswith(">") and len(alt) > 2:
        return "symbolic"
    if any(c in alt for c in "[]") or (len(alt) > 1 and (alt[0] == "." or alt[-1] == ".")):
        return "breakend"
    if alt and set(alt) <= ALT_LETTERS and alt != ref:
        return "sequence"
    return "malformed"


def trim(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Cut the shared suffix, then the shared prefix, and keep one base of each (5.2).

    >>> trim(100, "CAC", "CTC")
    (101, 'A', 'T')
    >>> trim(100, "AAAA", "AAA")
    (100, 'AA', 'A')
    """
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, ref, alt


def left_align(
    reference: Reference, contig: str, pos: int, ref: str, alt: str
) -> tuple[int, str, str]:
    """Shift a trimmed allele to the left while its last bases agree and bases are known."""
    if not reference.covers(contig, pos, len(ref)):  # 5.2: where a reference covers them
        return pos, ref, alt
    while ref[-1] == alt[-1]:
        before = reference.base(contig, pos - 1)
        if before is None:
            break
        pos, ref, alt = pos - 1, before + ref[:-1], before + alt[:-1]
    return pos, ref, alt


def normalise(contig: str, pos: int, ref: str, alt: str, reference: Reference | None) -> Key:
    """Give the key of one sequence allele."""
    pos, ref, alt = trim(pos, ref, alt)
    if reference is not None:
        pos, ref, alt = left_align(reference, contig, pos, ref, alt)
    return Key(contig, pos, ref, alt)


def may_shift(reference: Reference | None, key: Key) -> bool:
    """Tell whether a key's last bases still agree, so that it may lie further left.

    It lies as far left as it can where the reference covers it and the contig begins there.
    """
    if key.ref[-1] != key.alt[-1]:
        return False
    covered = reference is not None and reference.covers(key.contig, key.pos, len(key.ref))
    return not (covered and key.pos == 1)


def disagrees(reference: Reference, contig: str, pos: int, ref: str) -> bool:
    """Tell whether REF differs from the reference at a base where both are ACGT (4)."""
    for offset, letter in enumerate(ref):
        known = reference.base(contig, pos + offset)
        if known is not None and letter in "ACGT" and known in "ACGT" and letter != known:
            return True
    return False


def read_alts(
    contig: str, pos: int, ref: str, alts: Iterable[str], reference: Reference | None
) -> tuple[Allele, ...]:
    """Read the ALTs of a line whose REF is already in upper case.

    No sequence gets a key when REF is not in the IUPAC letters, on a contig that is not counted or
    beyond its end; when REF disagrees with the reference the key is only trimmed.
    """
    usable = set(ref) <= REF_LETTERS and ref != "" and contig in LENGTHS["GRCh38"]
    agreeing = reference
    if usable and reference is not None and disagrees(reference, contig, pos, ref):
        agreeing = None
    found = []
    for alt in alts:
        text = alt if alt.startswith("<") else alt.upper()
        kind = kind_of_alt(ref, text)
        key = None
        if kind == "sequence" and usable:
            key = normalise(contig, pos, ref, text, agreeing)
        found.append(Allele(text, kind, key, key is not None and may_shift(agreeing, key)))
    return tuple(found)
