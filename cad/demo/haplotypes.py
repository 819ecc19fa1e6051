"""Genomes: founders' haplotypes from msprime's coalescent, children's by transmission.

Out: for every person the true allele codes at every locus, and on M the share of mitochondria
(VAF) that carry the alternate allele. The one module that needs the extra ``demo``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cad.demo.genome import LEAD, PAR1_END_X, SLICES, Locus, Reference, Slice
from cad.demo.loci import ABSENT, Codes, Sites, free_cells, plan_loci
from cad.demo.people import DISPLAYED_INDICATION, DOMINANT, Person
from schemas.errors import Unavailable

try:
    import msprime
except ModuleNotFoundError:
    msprime = None

_DE_NOVO = 6
"""Planted sites on 22 that one affected child each carries and no parent does."""
_CAUSAL = 4
"""Planted sites on 22 that affected families of one pre-indication carry, one each."""
_MODIFIER_FREQUENCY = 0.25
_HETEROPLASMIC = 8
_CROSSOVER = {"22": 0.4, "X": 0.4}
"""Chance of one crossover per transmitted slice; far above 1 cM/Mb, so that it is seen."""


@dataclass(frozen=True)
class Genomes:
    """Loci in genome order; ``codes`` (person, 2, locus); ``vaf`` (person, locus), 0 off M.

    ``shared`` and ``silent`` are the loci of the variant planted in one pre-indication's probands
    and of the one that nobody carries; ``causal`` those of the gene that families of another
    carry, ``modifier`` that of a common variant which brings patients a second feature. ``spare``
    are positions of 22 in cells with no locus at all.
    """

    loci: list[Locus]
    codes: Codes
    vaf: NDArray[np.float64]
    shared: int
    silent: int
    causal: tuple[int, ...]
    modifier: int
    spare: list[int]


def make_genomes(rng: np.random.Generator, reference: Reference, people: list[Person]) -> Genomes:
    """Simulate everybody's genome; equal ``rng`` states and people give equal genomes.

    Raises:
        Unavailable: `extra_missing`, msprime is not installed.
    """
    if msprime is None:
        raise Unavailable("extra_missing", "the demo needs msprime: install CAD with extra demo")
    founders = [index for index, person in enumerate(people) if not person.is_child]
    autosome, sex, mito = SLICES
    sites = {piece.contig: _sites(rng, piece, len(founders)) for piece in SLICES}
    spare = free_cells(reference, autosome, sites["22"])
    planted = spare[len(spare) // 2 :][: _DE_NOVO + 2]
    # In one gene (`cad.demo.effects`), and away from it.
    planted += [*spare[len(spare) * 7 // 8 :][:_CAUSAL], spare[-1]]
    spare = [autosome.cell_start(cell) + LEAD for cell in spare if cell not in planted]
    loci_22, haps_22 = plan_loci(rng, reference, autosome, sites["22"], planted)
    loci_x, haps_x = plan_loci(rng, reference, sex, sites["X"])
    loci_m, haps_m = plan_loci(rng, reference, mito, sites["M"])
    codes_22 = _autosomal(rng, people, founders, haps_22, [locus.pos for locus in loci_22])
    codes_x = _sex_linked(rng, people, founders, haps_x, [locus.pos for locus in loci_x])
    vaf = _mitochondrial(rng, people, founders, haps_m)
    clean = [index for index, locus in enumerate(loci_22) if locus.clean]
    silent, shared, *rest = clean
    de_novo, causal, modifier = rest[:_DE_NOVO], rest[_DE_NOVO:-1], rest[-1]
    _plant(rng, people, codes_22, [shared, *de_novo])
    _plant_family_gene(rng, people, codes_22, causal)
    _plant_common(rng, people, codes_22, modifier)
    codes_m = np.full((len(people), 2, len(loci_m)), ABSENT, dtype=np.int8)
    codes_m[:, 0] = vaf >= 0.10
    off_m = np.zeros((len(people), len(loci_22) + len(loci_x)))
    return Genomes(
        loci=[*loci_22, *loci_x, *loci_m],
        codes=np.concatenate([codes_22, codes_x, codes_m], axis=2),
        vaf=np.concatenate([off_m, vaf], axis=1),
        shared=shared,
        silent=silent,
        causal=tuple(causal),
        modifier=modifier,
        spare=spare,
    )


def _sites(rng: np.random.Generator, piece: Slice, founders: int) -> Sites:
    """Coalescent with recombination and binary mutations; on M one haplotype, no crossover."""
    mito = piece.contig == "M"
    seeds = rng.integers(1, 2**31, size=2)
    trees = msprime.sim_ancestry(
        samples=founders,
        ploidy=1 if mito else 2,
        population_size=5_000 if mito else 10_000,
        sequence_length=piece.end - piece.start + 1,
        recombination_rate=0 if mito else 1e-8,
        random_seed=int(seeds[0]),
    )
    mutated = msprime.sim_mutations(
        trees,
        rate=5e-8 if mito else 2e-8,
        model=msprime.BinaryMutationModel(),
        random_seed=int(seeds[1]),
    )
    carriers = np.minimum(mutated.genotype_matrix(), 1).astype(np.int8)
    seen = carriers.any(axis=1)
    offsets = mutated.tables.sites.position.astype(np.int64)
    return Sites(offsets[seen], carriers[seen])


def _gamete(rng: np.random.Generator, pair: Codes, chance: float, last: int) -> Codes:
    """One haplotype from a parent's two: ``last`` is the one it ends with, on the right."""
    loci = pair.shape[1]
    switch = int(rng.integers(loci + 1)) if rng.random() < chance else 0
    return np.concatenate([pair[1 - last, :switch], pair[last, switch:]])


