"""The simulated persons: trios and unrelated people, with the attributes strata are made of.

Pre-indications carry the names of the plan's list of January 2019; regions are ISO 3166-2:FR codes,
by the platform that serves them. Nobody here exists.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

INDICATIONS = (
    "Leucodystrophies",
    "Maladies osseuses constitutionnelles",
    "Cardiomyopathie dilatée familiale",
    "Maladies mitochondriales d'une particulière gravité",
    "Néphropathie chronique d'origine indéterminée",
    "Insuffisance ovarienne primitive",
    "Maladies héréditaires du métabolisme avec profil biochimique atypique",
    "Maladies inflammatoires et auto-immunes monogéniques",
)
DISPLAYED_INDICATION = INDICATIONS[0]
"""The pre-indication whose probands share the planted rare variant."""
SOLO_INDICATIONS = (
    "Oncogénétique : cas extrêmes sporadiques",
    "Patients atteints de cancers avec antécédents familiaux sévères évocateurs de "
    "prédispositions, panels normaux",
)
DOMINANT = "Cardiomyopathie dilatée familiale"
REGIONS = {
    "SEQOIA": ("FR-IDF", "FR-BRE", "FR-PDL", "FR-NOR", "FR-HDF", "FR-CVL"),
    "AURAGEN": ("FR-ARA", "FR-BFC", "FR-NAQ", "FR-OCC", "FR-PAC", "FR-GES", "FR-20R", "FR-974"),
}
POPULATION_COHORT = "POPGEN"

REANALYSED, EXOME_LATER = 4, 19
"""Unrelated people sequenced again on night 3: a second genome, and an exome after a genome."""
SEX_UNKNOWN, SEX_OTHER, NO_CARE = 5, 9, 8
"""Unrelated people whose declared sex is neither XX nor XY, and one who refused care's use."""

_HISTORIES = {
    True: (
        [("given", "2025-03-10")],
        [("given", "2025-03-10")],
        [("refused", "2025-01-15"), ("given", "2025-03-10")],
    ),
    False: (
        [],
        [("refused", "2025-03-10")],
        [("opposed", "2025-03-10")],
        [("given", "2025-01-15"), ("withdrawn", "2025-03-10")],
        # On a tie the more restrictive status holds.
        [("given", "2025-03-10"), ("refused", "2025-03-10")],
    ),
}
"""Histories (status, signed_on) of one scope that end in consent, and in none."""


@dataclass(frozen=True)
class Person:
    """One simulated person. ``father`` and ``mother`` are indices into the list of persons.

    ``karyotype`` rules the genome (XX or XY), ``sex`` is what the sample sheet declares.
    ``purposes_from`` gives for each night on which they change the purposes the person's consents
    allow from then on; ``consents`` the rows (scope, status, signed_on) handed over that night.
    ``features`` are terms of HPO, drawn once genomes are known.
    """

    person_id: str
    sex: str
    karyotype: str
    family_id: str
    affected: str
    indication: str
    region: str
    cohort: str
    age: int
    platform: str
    night: int
    father: int | None = None
    mother: int | None = None
    purposes_from: dict[int, frozenset[str]] = field(default_factory=dict)
    consents: dict[int, list[tuple[str, str, str]]] = field(default_factory=dict)
    features: frozenset[str] = frozenset()

    @property
    def is_child(self) -> bool:
        """Whether both parents are in the cohort."""
        return self.father is not None

    @property
    def is_patient(self) -> bool:
        """Whether the person came by a prescription, not by the population cohort."""
        return self.cohort != POPULATION_COHORT

    def purposes(self, night: int) -> frozenset[str]:
        """Purposes the consents known after ``night`` allow."""
        return self.purposes_from[max(n for n in self.purposes_from if n <= night)]


def make_people(rng: np.random.Generator, trios: int, unrelated: int) -> list[Person]:
    """Trios (father, mother, child), then unrelated people, spread over platforms and nights."""
    people: list[Person] = []
    for trio in range(trios):
        people += _trio(rng, trio, len(people))
    for number in range(unrelated):
        people.append(_unrelated(rng, number, len(people)))
    return people


