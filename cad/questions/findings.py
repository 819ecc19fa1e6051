"""A family's findings in one region: variants by child and way of inheritance, filtered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cad.annotate.figures import AlleleFigures, FigureReader
from cad.annotation.reader import AnnotationReader
from cad.cohort.genotypes import EVIDENCE, GenotypeReader
from cad.cohort.select import Members
from cad.query.parse import Region, Variant
from cad.questions.biallelic import Phase
from cad.questions.effects import Effect, GeneEffect, effects_of
from cad.questions.rare import figures_of
from cad.questions.segregation import Segregation

Document = dict[str, Any]
Mask = NDArray[np.bool_]
Mode = Literal["de_novo", "recessive", "compound", "x_linked"]

MODES: Final[tuple[Mode, ...]] = ("de_novo", "recessive", "compound", "x_linked")


@dataclass(frozen=True)
class Kept:
    """Which variants are kept.

    Attributes:
        modes: the ways of inheritance asked for.
        max_af: greatest frequency among the base's founders, this family left out.
        max_gnomad_af: greatest frequency in gnomAD, where it has the variant.
        impacts: IMPACT for some gene; any where empty.
        consequences: consequence for some gene; any where empty.
        genes: only variants in these genes, by any name; everywhere where empty.
    """

    modes: tuple[Mode, ...] = MODES
    max_af: float = 0.01
    max_gnomad_af: float = 0.01
    impacts: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FamilyReader:
    """What is read of a family, and which of it is kept."""

    genotypes: GenotypeReader
    annotations: AnnotationReader
    founders: FigureReader | None
    kept: Kept

    def findings(self, region: Region) -> Iterator[Document]:
        """The findings of a region, one for each child, mode and variant, or pair of variants.

        Raises:
            Unavailable: `lake_file_damaged`, `registry_unusable`.
        """
        members = self.genotypes.members
        calls = self.genotypes.calls(region, evidence=True)
        known = self.genotypes.known(region.contig, np.unique(calls.variants.pos))
        unaffected = members.attribute("affected").mask(("0",))
        family = Segregation(calls, known, members.father, members.mother, unaffected)
        fits = {
            (child, mode): _fits(family, child, mode)
            for child in children(members)
            for mode in self.kept.modes
        }
        wanted = np.logical_or.reduce([np.zeros(calls.variants.size, bool), *fits.values()])
        places = np.flatnonzero(wanted)
        if not len(places):
            return
        figures = None if self.founders is None else figures_of(self.founders, calls.variants)
        if figures is not None:
            places = places[~(figures.af[places] > self.kept.max_af)]
        effects = effects_of(self.annotations, calls.variants, places)
        told = _Region(family, figures, {
            at: effect for at, effect in effects.items() if self._is_kept(effect)
        })  # fmt: skip
        for (child, mode), mask in fits.items():
            yield from told.findings(child, mode, [at for at in told.effects if mask[at]])

    def _is_kept(self, effect: Effect) -> bool:
        if effect.gnomad_af is not None and effect.gnomad_af > self.kept.max_gnomad_af:
            return False
        impacts, terms = set(self.kept.impacts), set(self.kept.consequences)
        by_impact = not impacts or any(one.impact in impacts for one in effect.genes)
        return by_impact and (not terms or any(one.terms & terms for one in effect.genes))


def children(members: Members) -> list[int]:
    """The members of whom findings are told: with a parent among them, or affected."""
    affected = members.attribute("affected").mask(("1",))
    return np.flatnonzero((members.father >= 0) | (members.mother >= 0) | affected).tolist()


def _fits(family: Segregation, child: int, mode: Mode) -> Mask:
    if mode == "de_novo":
        return family.de_novo(child)
    if mode == "recessive":
        return family.recessive(child)
    return family.x_linked(child) if mode == "x_linked" else family.heterozygous(child)


@dataclass(frozen=True, eq=False)
class _Region:
    """The kept variants of a region, and what is told of them."""

    family: Segregation
    figures: AlleleFigures | None
    effects: dict[int, Effect]

    def findings(self, child: int, mode: Mode, places: Sequence[int]) -> Iterator[Document]:
        if mode == "compound":
            yield from self._compounds(child, places)
            return
        for at in places:
            yield self._finding(child, mode, [at])

    def _compounds(self, child: int, places: Sequence[int]) -> Iterator[Document]:
        """Pairs of one gene that came from both parents, or of which that is not known."""
        by_gene: dict[tuple[str | None, str | None], list[int]] = {}
        genes: dict[tuple[str | None, str | None], GeneEffect] = {}
        for at in places:
            for one in self.effects[at].genes:
                key = one.gene_id, None if one.gene_id else one.symbol
                by_gene.setdefault(key, []).append(at)
                genes[key] = one
        for key, own in by_gene.items():
            for pair in combinations(own, 2):
                origins = [self._phase.origin(child, at) for at in pair]
                is_trans = {"father", "mother"} == set(origins)
                if not (is_trans or "unknown" in origins):
                    continue
                if self.family.is_borne_together(*pair):
                    continue
                found = self._finding(child, "compound", pair)
                gene = {"gene_id": genes[key].gene_id, "symbol": genes[key].symbol}
                phase = "trans" if is_trans else "unphased"
                yield found | {"gene": gene, "phase": phase, "origins": origins}

    @cached_property
    def _phase(self) -> Phase:
        one = self.family
        return Phase(one.calls, one.known, one.father, one.mother)

    def _finding(self, child: int, mode: Mode, places: Sequence[int]) -> Document:
        members = self.family.calls.members
        return {
            "child": self._persons[child],
            "mode": mode,
            "gene": None,
            "phase": None,
            "origins": None,
            "parents": [
                name
                for name, parent in (("father", members.father), ("mother", members.mother))
                if parent[child] >= 0
            ],
            "variants": [self._variant(at) for at in places],
        }

    def _variant(self, at: int) -> Document:
        effect, one = self.effects[at], self.figures
        genes = [gene.document() for gene in effect.genes]
        known = one is not None and bool(one.an[at])
        return {
            "variant": str(Variant(*self.family.calls.variants.key(at))),
            "founders": None
            if one is None
            else {
                "ac": int(one.ac[at]),
                "an": int(one.an[at]),
                "af": float(one.af[at]) if known else None,
                "n_hom": int(one.n_hom[at]),
            },
            "gnomad_af": effect.gnomad_af,
            "genes": genes,
            "most_severe": genes[0]["most_severe"] if genes else None,
            "impact": genes[0]["impact"] if genes else None,
            "genotypes": [self._genotype(member, at) for member in range(len(self._persons))],
        }

    def _genotype(self, member: int, at: int) -> Document:
        """One member's genotype: passing copies, of how many known alleles, and how sure."""
        calls, known = self.family.calls, self.family.known
        place = member, int(np.searchsorted(known.positions, calls.variants.pos[at]))
        lower, upper = np.searchsorted(calls.variant, [at, at + 1]).tolist()
        own = lower + np.flatnonzero(calls.member[lower:upper] == member)
        evidence: dict[str, int | None] = dict.fromkeys(EVIDENCE)
        for row in own.tolist():
            values = {name: int(calls.evidence[name][row]) for name in EVIDENCE}
            evidence = {name: None if value < 0 else value for name, value in values.items()}
        return {
            "person": self._persons[member],
            "copies": int(self.family.copies[member, at]),
            "known": int(known.passing[place]),
            "ploidy": int(known.ploidy[place]),
            **evidence,
        }

    @cached_property
    def _persons(self) -> list[str]:
        return self.family.calls.members.persons
