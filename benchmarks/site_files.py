"""Simulated sites of an annotation source, and variants to annotate from them, as VCFs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pysam
from numpy.typing import NDArray

from benchmarks.vcf_files import CONTIG, LENGTH

FIELDS: Final = {
    "AC": ("A", "Integer"),
    "AN": ("1", "Integer"),
    "AF": ("A", "Float"),
    "nhomalt": ("A", "Integer"),
}
"""INFO fields of the sites: Number and Type."""
_SEED: Final = 20_261_122
_BLOCK: Final = 100_000
_INDELS: Final = 0.1
_SHARED: Final = 2 / 3
_AN: Final = 1_614_000

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SiteFiles:
    """The two files; `shared` of the variants are among the sites."""

    sites: Path
    variants: Path
    shared: int


def write_site_files(folder: Path, sites: int, variants: int) -> SiteFiles:
    """Write both, bgzipped and indexed."""
    random = np.random.default_rng(_SEED)
    shared = round(variants * _SHARED)
    pos = np.sort(random.choice(LENGTH - 200_000, sites + variants - shared, replace=False))
    pos += 100_000
    is_site = np.zeros(len(pos), bool)
    is_site[random.choice(len(pos), sites, replace=False)] = True
    is_variant = ~is_site
    is_variant[random.choice(np.flatnonzero(is_site), shared, replace=False)] = True
    alleles = _alleles(len(pos), random)
    made = SiteFiles(folder / "sites.vcf.gz", folder / "variants.vcf.gz", shared)
    _write(made.sites, pos[is_site], [alleles[at] for at in np.flatnonzero(is_site)], random)
    _write(made.variants, pos[is_variant], [alleles[at] for at in np.flatnonzero(is_variant)], None)
    for path in (made.sites, made.variants):
        pysam.tabix_index(str(path), preset="vcf", force=True)
    return made


def _alleles(count: int, random: np.random.Generator) -> list[str]:
    """REF and ALT of each, parted by a tab."""
    ref = random.integers(0, 4, count)
    alt = (ref + random.integers(1, 4, count)) % 4
    kind = random.random(count)
    size = random.integers(1, 8, count)
    made = []
    for one, other, which, longer in zip(
        ref.tolist(), alt.tolist(), kind.tolist(), size.tolist(), strict=True
    ):
        first, second = "ACGT"[one], "ACGT"[other]
        if which < _INDELS / 2:
            second = first + second * longer
        elif which < _INDELS:
            first, second = first + second * longer, first
        made.append(f"{first}\t{second}")
    return made


def _write(path: Path, pos: Ints, alleles: list[str], random: np.random.Generator | None) -> None:
    with pysam.BGZFile(str(path), "wb", None) as file:
        file.write(_header(list(FIELDS) if random is not None else []))
        for start in range(0, len(pos), _BLOCK):
            some = slice(start, start + _BLOCK)
            file.write("".join(_lines(pos[some], alleles[some], random)).encode())


def _header(fields: list[str]) -> bytes:
    lines = ["##fileformat=VCFv4.2", f"##contig=<ID={CONTIG},length={LENGTH}>"]
    lines += ['##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">'] * (not fields)
    for name in fields:
        number, kind = FIELDS[name]
        lines.append(f'##INFO=<ID={name},Number={number},Type={kind},Description="{name}">')
    lines.append("\t".join("#CHROM POS ID REF ALT QUAL FILTER INFO".split()))
    return ("\n".join(lines) + "\n").encode()


def _lines(pos: Ints, alleles: list[str], random: np.random.Generator | None) -> Iterator[str]:
    if random is None:
        for at, both in zip(pos.tolist(), alleles, strict=True):
            yield f"{CONTIG}\t{at}\t.\t{both}\t{at % 900 + 30}\tPASS\tDP={at % 90 + 10}\n"
        return
    ac = np.minimum(random.zipf(1.6, len(pos)), _AN // 2)
    an = _AN - 2 * random.integers(0, 5_000, len(pos))
    homozygous = random.binomial(np.minimum(ac // 2, 100_000), 0.05)
    rows = zip(pos.tolist(), alleles, ac.tolist(), an.tolist(), homozygous.tolist(), strict=True)
    for at, both, count, known, twice in rows:
        info = f"AC={count};AN={known};AF={count / known:.5e};nhomalt={twice}"
        yield f"{CONTIG}\t{at}\t.\t{both}\t.\tPASS\t{info}\n"