def _trio(rng: np.random.Generator, trio: int, index: int) -> list[Person]:
    """A father, a mother and their affected child, all under the child's indication."""
    platform = "SEQOIA" if trio % 5 < 3 else "AURAGEN"
    indication = INDICATIONS[trio % len(INDICATIONS)]
    father_affected = "1" if indication == DOMINANT else "0"
    mother_affected = "unknown" if trio % 11 == 10 else "0"
    night = trio // 2 % 3 + 1
    child_sex = "XY" if trio % 2 else "XX"
    region = _region(rng, platform)
    roles = [("XY", father_affected, 34), ("XX", mother_affected, 32), (child_sex, "1", 4)]
    members = []
    for place, (sex, affected, age) in enumerate(roles):
        purposes, consents = _consents(rng, night)
        members.append(
            Person(
                person_id=f"P{index + place + 1:05d}",
                sex=sex,
                karyotype=sex,
                family_id=f"F{trio + 1:04d}",
                affected=affected,
                indication=indication,
                region=region,
                cohort="",
                age=age + int(rng.integers(0, 10)),
                platform=platform,
                night=night,
                father=index if place == 2 else None,
                mother=index + 1 if place == 2 else None,
                purposes_from=purposes,
                consents=consents,
            )
        )
    return members


def _unrelated(rng: np.random.Generator, number: int, index: int) -> Person:
    """Three in five of the population cohort, two in five patients alone, one for each platform."""
    population = number % 5 < 3
    platform = "SEQOIA" if number % 5 == 3 else "AURAGEN"
    karyotype = "XY" if rng.random() < 0.5 else "XX"
    night = number // 5 % 3 + 1
    # The declared sex of these two says nothing about their X: counted on autosomes, PAR1 and M.
    sex = {SEX_UNKNOWN: "unknown", SEX_OTHER: "other"}.get(number, karyotype)
    purposes, consents = _consents(rng, night)
    if number == NO_CARE:
        purposes = {night: purposes[night] - {"care"}}
        consents = {night: [*consents[night], ("care", "refused", "2025-05-05")]}
    if number == REANALYSED:
        purposes = {night: frozenset({"care"}), 3: frozenset({"care", "research"})}
        refused, given = ("research", "refused", "2025-03-10"), ("research", "given", "2026-02-20")
        consents = {night: [refused], 3: [given]}
    indication = "" if population else SOLO_INDICATIONS[number // 5 % len(SOLO_INDICATIONS)]
    return Person(
        person_id=f"P{index + 1:05d}",
        sex=sex,
        karyotype=karyotype,
        family_id="" if population else f"S{number + 1:04d}",
        affected=("unknown" if number % 7 == 0 else "0") if population else "1",
        indication=indication,
        region="" if number % 29 == 0 else _region(rng, platform),
        cohort=POPULATION_COHORT if population else "",
        age=int(rng.integers(20, 75)),
        platform=platform,
        night=night,
        purposes_from=purposes,
        consents=consents,
    )


def _region(rng: np.random.Generator, platform: str) -> str:
    return str(rng.choice(REGIONS[platform]))


def _consents(
    rng: np.random.Generator, night: int
) -> tuple[dict[int, frozenset[str]], dict[int, list[tuple[str, str, str]]]]:
    """Purposes allowed from this night on, and consent rows that amount to them (DESIGN 4, 7)."""
    purposes = {"care"}
    rows: list[tuple[str, str, str]] = []
    for scope, share in (("research", 0.7), ("industry", 0.35)):
        given = rng.random() < share
        if given:
            purposes.add(scope)
        histories = _HISTORIES[given]
        rows += [(scope, *event) for event in histories[int(rng.integers(len(histories)))]]
    return {night: frozenset(purposes)}, {night: rows}
