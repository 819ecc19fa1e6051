"""Families simulated with what analyses are to find: new variants, relatives, a wrong sex."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.batch_dir import BatchDir

Dosages = NDArray[np.int8]
CONTIGS = ("1", "2", "3")
PER_CONTIG = 300
ON_X = 300
STEP = 400_000
X_STEP = 450_000
GENE = ("GENE1", "2", 130_000_001, 130_400_000)
"""A gene with the rare variants that only affected persons carry."""
RARE = 8


@dataclass(frozen=True)
class Family:
    """The numbers of a father, a mother and their children among the persons."""

    father: int
    mother: int
    children: tuple[int, ...]


@dataclass(frozen=True)
class Simulated:
    """What was written, and what is to be found in it.

    `de_novo` gives by variant key the child who has it alone. Ages and heights are by person; who
    was measured twice is as tall as the later one says.
    """

    batch: Path
    families: tuple[Family, ...]
    sexes: tuple[str, ...]
    affected: tuple[bool, ...]
    de_novo: dict[tuple[str, int, str, str], int]
    causal: tuple[str, int, str, str]
    ages: tuple[int, ...]
    heights: tuple[float, ...]

    @property
    def persons(self) -> int:
        """How many there are."""
        return len(self.sexes)


def simulate(folder: Path, trios: int = 14, singles: int = 12, seed: int = 5) -> Simulated:
    """A batch of trios, one with two children, and of unrelated persons.

    The last single is a woman whom the sheet calls a man.
    """
    rng = np.random.default_rng(seed)
    families, founders = _draw_families(trios)
    persons = founders + trios + 1 + singles
    sexes = _draw_sexes(families, persons, rng)
    autosomal = _transmit(_founder_alleles(rng, persons, len(CONTIGS) * PER_CONTIG), families, rng)
    on_x = _transmit_x(_founder_alleles(rng, persons, ON_X), families, sexes, rng)
    dosage = autosomal.sum(axis=2).astype(np.int8)
    causal = PER_CONTIG + 17
    affected = rng.random(persons) < np.array([0.02, 0.5, 0.98])[dosage[causal]]
    lines, de_novo = _lines(dosage, on_x, sexes, affected, families, rng)
    ages = tuple(int(age) for age in rng.integers(1, 80, persons))
    heights = tuple(round(float(cm), 1) for cm in rng.normal(160, 12, persons) + 4 * dosage[3])
    made = BatchDir(folder)
    made.manifest["batch_id"] = "FAMILIES"
    made.put("wgs.bed", "".join(f"chr{c}\t0\t150000000\n" for c in (*CONTIGS, "X")).encode())
    columns = [f"S{number}" for number in range(persons)]
    made.add("joint.vcf", _vcf(columns, lines), callability="bed", callable_bed="wgs.bed")
    declared = [*sexes[:-1], "XY"]
    parents = {
        child: (family.father, family.mother) for family in families for child in family.children
    }
    rows = []
    for number, name in enumerate(columns):
        father, mother = (f"P{one}" for one in parents.get(number, ("", "")))
        is_child = number in parents
        told = (father, mother) if is_child else ("", "")
        rows.append(
            f"{name}|P{number}|{declared[number]}|{told[0]}|{told[1]}|{int(affected[number])}"
            f"|{ages[number]}"
        )
    made.sheet("sample_id|person_id|sex|father_id|mother_id|affected|age_years", *rows)
    made.put("fhir/heights.json", _measured(heights))
    given = [f"P{number}|research|given|2026-01-01" for number in range(persons)]
    made.sheet("person_id|scope|status|signed_on", *given, name="consents.tsv")
    place = causal % PER_CONTIG
    return Simulated(
        made.write(), families, tuple(sexes), tuple(bool(one) for one in affected), de_novo,
        (CONTIGS[causal // PER_CONTIG], _pos(place), "A", "G"),
        ages, heights,
    )  # fmt: skip


def _measured(heights: tuple[float, ...]) -> bytes:
    """Observations of everybody's height; the first one was measured before, too."""
    told = [(0, 99.0, "2024-01-01"), *((at, h, "2025-01-01") for at, h in enumerate(heights))]
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
                "subject": {"reference": f"Patient/P{person}"},
                "effectiveDateTime": day,
                "valueQuantity": {"value": height, "unit": "cm", "code": "cm"},
            }
        }
        for number, (person, height, day) in enumerate(told)
    ]
    document = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(document).encode()


