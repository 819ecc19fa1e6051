"""Sequencing: from true alleles to what one file says of each sample, and what that must count for.

The artefacts are drawn here, so this is where the truth is known: a genotype counts for w known
alleles and for a class (het, hom, hemi) because of the mask drawn, not because of the text written
later. Rules by their number in DESIGN section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cad.demo.batches import FilePlan
from cad.demo.genome import CELL, PAR1_END_X, SLICES, Locus
from cad.demo.haplotypes import Genomes
from cad.demo.loci import ABSENT, MISSING, STAR, Codes
from cad.demo.people import Person

Flags = NDArray[np.bool_]


class Fault(IntEnum):
    """What went wrong with one genotype."""

    NONE = 0
    NO_CALL = 1
    HALF_CALL = 2
    LOW_GQ = 3
    LOW_DP = 4
    SKEWED = 5
    """A heterozygote with a tenth of its reads on the alternate allele."""
    NO_DEPTH = 6
    """``0/0`` with DP 0: not known, not even raw."""
    FT = 7
    MIXED = 8
    """A man's X called ``0/1``: not a call."""


_CHANCES = {
    Fault.NO_CALL: 0.008,
    Fault.HALF_CALL: 0.005,
    Fault.LOW_GQ: 0.012,
    Fault.LOW_DP: 0.010,
    Fault.SKEWED: 0.012,
    Fault.NO_DEPTH: 0.004,
    Fault.FT: 0.006,
    Fault.MIXED: 0.030,
}
_FAILED_RECORDS = 0.02
_FAILING = (Fault.LOW_GQ, Fault.LOW_DP, Fault.SKEWED, Fault.FT)
_HOLE_PERIOD, _HOLE_CELLS = 97, 4
"""The WGS BED leaves out 4 cells in 97; the exome's keeps 12 in 40, of 22 and X."""
_TARGET_PERIOD, _TARGET_CELLS = 40, 12


@dataclass(frozen=True)
class Ground:
    """Per-locus facts the drawing needs, as arrays over the loci."""

    loci: list[Locus]
    mito: Flags
    hemizygous: Flags
    """On X outside the PARs."""
    plain: Flags
    """One alternate allele and no ``*``: where an allele balance fault touches one record only."""
    clean: Flags
    under_deletion: Flags
    in_genome: Flags
    in_exome: Flags


@dataclass(frozen=True)
class Observed:
    """What one call set says, and what it counts for. Arrays are (sample, locus) unless told.

    ``alleles`` (sample, 2, locus) as called; ``has_record`` and ``filter_fails`` (locus);
    ``known`` and ``known_raw``: w of 5.3; ``valid``: the call counts at all, raw; ``passing``: 5.4.
    """

    alleles: Codes
    fault: Codes
    vaf: NDArray[np.float64]
    has_record: Flags
    filter_fails: Flags
    carried: Codes
    """(3, locus): whether the file lists ALT 1, ALT 2, ``*``, for a true carrier is in it."""
    known: Codes
    known_raw: Codes
    valid: Flags
    passing: Flags
    ploidy: Codes


def survey(genomes: Genomes) -> Ground:
    """The per-locus facts of these genomes."""
    loci = genomes.loci
    return Ground(
        loci=loci,
        mito=np.array([locus.contig == "M" for locus in loci]),
        hemizygous=np.array([locus.contig == "X" and locus.pos > PAR1_END_X for locus in loci]),
        plain=np.array([len(locus.alleles) == 1 and not locus.under_deletion for locus in loci]),
        clean=np.array([locus.clean for locus in loci]),
        under_deletion=np.array([locus.under_deletion for locus in loci]),
        in_genome=np.array([in_genome_bed(locus.cell, locus.clean) for locus in loci]),
        in_exome=np.array([in_exome_bed(locus.contig, locus.cell) for locus in loci]),
    )


def in_genome_bed(cell: int, clean: bool = False) -> bool:
    """Whether the WGS BED holds this cell."""
    return clean or cell % _HOLE_PERIOD >= _HOLE_CELLS


def in_exome_bed(contig: str, cell: int) -> bool:
    """Whether the exome BED holds this cell."""
    return contig != "M" and cell % _TARGET_PERIOD < _TARGET_CELLS


def declared_ploidy(ground: Ground, people: list[Person]) -> Codes:
    """Ploidy (person, locus) by declared sex (5.5); 0 on X outside the PARs without one."""
    on_x = np.array([{"XX": 2, "XY": 1}.get(person.sex, 0) for person in people])
    ploidy = np.where(ground.hemizygous, on_x[:, None], 2)
    return np.where(ground.mito, 1, ploidy).astype(np.int8)


