"""A cohort in which some groups are small and some are not, pushed, built and released."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from cad.build.run import build_base
from cad.push import push_batch
from cad.query.answer import find_variant
from cad.query.base import open_base
from cad.query.reader import BaseReader
from cad.releases.create import create_release
from cad.releases.read import open_release
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.twin.tiny import tiny_batch

Document = dict[str, Any]

HEADER = "sample_id person_id sex affected indication region cohort"
PLACES = (
    ("22", 100), ("22", 150), ("22", 160), ("22", 165), ("X", 5_000_000), ("X", 100_000),
    ("Y", 5_000_000), ("M", 100),
)  # fmt: skip
FREQUENCIES = (0.03, 0.2, 0.5, 0.98, 0.2, 0.1, 0.3, 0.2)
GROUPS = ("rare", "large", "large", "large", "middle", "middle")


def person(random: Random, number: int, prefix: str = "P") -> tuple[str, list[str], list[str]]:
    """A row of the sample sheet, rows of consents, a genotype for each of `PLACES`."""
    sex = "XX" if number % 2 else "XY"
    name = f"{prefix}{number}"
    group = random.choice(GROUPS) if number > 3 else GROUPS[0]
    sheet = f"s{name} {name} {sex} {number % 3 % 2} {group} R{number % 4} unknown"
    consents = [
        f"{name} {scope} given 2026-01-01"
        for scope, often in (("research", 0.95), ("industry", 0.7))
        if random.random() < often
    ]
    calls = [
        genotype(random, contig, sex, frequency, contig == "X" and pos < 1_000_000)
        for (contig, pos), frequency in zip(PLACES, FREQUENCIES, strict=True)
    ]
    return sheet, consents, calls


def genotype(random: Random, contig: str, sex: str, frequency: float, is_par: bool) -> str:
    """One cell of a VCF."""
    if contig == "M":
        return random.choice(["0/1:300:0.4", "1/1:300:0.99", "0/0:300:0", "0/0:300:0"])
    depth = random.choice([30, 30, 30, 30, 5])
    alleles = [int(random.random() < frequency) for _ in range(2)]
    if contig == "Y" and sex == "XX":
        return "./.:0:0"
    if contig in "XY" and sex == "XY" and not is_par:
        alleles = alleles[:1]
    return "/".join(map(str, alleles)) + f":{depth}:50"


def batch_of(
    folder: Path, seed: int, persons: int, without: frozenset[int] = frozenset(), prefix: str = "P"
) -> Path:
    """A batch of so many persons, but some numbers."""
    random = Random(seed)
    made = [person(random, number, prefix) for number in range(persons)]
    kept = [one for number, one in enumerate(made) if number not in without]
    columns = " ".join(sheet.split()[0] for sheet, _, _ in kept)
    lines = []
    for at, (contig, pos) in enumerate(PLACES):
        form = "GT:DP:AF" if contig == "M" else "GT:DP:GQ"
        cells = " ".join(calls[at] for _, _, calls in kept)
        lines.append(f"{contig} {pos} A G PASS . {form} {cells}")
    consents = "\n".join(row for _, rows, _ in kept for row in rows)
    return tiny_batch(
        folder,
        "\n".join((HEADER, *(sheet for sheet, _, _ in kept))),
        {"a.vcf": [columns, *sorted(lines, key=_order)]},
        consents=f"person_id scope status signed_on\n{consents}",
    )


def _order(line: str) -> tuple[int, int]:
    contig, pos = line.split()[:2]
    return ("22", "X", "Y", "M").index(contig), int(pos)


@contextmanager
def released(folder: Path, batches: list[Path], name: str = "R1") -> Iterator[Warehouse]:
    """A warehouse with these batches, built and released."""
    settings = Settings(threads=2)
    with Warehouse.create(folder, "GRCh38", settings=settings) as warehouse:
        for batch in batches:
            push_batch(warehouse, batch)
        build_base(warehouse)
        create_release(warehouse, name)
        yield warehouse


def variants() -> list[str]:
    return [f"{contig}-{pos}-A-G" for contig, pos in PLACES]


def of_base(warehouse: Warehouse, purpose: str, variant: str) -> Document:
    with open_base(warehouse, purpose) as base:
        return find_variant(BaseReader(warehouse, base), variant)


def of_release(warehouse: Warehouse, purpose: str, variant: str, name: str = "R1") -> Document:
    with open_release(warehouse, name, purpose) as reader:
        return find_variant(reader, variant)
