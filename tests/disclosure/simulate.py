"""Persons with attributes and genotypes, and the figures of their strata by counting them."""

from dataclasses import dataclass
from random import Random

import numpy as np

from cad.disclosure import Counts, Layout
from schemas.contigs import RegionClass
from schemas.known import PLOIDY, SEXES

NAMES = ("ac", "n_het", "n_hom", "n_hemi", "ac_raw", "an", "persons", "an_raw", "carriers_raw")
CONJUNCTIONS: tuple[tuple[str, ...], ...] = (("indication", "affected"),)


@dataclass(frozen=True)
class Person:
    """One person: what they belong to, for which purposes, and what is known at each variant.

    `calls` are (weight, dosage, weight raw, dosage raw) by variant.
    """

    values: dict[str, str]
    purposes: frozenset[str]
    calls: list[tuple[int, int, int, int]]

    def strata(self, conjunctions: tuple[tuple[str, ...], ...]) -> set[str]:
        """The strata they are in."""
        single = {f"{name}={value}" for name, value in self.values.items()}
        joint = {",".join(f"{name}={self.values[name]}" for name in one) for one in conjunctions}
        return {"all"} | single | joint


def draw_persons(random: Random, region: RegionClass, persons: int, variants: int) -> list[Person]:
    """A cohort: platforms and indications of very different sizes, variants rare to fixed."""
    indications = [f"I{n}" for n in range(random.randint(1, 5))]
    platforms = [f"P{n}" for n in range(random.randint(1, 3))]
    sexes = random.choice([SEXES, SEXES[:2], ("XX", "XY", "unknown")])
    frequency = [random.choice([0.005, 0.02, 0.1, 0.4, 0.97]) for _ in range(variants)]
    quality = [random.choice([1.0, 0.95, 0.6, 0.1]) for _ in range(variants)]
    made = []
    for _ in range(persons):
        sex = random.choice(sexes)
        values = {
            "sex": sex,
            "platform": random.choice(platforms) if random.random() < 0.6 else platforms[0],
            "affected": random.choice(["0", "1", "1", "unknown"]),
            "indication": random.choice(indications) if random.random() < 0.5 else indications[0],
        }
        purposes = frozenset(
            [*(["research"] if random.random() < 0.9 else []),
             *(["industry"] if random.random() < 0.7 else [])]
        )  # fmt: skip
        ploidy = PLOIDY[region][SEXES.index(sex)]
        calls = [draw_call(random, ploidy, region, f, q) for f, q in zip(frequency, quality)]  # noqa: B905
        made.append(Person(values, purposes, calls))
    return made


def draw_call(
    random: Random, ploidy: int, region: RegionClass, frequency: float, quality: float
) -> tuple[int, int, int, int]:
    """What is known of one person at one variant: the passing is part of the raw."""
    copies = 2 if region is RegionClass.MITOCHONDRIAL else ploidy
    dosage = sum(random.random() < frequency for _ in range(copies)) if ploidy else 0
    weight_raw = ploidy if random.random() < 0.97 else 0
    if ploidy == 2 and random.random() < 0.03:
        weight_raw, dosage = 1, min(dosage, 1)
    dosage = dosage if weight_raw else 0
    if random.random() < quality:
        return weight_raw, dosage, weight_raw, dosage
    return 0, 0, weight_raw, dosage


def count(
    persons: list[Person],
    purpose: str,
    names: tuple[str, ...],
    region: RegionClass,
    conjunctions: tuple[tuple[str, ...], ...] = CONJUNCTIONS,
) -> dict[str, np.ndarray]:
    """Figures by name: variant x stratum."""
    variants = len(persons[0].calls)
    found = {name: np.zeros((variants, len(names)), np.int64) for name in NAMES}
    for person in persons:
        if purpose not in person.purposes:
            continue
        inside = [at for at, name in enumerate(names) if name in person.strata(conjunctions)]
        haploid = region in (RegionClass.Y_SPECIFIC,) or (
            region is RegionClass.X_SPECIFIC and person.values["sex"] == "XY"
        )
        for variant, (weight, dosage, weight_raw, dosage_raw) in enumerate(person.calls):
            own = forms(dosage, haploid)
            raw = forms(dosage_raw, haploid)
            ac, ac_raw = (
                one[0] + (1 if region is RegionClass.MITOCHONDRIAL else 2) * one[1] + one[2]
                for one in (own, raw)
            )
            row = (ac, *own, ac_raw, weight, weight > 0, weight_raw, sum(raw))
            for name, value in zip(NAMES, row, strict=True):
                found[name][variant, inside] += value
    return found


def forms(dosage: int, haploid: bool) -> tuple[int, int, int]:
    """Heterozygous, homozygous, hemizygous."""
    return (
        int(not haploid and dosage == 1), int(not haploid and dosage == 2),
        int(haploid and dosage == 1),
    )  # fmt: skip


def strata_of(
    persons: list[Person], conjunctions: tuple[tuple[str, ...], ...] = CONJUNCTIONS
) -> list[str]:
    """The strata that anybody is in, `all` first, conjunctions last."""
    names = set().union(*(person.strata(conjunctions) for person in persons))
    return sorted(names, key=lambda name: (name != "all", name.count("="), name))


def tables_of(
    persons: list[Person],
    region: RegionClass,
    conjunctions: tuple[tuple[str, ...], ...] = CONJUNCTIONS,
    purposes: tuple[str, ...] = ("research", "industry"),
) -> tuple[Layout, list[Counts]]:
    """The figures of each purpose in one layout."""
    layout = Layout.of(strata_of(persons, conjunctions))
    tables = []
    for purpose in purposes:
        own = [person for person in persons if purpose in person.purposes]
        told = set(Layout.of(strata_of(own, conjunctions)).names) if own else {"all"}
        figures = count(persons, purpose, layout.names, region, conjunctions)
        tables.append(Counts(figures, np.array([name in told for name in layout.names])))
    return layout, tables
