"""Simulated people as gVCF files: reference blocks in bands of quality, variants in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pysam
from numpy.typing import NDArray

from benchmarks.population import FIRST, Alleles, Site
from benchmarks.population import LENGTH as STRETCH
from benchmarks.vcf_files import CONTIG, LENGTH, sample_fields

_HEADER: Final = f"""##fileformat=VCFv4.2
##FILTER=<ID=PASS,Description="All filters passed">
##ALT=<ID=NON_REF,Description="Any allele that was not seen">
##contig=<ID={CONTIG},length={LENGTH}>
##INFO=<ID=END,Number=1,Type=Integer,Description="Last position of a block">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depth by allele">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality of the genotype">
##FORMAT=<ID=MIN_DP,Number=1,Type=Integer,Description="Least depth of a block">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Likelihoods of genotypes">
"""
_QUALITIES: Final = np.array([0, 10, 20, 30, 60, 99])
_SHARES: Final = np.array([0.01, 0.04, 0.10, 0.20, 0.30, 0.35])
"""Of the blocks, by band of quality: one in twenty does not pass."""
_DEPTH: Final = 32


def apart(sites: Sequence[Site], alleles: Alleles) -> tuple[list[Site], Alleles]:
    """The sites that begin after the reference alleles of all before them end.

    No variant then lies within a deletion, where tools ask in different ways what is known.
    """
    kept, last = [], 0
    for at, site in enumerate(sites):
        if site.pos > last:
            kept.append(at)
            last = site.pos + len(site.ref) - 1
    return [sites[at] for at in kept], alleles[kept]


def write_gvcf(
    path: Path,
    name: str,
    sites: Sequence[Site],
    pairs: Alleles,
    blocks: int,
    random: np.random.Generator,
) -> int:
    """Write one person's bgzipped and indexed gVCF.

    Args:
        path: the file.
        name: its sample column.
        sites: all sites, apart from each other.
        pairs: the person's two alleles at each of them.
        blocks: how often quality or depth change along the reference.
        random: draws where blocks end, depths and qualities.

    Returns:
        How many records it has.
    """
    carried = np.flatnonzero((pairs > 0).any(axis=1))
    variants = {sites[at].pos: (sites[at], *sorted(pairs[at].tolist())) for at in carried.tolist()}
    starts = _starts(sites, carried, blocks, random)
    ends = np.append(starts[1:] - 1, FIRST + STRETCH - 1)
    quality = random.choice(_QUALITIES, len(starts), p=_SHARES)
    depth = np.maximum(random.poisson(_DEPTH, len(starts)), 1)
    low = np.maximum(depth - random.integers(0, 8, len(starts)), 1)
    second = random.binomial(depth, 0.5)
    rows = zip(*(a.tolist() for a in (starts, ends, depth, low, second, quality)), strict=True)
    with pysam.BGZFile(str(path), "wb", None) as file:
        columns = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()
        file.write((_HEADER + "\t".join([*columns, name]) + "\n").encode())
        file.write("".join(_lines(rows, variants)).encode())
    pysam.tabix_index(str(path), preset="vcf", force=True)
    return len(starts)


def _starts(
    sites: Sequence[Site],
    carried: NDArray[np.int64],
    blocks: int,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Where records begin: variants, the blocks behind them, and where bands change."""
    own = np.array([sites[at].pos for at in carried.tolist()], np.int64)
    behind = own + np.array([len(sites[at].ref) for at in carried.tolist()], np.int64)
    changes = FIRST + random.choice(STRETCH, blocks, replace=False)
    if len(own):
        before = np.searchsorted(own, changes, "right") - 1
        inside = (before >= 0) & (changes < behind[before])
        changes = changes[~inside]
    starts: NDArray[np.int64] = np.unique(np.concatenate([[FIRST], own, behind, changes]))
    return starts[starts < FIRST + STRETCH]


Row = tuple[int, int, int, int, int, int]
"""First and last position, depth, least depth, depth of one allele, quality."""


def _lines(rows: Iterator[Row], variants: dict[int, tuple[Site, int, int]]) -> Iterator[str]:
    for start, end, depth, low, second, quality in rows:
        variant = variants.get(start)
        if variant is None:
            yield (
                f"{CONTIG}\t{start}\t.\tN\t<NON_REF>\t.\t.\tEND={end}\tGT:DP:GQ:MIN_DP:PL\t"
                f"0/0:{depth}:{quality}:{low}:0,{quality},{10 * quality}\n"
            )
        else:
            yield _variant_line(*variant, depth, second, quality)


def _variant_line(site: Site, one: int, two: int, depth: int, second: int, quality: int) -> str:
    alts, sample = sample_fields(site, one, two, depth, second, quality, others=1)
    return (
        f"{CONTIG}\t{site.pos}\t.\t{site.ref}\t{','.join([*alts, '<NON_REF>'])}\t"
        f"{7 * quality}.5\t.\t.\tGT:AD:DP:GQ:PL\t{sample}\n"
    )