def _draw_families(trios: int) -> tuple[tuple[Family, ...], int]:
    """Founders come first, then children, one family having two."""
    founders = 2 * trios
    children = iter(range(founders, founders + trios + 1))
    return tuple(
        Family(2 * at, 2 * at + 1, tuple(next(children) for _ in range(2 if at == 0 else 1)))
        for at in range(trios)
    ), founders


def _draw_sexes(families: tuple[Family, ...], persons: int, rng: np.random.Generator) -> list[str]:
    sexes = [str(rng.choice(["XX", "XY"])) for _ in range(persons)]
    for family in families:
        sexes[family.father], sexes[family.mother] = "XY", "XX"
    sexes[-1] = "XX"
    return sexes


def _founder_alleles(rng: np.random.Generator, persons: int, variants: int) -> Dosages:
    """Variants x persons x two copies, as if all were founders."""
    frequency = rng.uniform(0.15, 0.5, variants)[:, None, None]
    return (rng.random((variants, persons, 2)) < frequency).astype(np.int8)


def _transmit(alleles: Dosages, families: tuple[Family, ...], rng: np.random.Generator) -> Dosages:
    at = np.arange(len(alleles))
    for family in families:
        for child in family.children:
            for copy, parent in enumerate((family.father, family.mother)):
                alleles[:, child, copy] = alleles[at, parent, rng.integers(0, 2, len(at))]
    return alleles


def _transmit_x(
    alleles: Dosages, families: tuple[Family, ...], sexes: list[str], rng: np.random.Generator
) -> Dosages:
    """Men have their mother's copy twice: they are written as callers that do not know do."""
    at = np.arange(len(alleles))
    men = [number for number, sex in enumerate(sexes) if sex == "XY"]
    alleles[:, men, 0] = alleles[:, men, 1]
    for family in families:
        for child in family.children:
            alleles[:, child, 1] = alleles[at, family.mother, rng.integers(0, 2, len(at))]
            is_man = sexes[child] == "XY"
            alleles[:, child, 0] = alleles[:, child if is_man else family.father, 1]
    return alleles


def _pos(place: int) -> int:
    return 1_000_000 + STEP * place


def _lines(
    dosage: Dosages,
    on_x: Dosages,
    sexes: list[str],
    affected: NDArray[np.bool_],
    families: tuple[Family, ...],
    rng: np.random.Generator,
) -> tuple[list[str], dict[tuple[str, int, str, str], int]]:
    persons = len(sexes)
    found: list[tuple[str, int, str]] = []
    de_novo = {}
    for at, row in enumerate(dosage):
        contig, place = CONTIGS[at // PER_CONTIG], at % PER_CONTIG
        found.append((contig, _pos(place), _genotypes(row)))
    for number, family in enumerate(families[:6]):
        child, pos = family.children[0], _pos(number) + 777
        row = np.zeros(persons, np.int8)
        row[child] = 1
        found.append(("3", pos, _genotypes(row)))
        de_novo["3", pos, "A", "G"] = child
    founders = [one for family in families for one in (family.father, family.mother)]
    carriers = [one for one in founders if affected[one]]
    for number in range(RARE):
        row = np.zeros(persons, np.int8)
        row[carriers[number % len(carriers)]] = 1
        found.append((GENE[1], GENE[2] + 1_000 * number + 5, _genotypes(row)))
    found.sort(key=lambda line: (CONTIGS.index(line[0]), line[1]))
    for at, row in enumerate(on_x.sum(axis=2)):
        found.append(("X", 4_000_000 + X_STEP * at, _genotypes(row)))
    return [
        f"chr{contig}\t{pos}\t.\tA\tG\t.\tPASS\t.\tGT:AD:DP:GQ\t{cells}"
        for contig, pos, cells in found
    ], de_novo


_CELLS = ("0/0:30,0:30:60", "0/1:15,15:30:60", "1/1:0,30:30:60")


def _genotypes(row: Dosages) -> str:
    return "\t".join(_CELLS[one] for one in row)


def _vcf(columns: list[str], lines: list[str]) -> bytes:
    lengths = {"1": 248956422, "2": 242193529, "3": 198295559, "X": 156040895}
    text = "##fileformat=VCFv4.2\n"
    text += "".join(f"##contig=<ID=chr{one},length={size}>\n" for one, size in lengths.items())
    for name, number, kind in (
        ("GT", "1", "String"),
        ("AD", "R", "Integer"),
        ("DP", "1", "Integer"),
        ("GQ", "1", "Integer"),
    ):
        text += f'##FORMAT=<ID={name},Number={number},Type={kind},Description="{name}">\n'
    fixed = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
    return (text + "\t".join((*fixed, *columns)) + "\n" + "\n".join(lines) + "\n").encode()