def observe(
    rng: np.random.Generator, plan: FilePlan, people: list[Person], genomes: Genomes, ground: Ground
) -> Observed:
    """Sequence the samples of one call set."""
    members = [delivery.person for delivery in plan.deliveries]
    codes, vaf = _in_sight(plan, genomes, ground, members)
    carried = np.stack([(codes == code).any(axis=(0, 1)) for code in (1, 2, STAR)])
    has_record = carried[0] | carried[1]
    exome = np.array([[delivery.assay == "WES"] for delivery in plan.deliveries])
    in_bed = np.where(exome, ground.in_exome, ground.in_genome)
    ploidy = declared_ploidy(ground, [people[index] for index in members])
    fault = _draw_faults(rng, plan, ground, codes, ploidy)
    # Most of an exome's genotypes off target are no-calls; the rest are called, and do not pass.
    dark = exome & ~in_bed & (ground.mito | (rng.random(in_bed.shape) < 0.85))
    fault[dark] = Fault.NO_CALL
    filter_fails = (rng.random(len(ground.loci)) < _FAILED_RECORDS) & ~ground.clean
    alleles = _called(rng, codes, fault)
    valid = (ploidy > 0) & ~np.isin(fault, (Fault.MIXED, Fault.NO_DEPTH))
    by_bed = plan.callability == "bed"
    passing = ~np.isin(fault, _FAILING) & ~filter_fails & (in_bed | (not by_bed))
    on_record = np.where(valid, (alleles >= 0).sum(axis=1), 0)
    where_silent = np.where(in_bed & by_bed, ploidy, 0)
    return Observed(
        alleles=alleles,
        fault=fault,
        vaf=vaf,
        has_record=has_record,
        filter_fails=filter_fails,
        carried=carried.astype(np.int8),
        known=_with_gaps(ground, plan, has_record, on_record * passing, where_silent),
        known_raw=_with_gaps(ground, plan, has_record, on_record, where_silent),
        valid=valid,
        passing=passing,
        ploidy=ploidy,
    )


def _in_sight(
    plan: FilePlan, genomes: Genomes, ground: Ground, members: list[int]
) -> tuple[Codes, NDArray[np.float64]]:
    """True codes and VAF as far as this caller can tell them apart.

    Without AF and AD a mixture on M is written as its majority, and 5.7 takes GT at its word.
    """
    codes, vaf = genomes.codes[members], genomes.vaf[members]
    if plan.style.genotypes_only:
        vaf = (vaf >= 0.5).astype(float)
        codes[:, 0, ground.mito] = vaf[:, ground.mito]
    return codes, vaf


def _with_gaps(
    ground: Ground, plan: FilePlan, has_record: Flags, on_record: Codes, where_silent: Codes
) -> Codes:
    """5.3 everywhere: the record's w, else that of the deletion over the locus, else the BED's."""
    before = np.roll(on_record, 1, axis=1)
    covered = ground.under_deletion & np.roll(has_record, 1) & (plan.callability == "bed")
    silent = np.where(covered, before, where_silent)
    return np.where(has_record, on_record, silent).astype(np.int8)


def _draw_faults(
    rng: np.random.Generator, plan: FilePlan, ground: Ground, codes: Codes, ploidy: Codes
) -> Codes:
    """At most one fault a genotype, only where it means what its name says."""
    first, second = codes[:, 0], codes[:, 1]
    haploid = second == ABSENT
    full = not plan.style.genotypes_only
    nuclear = ~ground.mito
    het = (first != second) & (np.minimum(first, second) == 0) & (np.maximum(first, second) < STAR)
    possible = {
        Fault.NO_CALL: np.ones_like(haploid),
        Fault.HALF_CALL: ~haploid,
        Fault.LOW_GQ: nuclear & np.full_like(haploid, full),
        Fault.LOW_DP: np.full_like(haploid, full),
        Fault.SKEWED: het & ground.plain & full & (ploidy == 2),
        Fault.NO_DEPTH: (first == 0) & ((second == 0) | haploid) & nuclear & full,
        Fault.FT: nuclear & np.full_like(haploid, plan.style.ft),
        Fault.MIXED: haploid & (first > 0) & (first < STAR) & nuclear & (not plan.style.haploid),
    }
    drawn = rng.random(haploid.shape)
    fault = np.zeros(haploid.shape, dtype=np.int8)
    floor = 0.0
    for kind, chance in _CHANCES.items():
        hit = (drawn >= floor) & (drawn < floor + chance) & possible[kind] & ~ground.clean
        fault[hit] = kind
        floor += chance
    return fault


def _called(rng: np.random.Generator, codes: Codes, fault: Codes) -> Codes:
    """Alleles as called: no-calls and half-calls lose alleles, the rest stay."""
    called = codes.copy()
    lost = fault == Fault.NO_CALL
    called[:, 0][lost] = MISSING
    called[:, 1][lost & (codes[:, 1] != ABSENT)] = MISSING
    half = fault == Fault.HALF_CALL
    which = rng.integers(2, size=fault.shape)
    for side in (0, 1):
        called[:, side][half & (which == side)] = MISSING
    return called


def cell_spans(kept: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """(contig, first, last) of runs of neighbouring cells, for a BED."""
    pieces = {piece.contig: piece for piece in SLICES}
    spans: list[tuple[str, int, int]] = []
    for contig, cell in kept:
        first = pieces[contig].cell_start(cell)
        if spans and spans[-1][0] == contig and spans[-1][2] == first - 1:
            spans[-1] = (contig, spans[-1][1], first + CELL - 1)
        else:
            spans.append((contig, first, first + CELL - 1))
    return spans
