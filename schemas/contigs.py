"""Counted contigs, their lengths, and how many copies of them a person has.

Contigs are named without ``chr``: 1-22, X, Y, M. Lengths and pseudo-autosomal regions (PARs) are
those of the Genome Reference Consortium's GRCh37 and GRCh38; the mitochondrial sequence is rCRS
(NC_012920) in both. Coordinates are 1-based inclusive.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal, NamedTuple

Assembly = Literal["GRCh37", "GRCh38"]
ASSEMBLIES: Final[tuple[Assembly, ...]] = ("GRCh37", "GRCh38")
CONTIGS: Final[tuple[str, ...]] = (*(str(number) for number in range(1, 23)), "X", "Y", "M")
CONTIG_ORDER: Final[dict[str, int]] = {contig: index for index, contig in enumerate(CONTIGS)}

PAGE_SIZE: Final = 16_000
"""Positions in a page; a callable row never crosses a page, and depth starts anew in each."""
BIN_SIZE: Final = 10_000_000
"""Positions in a bin (625 pages): the unit in which a build reads and writes."""


class RegionClass(IntEnum):
    """How the ploidy of a stretch depends on the declared sex (DESIGN 5.5, 5.7)."""

    DIPLOID = 0
    X_SPECIFIC = 1
    Y_SPECIFIC = 2
    MITOCHONDRIAL = 3
    Y_PAR = 4


class Stretch(NamedTuple):
    """A run of positions of one region class."""

    start: int
    end: int
    region_class: RegionClass


_LENGTHS: Final[dict[Assembly, tuple[int, ...]]] = {
    "GRCh37": (
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022,
        141213431, 135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753,
        81195210, 78077248, 59128983, 63025520, 48129895, 51304566, 155270560, 59373566, 16569,
    ),
    "GRCh38": (
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636,
        138394717, 133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345,
        83257441, 80373285, 58617616, 64444167, 46709983, 50818468, 156040895, 57227415, 16569,
    ),
}  # fmt: skip
_PARS: Final[dict[Assembly, dict[str, tuple[tuple[int, int], tuple[int, int]]]]] = {
    "GRCh37": {
        "X": ((60001, 2699520), (154931044, 155260560)),
        "Y": ((10001, 2649520), (59034050, 59363566)),
    },
    "GRCh38": {
        "X": ((10001, 2781479), (155701383, 156030895)),
        "Y": ((10001, 2781479), (56887903, 57217415)),
    },
}


def contig_length(assembly: Assembly, contig: str) -> int:
    """Length of a counted contig in bases."""
    return _LENGTHS[assembly][CONTIG_ORDER[contig]]


def canonical_contig(name: str) -> str | None:
    """The counted contig a file's contig name means, or None where it is not counted.

    >>> canonical_contig("chr22"), canonical_contig("MT"), canonical_contig("GL000191.1")
    ('22', 'M', None)
    """
    bare = name[3:] if name[:3].lower() == "chr" else name
    bare = "M" if bare == "MT" else bare
    return bare if bare in CONTIG_ORDER else None


def vcf_contig(assembly: Assembly, contig: str) -> str:
    """The contig's name in the assembly's usual VCF files: ``chr22`` on GRCh38, ``22`` on GRCh37.

    >>> vcf_contig("GRCh38", "M"), vcf_contig("GRCh37", "M")
    ('chrM', 'MT')
    """
    if assembly == "GRCh38":
        return f"chr{contig}"
    return "MT" if contig == "M" else contig


def stretches(assembly: Assembly, contig: str) -> tuple[Stretch, ...]:
    """The contig cut into stretches of one region class, in order, without gaps."""
    length = contig_length(assembly, contig)
    if contig == "M":
        return (Stretch(1, length, RegionClass.MITOCHONDRIAL),)
    if contig not in _PARS[assembly]:
        return (Stretch(1, length, RegionClass.DIPLOID),)
    par, own = (
        (RegionClass.DIPLOID, RegionClass.X_SPECIFIC)
        if contig == "X"
        else (RegionClass.Y_PAR, RegionClass.Y_SPECIFIC)
    )
    cut: list[Stretch] = []
    position = 1
    for start, end in _PARS[assembly][contig]:
        cut += [Stretch(position, start - 1, own), Stretch(start, end, par)]
        position = end + 1
    return (*cut, Stretch(position, length, own))


def region_class(assembly: Assembly, contig: str, pos: int) -> RegionClass:
    """The region class of one position."""
    for stretch in stretches(assembly, contig):
        if pos <= stretch.end:
            return stretch.region_class
    return stretches(assembly, contig)[-1].region_class
