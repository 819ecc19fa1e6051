"""The text of a VCF: one call set's observations written as its caller's style has them.

Everything here is presentation; what a record must count for was settled in ``observe``. Depths,
qualities and read counts are drawn so that each genotype passes or fails as its fault says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cad.demo.batches import FilePlan, Style
from cad.demo.genome import CONTIG_LENGTHS, UNPLACED, Locus, Reference, other_base, spell
from cad.demo.loci import ABSENT, MISSING, STAR
from cad.demo.observe import Fault, Ground, Observed

_ORDER = ("22", "X", "Y", "M", UNPLACED[0])
_FAILED = ("LowQual", "VQSRTrancheSNP99.90to100.00")
_HEADER = """\
##FILTER=<ID=PASS,Description="All filters passed">
##FILTER=<ID=LowQual,Description="Low quality">
##FILTER=<ID=VQSRTrancheSNP99.90to100.00,Description="Worst tranche of the recalibration">
##ALT=<ID=DEL,Description="Deletion">
##INFO=<ID=END,Number=1,Type=Integer,Description="Last position of the variant">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads per allele">
##FORMAT=<ID=AF,Number=A,Type=Float,Description="Share of the reads per alternate allele">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">
##FORMAT=<ID=FT,Number=1,Type=String,Description="Filter of the genotype">
"""


@dataclass(frozen=True)
class Line:
    """One data line: where it sorts, its text, and what the receipt must call it.

    ``fate`` is ``loaded``, ``reference``, or the reason for which the line is set aside.
    """

    contig: str
    pos: int
    text: str
    fate: str


@dataclass(frozen=True)
class Measures:
    """Numbers a caller writes beside a genotype, each (sample, locus)."""

    depth: NDArray[np.int64]
    quality: NDArray[np.int64]
    share: NDArray[np.float64]
    """Share of the reads on the second of two called alleles; on M on the alternate allele."""


def measure(rng: np.random.Generator, observed: Observed, ground: Ground) -> Measures:
    """Draw depth (a man's X passes from 5 reads, M from 100), quality and allele balance."""
    fault, shape = observed.fault, observed.fault.shape
    single = (observed.ploidy == 1) & ~ground.mito
    mito = np.broadcast_to(ground.mito, shape)
    low = fault == Fault.LOW_DP
    depth = np.where(single, rng.integers(6, 23, shape), rng.integers(18, 46, shape))
    depth = np.where(mito, rng.integers(400, 3000, shape), depth)
    shallow = np.where(single, rng.integers(1, 5, shape), rng.integers(2, 10, shape))
    depth = np.where(low, np.where(mito, rng.integers(50, 91, shape), shallow), depth)
    depth[fault == Fault.NO_DEPTH] = 0
    quality = rng.integers(25, 100, shape)
    quality[fault == Fault.LOW_GQ] = rng.integers(2, 20, int((fault == Fault.LOW_GQ).sum()))
    quality[fault == Fault.NO_DEPTH] = 0
    share = rng.uniform(0.35, 0.65, shape)
    share[fault == Fault.SKEWED] = 0.1
    jitter = rng.uniform(-0.02, 0.02, shape) * (observed.vaf > 0.1)
    share = np.where(mito, np.clip(np.minimum(observed.vaf, 0.985) + jitter, 0, 1), share)
    return Measures(depth, quality, share)


def write_text(
    rng: np.random.Generator,
    reference: Reference,
    plan: FilePlan,
    columns: list[str],
    ground: Ground,
    observed: Observed,
    spare: list[int],
) -> list[tuple[str, list[Line]]]:
    """Each part of a call set: the header and its data lines in file order."""
    measures = measure(rng, observed, ground)
    lines = [
        line
        for index in np.flatnonzero(observed.has_record)
        for line in _locus_lines(reference, plan.style, ground, observed, measures, int(index))
    ]
    if plan.joint:
        lines += _odd_lines(rng, reference, plan, spare, len(columns))
    lines.sort(key=lambda line: (_ORDER.index(line.contig), line.pos))
    header = _header(plan.style, columns)
    return [
        (header, [line for line in lines if not contigs or line.contig in contigs])
        for _, contigs in plan.parts
    ]


def contig_name(style: Style, contig: str) -> str:
    """A contig as this caller spells it."""
    if style.chr_prefix:
        return f"chr{contig}"
    return {"M": "MT"}.get(contig, contig)


def _header(style: Style, columns: list[str]) -> str:
    lengths = {**CONTIG_LENGTHS, UNPLACED[0]: UNPLACED[1]}
    contigs = "".join(
        f"##contig=<ID={contig_name(style, contig)},length={lengths[contig]}>\n"
        for contig in _ORDER
    )
    names = "\t".join(["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"])
    return f"##fileformat=VCFv4.2\n{_HEADER}{contigs}#{names}\t" + "\t".join(columns) + "\n"


def _locus_lines(
    reference: Reference,
    style: Style,
    ground: Ground,
    observed: Observed,
    measures: Measures,
    index: int,
) -> Iterator[Line]:
    """The records of one locus: one, or one per allele where the caller splits."""
    locus = ground.loci[index]
    listed = [code for code in (1, 2) if observed.carried[code - 1, index]]
    starred = [STAR] if observed.carried[2, index] else []
    groups = [[code] for code in listed] if style.split and not starred else [listed + starred]
    shift = {"right": locus.max_shift, "half": (locus.max_shift + 1) // 2, "none": 0}[style.shift]
    if locus.cell % 3 == 0:
        shift = 0
    for codes in groups:
        alleles = tuple(locus.alleles[code - 1] for code in codes if code != STAR)
        pad = int(style.pad and not locus.unit and any(allele.is_indel for allele in alleles))
        pos, ref, alts = spell(reference, locus, alleles, shift=shift, pad=pad)
        alts += ["*"] * (STAR in codes)
        verdict = "PASS" if not style.genotypes_only else "."
        if observed.filter_fails[index]:
            verdict = _FAILED[index % 2]
        entries = _entries(style, ground, observed, measures, index, codes)
        site = [contig_name(style, locus.contig), pos, ".", ref, ",".join(alts), "50", verdict, "."]
        text = "\t".join([*map(str, site), _format(style, locus), *entries])
        called = np.isin(observed.alleles[:, :, index], [code for code in codes if code != STAR])
        yield Line(locus.contig, pos, text, "loaded" if called.any() else "reference")


def _format(style: Style, locus: Locus) -> str:
    if style.genotypes_only:
        return "GT"
    if locus.contig == "M":
        return "GT:AF:DP" if style.vaf else "GT:AD:DP"
    return "GT:AD:DP:GQ:FT" if style.ft else "GT:AD:DP:GQ"


def _entries(
    style: Style,
    ground: Ground,
    observed: Observed,
    measures: Measures,
    index: int,
    codes: list[int],
) -> list[str]:
    """Every sample's column at one record that lists the alleles ``codes``."""
    number = {code: place + 1 for place, code in enumerate(codes)} | {0: 0, ABSENT: ABSENT}
    mito = bool(ground.mito[index])
    dots = ":." * _format(style, ground.loci[index]).count(":")
    entries = []
    for row in range(observed.alleles.shape[0]):
        first, second = (number.get(int(code), MISSING) for code in observed.alleles[row, :, index])
        fault = int(observed.fault[row, index])
        genotype = _genotype(style, first, second, fault, float(observed.vaf[row, index]), mito)
        if style.genotypes_only:
            entries.append(genotype)
            continue
        if fault == Fault.NO_CALL:
            # Trailing fields may be dropped (VCF 4.2, 1.4.2); the phased files do.
            entries.append(genotype if style.phased else genotype + dots)
            continue
        depth, share = int(measures.depth[row, index]), float(measures.share[row, index])
        if mito:
            entries.append(f"{genotype}:{_mito_reads(style, depth, share)}:{depth}")
            continue
        called = (0, first) if fault == Fault.MIXED else (first, second)
        reads = ",".join(map(str, _reads(called, len(codes) + 1, depth, share)))
        entry = f"{genotype}:{reads}:{depth}:{measures.quality[row, index]}"
        if style.ft:
            entry += ":LowSupport" if fault == Fault.FT else ":PASS"
        entries.append(entry)
    return entries


def _genotype(style: Style, first: int, second: int, fault: int, vaf: float, mito: bool) -> str:
    """GT as this caller writes the two alleles of one sample."""
    if mito:
        return _mito_genotype(style, first, vaf)
    if fault == Fault.MIXED:
        return _join(style, 0, first)
    if second == ABSENT:
        return _dot(first) if style.haploid else _join(style, first, first)
    return _join(style, first, second)


def _dot(allele: int) -> str:
    return "." if allele == MISSING else str(allele)


def _join(style: Style, first: int, second: int) -> str:
    """Two alleles; without phase the smaller first, a missing one before all."""
    if style.phased:
        return f"{_dot(first)}|{_dot(second)}"
    return f"{_dot(min(first, second))}/{_dot(max(first, second))}"


def _mito_genotype(style: Style, first: int, vaf: float) -> str:
    """On M the share of reads decides, not GT: a trace may be written as a call."""
    if style.haploid:
        return "1" if first == 0 and 0 < vaf < 0.10 else _dot(first)
    mixed = first == 1 and vaf < 0.95
    return _join(style, 0 if mixed else first, first)


def _mito_reads(style: Style, depth: int, share: float) -> str:
    alternate = round(depth * share)
    return f"{share:.3f}" if style.vaf else f"{depth - alternate},{alternate}"


def _reads(called: tuple[int, int], alleles: int, depth: int, share: float) -> list[int]:
    """Reads per listed allele; those of an allele listed elsewhere go to REF."""
    reads = [0] * alleles
    known = sorted({allele for allele in called if allele >= 0})
    if len(known) == 2:
        reads[known[1]] = round(depth * share)
        reads[known[0]] = depth - reads[known[1]]
    else:
        reads[known[0] if known else 0] = depth
    return reads


def _odd_lines(
    rng: np.random.Generator, reference: Reference, plan: FilePlan, spare: list[int], samples: int
) -> Iterator[Line]:
    """Records to be set aside, at places where nothing varies.

    A symbolic deletion whose END reaches far (it must make nothing known or unknown there); in
    whole files a contig that is not counted and a record on Y's PAR; where planned two defects.
    """
    style = plan.style

    def line(
        reason: str, contig: str, pos: int, ref: str, alt: str, info: str = ".", gt: str = "0/1"
    ) -> Line:
        name = contig_name(style, contig)
        entries = [gt, *["0/0"] * (samples - 1)]
        site = [name, pos, ".", ref, alt, "50", "PASS", info, "GT", *entries]
        return Line(contig, pos, "\t".join(map(str, site)), reason)

    places = [int(place) for place in rng.choice(spare, size=3, replace=False)]
    bases = [reference.bases("22", place, place) for place in places]
    yield line("symbolic", "22", places[0], bases[0], "<DEL>", f"END={places[0] + 5000}")
    if len(plan.parts) == 1:
        yield line("contig_not_counted", UNPLACED[0], 1000, "A", "G")
        yield line("y_par", "Y", 2_700_000, "A", "G")
    if plan.defects:
        wrong = other_base(rng, bases[1])
        yield line("ref_mismatch", "22", places[1], wrong, other_base(rng, wrong))
        yield line("gt_index", "22", places[2], bases[2], other_base(rng, bases[2]), gt="0/3")