def _autosomal(
    rng: np.random.Generator, people: list[Person], founders: list[int], haps: Codes, pos: list[int]
) -> Codes:
    """Codes (person, 2, locus) of the autosome; a child's first haplotype is its father's."""
    codes = np.zeros((len(people), 2, len(pos)), dtype=np.int8)
    codes[founders] = haps.T.reshape(len(founders), 2, len(pos))
    for index, person in enumerate(people):
        if person.father is not None and person.mother is not None:
            for side, parent in enumerate((person.father, person.mother)):
                last = int(rng.integers(2))
                codes[index, side] = _gamete(rng, codes[parent], _CROSSOVER["22"], last)
    return codes


def _sex_linked(
    rng: np.random.Generator, people: list[Person], founders: list[int], haps: Codes, pos: list[int]
) -> Codes:
    """Codes on X. A man's second haplotype is his Y's: only the PAR, where it crosses over."""
    par = int(np.searchsorted(pos, PAR1_END_X, side="right"))
    codes = np.zeros((len(people), 2, len(pos)), dtype=np.int8)
    codes[founders] = haps.T.reshape(len(founders), 2, len(pos))
    for index in founders:
        if people[index].karyotype == "XY":
            codes[index, 1, par:] = ABSENT
    for index, person in enumerate(people):
        if person.father is None or person.mother is None:
            continue
        mother = _gamete(rng, codes[person.mother], _CROSSOVER["X"], int(rng.integers(2)))
        # The right end decides: the X for a daughter, the Y for a son.
        last = int(person.karyotype == "XY")
        father_par = _gamete(rng, codes[person.father][:, :par], _CROSSOVER["X"], last)
        father = np.concatenate([father_par, codes[person.father, last, par:]])
        # A son's own X comes first, a daughter's father's haplotype as on the autosome.
        codes[index] = (mother, father) if last else (father, mother)
    return codes


def _mitochondrial(
    rng: np.random.Generator, people: list[Person], founders: list[int], haps: Codes
) -> NDArray[np.float64]:
    """VAF (person, locus): homoplasmic but at a few loci, where mother and child differ in share.

    Shares keep away from the bands' limits 0.10 and 0.95, so that no rounding moves one across.
    """
    loci = haps.shape[0]
    vaf = np.zeros((len(people), loci))
    vaf[founders] = haps.T
    for locus in rng.choice(loci, size=min(_HETEROPLASMIC, loci), replace=False):
        mothers = [i for i in founders if vaf[i, locus] == 0 and people[i].karyotype == "XX"]
        for index in rng.choice(mothers, size=min(4, len(mothers)), replace=False):
            vaf[index, locus] = rng.uniform(0.15, 0.85)
    for index, person in enumerate(people):
        if person.mother is not None:
            inherited = vaf[person.mother]
            drifted = np.clip(inherited + rng.normal(0, 0.2, loci), 0.0, 1.0)
            mixed = (inherited > 0) & (inherited < 1)
            vaf[index] = np.where(mixed, _away_from_limits(drifted), inherited)
    return vaf


def _away_from_limits(vaf: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lost below 0.02, 0.04 up to the lower limit, 0.15 to 0.90 in between, fixed above."""
    low = np.where(vaf < 0.02, 0.0, 0.04)
    return np.where(vaf < 0.12, low, np.where(vaf > 0.92, 1.0, np.clip(vaf, 0.15, 0.90)))


def _plant(rng: np.random.Generator, people: list[Person], codes: Codes, loci: list[int]) -> None:
    """De novo variants: the first in up to three probands of one pre-indication, else one child."""
    children = [index for index, person in enumerate(people) if person.is_child]
    shown = [i for i in children if people[i].indication == DISPLAYED_INDICATION][:3]
    codes[shown, int(rng.integers(2)), loci[0]] = 1
    for locus in loci[1:]:
        codes[int(rng.choice(children)), int(rng.integers(2)), locus] = 1


def _plant_family_gene(
    rng: np.random.Generator, people: list[Person], codes: Codes, loci: list[int]
) -> None:
    """Dominant: affected father and child of each family of an indication carry one of the loci."""
    children = [i for i, one in enumerate(people) if one.is_child and one.indication == DOMINANT]
    for number, child in enumerate(children):
        locus = loci[number % len(loci)]
        codes[child, 0, locus] = 1
        codes[people[child].father, int(rng.integers(2)), locus] = 1


def _plant_common(rng: np.random.Generator, people: list[Person], codes: Codes, locus: int) -> None:
    """A variant that founders carry by chance and hand down, linked to no other."""
    for index, person in enumerate(people):
        if person.father is None or person.mother is None:
            codes[index, :, locus] = rng.random(2) < _MODIFIER_FREQUENCY
        else:
            for side, parent in enumerate((person.father, person.mother)):
                codes[index, side, locus] = codes[parent, int(rng.integers(2)), locus]
