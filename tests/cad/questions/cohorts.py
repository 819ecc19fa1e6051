"""A small random cohort with phenotypes, pushed and built; what it was drawn from is the truth.

Genotypes are written plainly, so that each is known by its text alone: a twin that counts persons
needs no rule of reading VCF.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cad.annotation.load import add_annotation
from cad.warehouse import Warehouse
from tests.annotations import sites
from tests.queried import built
from tests.twin.tiny import tiny_batch

PARENTS = {
    "HP:0000001": [],
    "HP:0000118": ["HP:0000001"],
    "HP:0000707": ["HP:0000118"],
    "HP:0001626": ["HP:0000118"],
    "HP:0001250": ["HP:0000707"],
    "HP:0002133": ["HP:0001250"],
    "HP:0001249": ["HP:0000707"],
    "HP:0001638": ["HP:0001626"],
    "HP:0011675": ["HP:0001626"],
}
"""Of each term: the terms that it is directly a kind of."""
LEAVES = ("HP:0001250", "HP:0002133", "HP:0001249", "HP:0001638", "HP:0011675", "HP:0000707")
ALTERNATIVE = {"HP:0002279": "HP:0001250"}
CODES = ("G40.1", "G40.9", "I42.0", "E10")
INDICATIONS = ("Leucodystrophies", "Cardiomyopathie", "")
PLACES = tuple(("22", 1000 + 10 * at) for at in range(14))
PLACES += tuple(("X", 5_000_000 + 10 * at) for at in range(4)) + (("M", 100), ("M", 200))


CONSEQUENCES = {
    at: [(f"ENSG{at % 3}", "HIGH" if at % 4 else "MODERATE")] for at in range(0, 14, 2)
} | {1: [("ENSG0", "HIGH"), ("ENSG2", "LOW")], 14: [("ENSG9", "HIGH")], 15: [("ENSG9", "MODERATE")]}
"""By number of the place: which genes its variant changes, and with what impact."""
COMMON_IN_GNOMAD = 6
"""The number of the place whose variant gnomAD knows as common."""
_TERMS = {"HIGH": "stop_gained", "MODERATE": "missense_variant", "LOW": "synonymous_variant"}
_CSQ = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. '
    'Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE">'
)


def closure(term: str) -> set[str]:
    """A term and all that it is a kind of."""
    return {term}.union(*(closure(one) for one in PARENTS.get(term, [])))


@dataclass
class Person:
    """One person, one sample, one genotype at each place: none, no, het, hom or hemi."""

    person_id: str
    sex: str
    affected: str
    indication: str
    platform: str
    father: str = ""
    consents: set[str] = field(default_factory=set)
    terms: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    genotypes: dict[str, str] = field(default_factory=dict)

    @property
    def closed(self) -> set[str]:
        """Terms with all that they are kinds of, in ids that are in use."""
        return set().union(*(closure(ALTERNATIVE.get(one, one)) for one in self.terms))

    def value(self, name: str) -> str:
        """An attribute as strata name it."""
        return getattr(self, name) or "unknown"


@dataclass(frozen=True)
class Made:
    """The warehouse and everybody in it."""

    warehouse: Warehouse
    people: Sequence[Person]
    variants: tuple[str, ...] = tuple(f"{contig}-{pos}-A-G" for contig, pos in PLACES)

    def counting(self, purpose: str) -> list[Person]:
        """Those who count for a purpose."""
        return [one for one in self.people if purpose == "care" or purpose in one.consents]


@contextmanager
def phenotyped(
    folder: Path, seed: int = 5, persons: int = 70, consenting: bool = False
) -> Iterator[Made]:
    """Draw, push and build a cohort below a folder, or those of it who consent to research."""
    rng = random.Random(seed)
    people = [_person(rng, number) for number in range(persons)]
    if consenting:
        people = [one for one in people if "research" in one.consents]
    batches = [
        _batch(folder / f"{platform}-1", platform, [p for p in people if p.platform == platform])
        for platform in ("SEQOIA", "AURAGEN")
    ]
    with built(folder / "warehouse", batches, None) as warehouse:
        ontology = folder / "hp.obo"
        ontology.write_text(_obo(), encoding="utf-8")
        add_annotation(warehouse, "hpo", ontology, "2025-01-16")
        add_annotation(warehouse, "vep", _consequences(folder / "vep.vcf"), "1")
        contig, pos = PLACES[COMMON_IN_GNOMAD]
        line = f"{contig} {pos} . A G . PASS AC=90;AN=100;AF=0.9"
        known = sites(folder / "gnomad.vcf", [line], keys=("AC", "AN", "AF"))
        add_annotation(warehouse, "gnomad", known, "4.1")
        yield Made(warehouse, people)


def _person(rng: random.Random, number: int) -> Person:
    one = Person(
        f"P{number:03}", rng.choice(["XX", "XY"]), rng.choice(["0", "1", "1", ""]),
        rng.choice(INDICATIONS), rng.choice(["SEQOIA", "AURAGEN"]),
        father="P000" if number % 9 == 4 else "",
    )  # fmt: skip
    if rng.random() < 0.6:
        one.consents.add("research")
    if rng.random() < 0.75:
        one.terms = set(rng.sample([*LEAVES, *ALTERNATIVE], rng.randint(0, 3)))
        one.excluded = set(rng.sample(LEAVES, 1)) - one.terms
    if rng.random() < 0.5:
        one.codes = {rng.choice(CODES)}
    for at, (contig, pos) in enumerate(PLACES):
        one.genotypes[f"{contig}-{pos}-A-G"] = _genotype(rng, contig, one, at)
    return one


def _genotype(rng: random.Random, contig: str, one: Person, at: int) -> str:
    if rng.random() < 0.12:
        return "none"
    # The first place goes with seizures.
    frequency = 0.7 if at == 0 and "HP:0001250" in one.closed else (0.05, 0.2, 0.45)[at % 3]
    first, second = rng.random() < frequency, rng.random() < frequency
    if contig == "X" and one.sex == "XY":
        return "hemi" if first else "no"
    return ("no", "het", "hom")[first + second]


_TEXT = {"none": "./.", "no": "0/0", "het": "0/1", "hom": "1/1", "hemi": "1"}


def _cell(contig: str, kind: str) -> str:
    if contig == "M":
        share = {"none": ".", "no": "0", "het": "0.5", "hom": "0.99"}[kind]
        gt = {"none": ".", "no": "0", "het": "0/1", "hom": "1"}[kind]
        return f"{gt}:{0 if kind == 'none' else 500}:50:{share}"
    return f"{_TEXT[kind]}:30:50:."


def _batch(folder: Path, platform: str, people: Sequence[Person]) -> Path:
    rows = ["sample_id person_id sex father_id affected indication"]
    for one in people:
        cells = (one.person_id, one.sex, one.father, one.affected, one.indication)
        rows.append(" ".join([f"s{one.person_id}", *(cell or "-" for cell in cells)]))
    lines = [" ".join(f"s{one.person_id}" for one in people)]
    for contig, pos in PLACES:
        kinds = [one.genotypes[f"{contig}-{pos}-A-G"] for one in people]
        cells = " ".join(_cell(contig, kind) for kind in kinds)
        lines.append(f"{contig} {pos} A G PASS . GT:DP:GQ:AF {cells}")
    made = tiny_batch(folder, "\n".join(rows), {"a.vcf": lines}, platform=platform)
    consents = [
        f"{one.person_id}\tresearch\tgiven\t2026-01-01"
        for one in people
        if "research" in one.consents
    ]
    _put(made / "consents.tsv", ["person_id\tscope\tstatus\tsigned_on", *consents])
    features = [
        f"{one.person_id}\t{system}\t{code}\t{excluded}"
        for one in people
        for system, codes, excluded in (
            ("HPO", one.terms, 0), ("HPO", one.excluded, 1), ("ICD10", one.codes, 0),
        )
        for code in sorted(codes)
    ]  # fmt: skip
    _put(made / "phenotypes.tsv", ["person_id\tsystem\tcode\texcluded", *features])
    return made


def _consequences(path: Path) -> Path:
    lines = []
    for at, genes in sorted(CONSEQUENCES.items()):
        entries = ",".join(
            f"G|{_TERMS[impact]}|{impact}|SYM{gene[-1]}|{gene}|Transcript|T{gene}|protein_coding"
            for gene, impact in genes
        )
        contig, pos = PLACES[at]
        lines.append(f"{contig} {pos} . A G . . CSQ={entries}")
    return sites(path, lines, meta=[_CSQ], keys=())


def _put(path: Path, rows: Sequence[str]) -> None:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def _obo() -> str:
    alternatives = {current: old for old, current in ALTERNATIVE.items()}
    parts = ["format-version: 1.2\n"]
    for term, parents in PARENTS.items():
        lines = ["[Term]", f"id: {term}", f"name: Term {term[-4:]}"]
        lines += [f"alt_id: {alternatives[term]}"] if term in alternatives else []
        parts.append("\n".join([*lines, *(f"is_a: {one}" for one in parents)]) + "\n")
    return "\n".join(parts)
