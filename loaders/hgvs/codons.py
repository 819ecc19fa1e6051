"""The genetic codes: NCBI's table 1, and table 2 for the vertebrate mitochondrion."""

from __future__ import annotations

from typing import Final

_STANDARD: Final = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
_MITOCHONDRIAL: Final = "FFLLSSSSYY**CCWWLLLLPPPPHHQQRRRRIIMMTTTTNNKKSS**VVVVAAAADDEEGGGG"
_CODONS: Final = tuple(a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG")
_TABLES: Final = {
    False: dict(zip(_CODONS, _STANDARD, strict=True)),
    True: dict(zip(_CODONS, _MITOCHONDRIAL, strict=True)),
}
_COMPLEMENT: Final = str.maketrans("ACGTNRYSWKMBDHV", "TGCANYRSWMKVHDB")

THREE_LETTERS: Final[dict[str, str]] = {
    **{"A": "Ala", "C": "Cys", "D": "Asp", "E": "Glu", "F": "Phe", "G": "Gly", "H": "His"},
    **{"I": "Ile", "K": "Lys", "L": "Leu", "M": "Met", "N": "Asn", "P": "Pro", "Q": "Gln"},
    **{"R": "Arg", "S": "Ser", "T": "Thr", "V": "Val", "W": "Trp", "Y": "Tyr", "*": "Ter"},
    **{"U": "Sec", "X": "Xaa"},
}
"""Amino acids as HGVS writes them; X stands for one that is not known."""


def translate(bases: str, contig: str) -> str:
    """Amino acids of whole codons, ``*`` for a stop, X where a base is not known.

    >>> translate("ATGTGAA", "1"), translate("ATGTGAA", "M")
    ('M*', 'MW')
    """
    table = _TABLES[contig == "M"]
    if len(bases) == 3:
        return table.get(bases, "X")
    return "".join([table.get(bases[at : at + 3], "X") for at in range(0, len(bases) - 2, 3)])


def reverse_complement(bases: str) -> str:
    """The bases of the other strand.

    >>> reverse_complement("ACCG")
    'CGGT'
    """
    return bases.translate(_COMPLEMENT)[::-1]
