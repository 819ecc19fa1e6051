"""Simulated people as VCF files: one file for many, or one each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pysam
from numpy.typing import NDArray

from benchmarks.population import Alleles, Site

CONTIG: Final = "chr20"
LENGTH: Final = 64_444_167
"""Length of chr20 in GRCh38."""

_FIELDS: Final = {
    "GT": "Number=1,Type=String",
    "AD": "Number=R,Type=Integer",
    "DP": "Number=1,Type=Integer",
    "GQ": "Number=1,Type=Integer",
    "PL": "Number=G,Type=Integer",
}
_DEPTH: Final = 35


def header(names: Sequence[str], fields: Sequence[str] = ("GT",)) -> bytes:
    """The header of a VCF with these sample columns and FORMAT fields."""
    lines = [
        "##fileformat=VCFv4.2",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        f"##contig=<ID={CONTIG},length={LENGTH}>",
        *(f'##FORMAT=<ID={name},{_FIELDS[name]},Description="{name}">' for name in fields),
        "\t".join(("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()) + [*names]),
    ]
    return ("\n".join(lines) + "\n").encode()


def write_joint(
    path: Path, names: Sequence[str], blocks: Iterable[tuple[list[Site], Alleles]]
) -> None:
    """Write one bgzipped VCF of all, phased genotypes alone, as 1000 Genomes' phase 3 has them."""
    with _bgzipped(path) as file:
        file.write(header(names))
        for sites, alleles in blocks:
            file.write(b"".join(map(_joint_line, sites, _genotype_text(alleles))))


def _joint_line(site: Site, genotypes: NDArray[np.uint8]) -> bytes:
    fixed = f"{CONTIG}\t{site.pos}\t.\t{site.ref}\t{','.join(site.alts)}\t.\tPASS\t.\tGT\t"
    return fixed.encode() + genotypes.tobytes()[:-1] + b"\n"


def _genotype_text(alleles: Alleles) -> NDArray[np.uint8]:
    """``0|1`` and a tab for each person, one row per site."""
    rows, haplotypes = alleles.shape
    text = np.empty((rows, haplotypes // 2, 4), np.uint8)
    digits = np.where(alleles < 0, ord("."), alleles + ord("0")).astype(np.uint8)
    text[:, :, 0], text[:, :, 2] = digits[:, ::2], digits[:, 1::2]
    text[:, :, 1], text[:, :, 3] = ord("|"), ord("\t")
    return text.reshape(rows, -1)


def _bgzipped(path: Path) -> pysam.BGZFile:
    return pysam.BGZFile(str(path), "wb", None)


def write_single(
    path: Path, name: str, sites: Sequence[Site], pairs: Alleles, random: np.random.Generator
) -> int:
    """Write one person's bgzipped and indexed VCF, as a caller does: only what differs.

    Args:
        path: the file.
        name: its sample column.
        sites: all sites.
        pairs: the person's two alleles at each of them.
        random: draws depths, allele depths and qualities; 2 % of the genotypes fail on quality.

    Returns:
        How many records it has.
    """
    carried = np.flatnonzero((pairs > 0).any(axis=1))
    pairs = np.sort(np.maximum(pairs[carried], 0), axis=1)
    depth = np.maximum(random.poisson(_DEPTH, len(carried)), 4)
    second = random.binomial(depth, np.where(pairs[:, 0] == pairs[:, 1], 0.995, 0.5))
    quality = np.where(random.random(len(carried)) < 0.02, 12, np.minimum(99, 3 * depth))
    rows = zip(
        carried.tolist(), *pairs.T.tolist(), depth.tolist(), second.tolist(), quality.tolist(),
        strict=True,
    )  # fmt: skip
    with _bgzipped(path) as file:
        file.write(header([name], tuple(_FIELDS)))
        file.write("".join(_single_line(sites[at], *rest) for at, *rest in rows).encode())
    pysam.tabix_index(str(path), preset="vcf", force=True)
    return len(carried)


def _single_line(site: Site, one: int, two: int, depth: int, second: int, quality: int) -> str:
    alts, sample = sample_fields(site, one, two, depth, second, quality)
    return (
        f"{CONTIG}\t{site.pos}\t.\t{site.ref}\t{','.join(alts)}\t{7 * quality}.5\tPASS\t.\t"
        f"GT:AD:DP:GQ:PL\t{sample}\n"
    )


def sample_fields(
    site: Site, one: int, two: int, depth: int, second: int, quality: int, *, others: int = 0
) -> tuple[list[str], str]:
    """The alternates that a sample carries, and its GT:AD:DP:GQ:PL with them alone.

    `others` are alleles without bases that the record names after them, as `<NON_REF>`.
    """
    own = sorted({one, two} - {0})
    one, two = (own.index(allele) + 1 if allele else 0 for allele in (one, two))
    by_allele = [0] * (len(own) + 1 + others)
    by_allele[two] += second
    by_allele[one] += depth - second
    likelihoods = [
        0 if (low, high) == (one, two) else quality + 30 * abs(low + high - one - two)
        for high in range(len(by_allele))
        for low in range(high + 1)
    ]
    reads, phred = (",".join(map(str, numbers)) for numbers in (by_allele, likelihoods))
    alts = [site.alts[allele - 1] for allele in own]
    return alts, f"{one}/{two}:{reads}:{depth}:{quality}:{phred}"
