"""Public facts and settings the twin rests on: contig lengths, PARs, ploidy, thresholds.

Written down here a second time on purpose: the twin shares nothing with what it checks.
Positions are 1-based and inclusive.
"""

from dataclasses import dataclass
from typing import NamedTuple

_NAMES = (*(str(n) for n in range(1, 23)), "X", "Y", "M")
_LENGTHS_37 = """249250621 243199373 198022430 191154276 180915260 171115067 159138663 146364022
141213431 135534747 135006516 133851895 115169878 107349540 102531392 90354753 81195210 78077248
59128983 63025520 48129895 51304566 155270560 59373566 16569"""
_LENGTHS_38 = """248956422 242193529 198295559 190214555 181538259 170805979 159345973 145138636
138394717 133797422 135086622 133275309 114364328 107043718 101991189 90338345 83257441 80373285
58617616 64444167 46709983 50818468 156040895 57227415 16569"""
LENGTHS = {
    "GRCh37": dict(zip(_NAMES, map(int, _LENGTHS_37.split()), strict=True)),
    "GRCh38": dict(zip(_NAMES, map(int, _LENGTHS_38.split()), strict=True)),
}
PARS = {
    "GRCh37": {
        "X": ((60001, 2699520), (154931044, 155260560)),
        "Y": ((10001, 2649520), (59034050, 59363566)),
    },
    "GRCh38": {
        "X": ((10001, 2781479), (155701383, 156030895)),
        "Y": ((10001, 2781479), (56887903, 57217415)),
    },
}


class Key(NamedTuple):
    """A variant: trimmed, left-aligned where the reference allows, without ``chr`` (5.2).

    >>> str(Key("22", 16050075, "A", "G"))
    '22-16050075-A-G'
    """

    contig: str
    pos: int
    ref: str
    alt: str

    def __str__(self) -> str:
        return f"{self.contig}-{self.pos}-{self.ref}-{self.alt}"


@dataclass(frozen=True)
class Thresholds:
    """What a passing genotype needs (5.4) and the bands of heteroplasmy (5.7)."""

    min_quality: float = 20
    min_depth: int = 10
    min_depth_haploid: int = 5
    min_balance: float = 0.2
    min_depth_mito: int = 100
    heteroplasmic: float = 0.10
    homoplasmic: float = 0.95


class TwinRefusal(Exception):  # noqa: N818 - named for what happens to the batch
    """A file or batch the contract refuses as a whole; ``reason`` says why."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


def plain_contig(name: str) -> str:
    """Drop ``chr`` and write M for MT; a contig that is not counted keeps its plain name (4)."""
    bare = name.removeprefix("chr")
    return "M" if bare == "MT" else bare


def in_par(assembly: str, contig: str, pos: int) -> bool:
    """Tell whether a position of X or Y lies in a pseudo-autosomal region."""
    return any(a <= pos <= b for a, b in PARS[assembly].get(contig, ()))


def ploidy_at(assembly: str, sex: str, contig: str, pos: int) -> int:
    """Give the number of alleles a person of that declared sex counts with there (5.5, 5.7)."""
    if contig == "M":
        return 1
    if contig not in ("X", "Y"):
        return 2
    if in_par(assembly, contig, pos):
        return 2 if contig == "X" else 0  # 5.5: the PARs are counted on X
    return {("XX", "X"): 2, ("XY", "X"): 1, ("XY", "Y"): 1}.get((sex, contig), 0)
