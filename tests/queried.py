"""A random cohort that was pushed and built, and what its base says by a slow full scan."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from scipy.stats import gamma

from cad.build.run import build_base
from cad.push import push_batch
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.folded import stratum_numbers
from cad.registry.numbers import latest_commit
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.twin.cohorts import Shape, random_batch_dirs

PURPOSES = ("care", "research", "industry")
Key = tuple[str, int, str, str]
Figures = dict[str, Any]


@dataclass(frozen=True)
class Queried:
    """A warehouse with a base, and the batch directories it was made of."""

    warehouse: Warehouse
    batches: list[Path]
    reference: Path

    @cached_property
    def scans(self) -> dict[str, "Scan"]:
        """What the base of each purpose says."""
        return {purpose: scan(self.warehouse, purpose) for purpose in PURPOSES}


@dataclass(frozen=True)
class Scan:
    """Figures by variant and stratum, and depth by contig, position and stratum where above 0.

    `flags` are by variant: their columns of the base, and under `flags` the names of those raised.
    """

    variants: dict[Key, dict[str, Figures]]
    depth: dict[tuple[str, int], dict[str, list[int]]]
    flags: dict[Key, Figures]


@contextmanager
def queried(folder: Path, seed: int = 3, shape: Shape | None = None) -> Iterator[Queried]:
    """Write, push and build a random cohort below a folder."""
    cohort = random_batch_dirs(seed, folder / "cohort", shape or Shape(persons=9, batches=3))
    with built(folder / "warehouse", cohort.batches, cohort.reference) as warehouse:
        yield Queried(warehouse, cohort.batches, cohort.reference)


@contextmanager
def built(folder: Path, batches: list[Path], reference: Path | None) -> Iterator[Warehouse]:
    """A new warehouse with these batches, built."""
    settings = Settings(threads=2)
    with Warehouse.create(folder, "GRCh38", reference=reference, settings=settings) as warehouse:
        for batch in batches:
            push_batch(warehouse, batch)
        build_base(warehouse)
        yield warehouse


def refusing_care(batches: list[Path], persons: set[str], out: Path) -> list[Path]:
    """Copies of batches in which some persons refuse to count for care."""
    copies = [Path(shutil.copytree(batch, out / batch.name)) for batch in batches]
    sheet = copies[-1] / "consents.tsv"
    if not sheet.exists():
        sheet.write_text("person_id\tscope\tstatus\tsigned_on\n")
    names = sheet.read_text().splitlines()[0].split("\t")
    said = {"scope": "care", "status": "refused", "signed_on": "2126-01-01"}
    with sheet.open("a") as file:
        for person in sorted(persons):
            row = {"person_id": person, **said}
            file.write("\t".join(row.get(name, "") for name in names) + "\n")
    return copies


def scan(warehouse: Warehouse, purpose: str) -> Scan:
    """Read all rows of a base and work every figure out."""
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        names = {no: name for name, no in stratum_numbers(connection, purpose).items()}
        tables = {
            table: [
                row
                for file in lake_files(connection, commit_no, table, purpose=purpose)
                for row in pq.read_table(warehouse.path / file.path).to_pylist()
            ]
            for table in ("base_counts", "base_an", "base_depth")
        }
    counts = {(*key_of(row), row["stratum"]): row for row in tables["base_counts"]}
    variants = {
        key_of(row): {
            name: _figures(row, counts.get((*key_of(row), number)), number)
            for number, name in names.items()
        }
        for row in tables["base_an"]
    }
    flags = {key_of(row): _flags(row, len(variants)) for row in tables["base_an"]}
    return Scan(variants, _depth(tables["base_depth"], names), flags)


def without_flags(found: dict[Key, dict[str, Figures]]) -> dict[Key, Figures]:
    """Take what is said of flags out of each variant's rows, which must all say the same."""
    flags: dict[Key, Figures] = {}
    for key, rows in found.items():
        for row in rows.values():
            said = {
                name: row.pop(name)
                for name in ("p_platform", "p_pipeline", "p_excess_het", "call_rate", "flags")
            }
            assert flags.setdefault(key, said) == said
    return flags


def key_of(row: Figures) -> Key:
    """The variant a row is about."""
    return row["contig"], row["pos"], row["ref"], row["alt"]


def _flags(row: Figures, variants: int) -> Figures:
    chances = {"platform_difference": "p_platform", "pipeline_difference": "p_pipeline",
               "excess_heterozygosity": "p_excess_het"}  # fmt: skip
    raised = [
        flag
        for flag, name in chances.items()
        if row[name] is not None and row[name] * variants < 0.05
    ]
    if row["call_rate"] is not None and row["call_rate"] < 0.9:
        raised.append("low_call_rate")
    return {name: row[name] for name in (*chances.values(), "call_rate")} | {"flags": raised}


def _figures(row: Figures, counted: Figures | None, number: int) -> Figures:
    def part(name: str) -> int:
        return row[name][number - 1] if number <= len(row[name]) else 0

    def count(name: str) -> int:
        return counted[name] if counted else 0

    on_m = row["contig"] == "M"
    het, hom, hemi = (count(name) for name in ("n_het", "n_hom", "n_hemi"))
    ac = het + hom + hemi if on_m else het + 2 * hom + hemi
    raw = count("n_het_raw") + count("n_hemi_raw") + (1 if on_m else 2) * count("n_hom_raw")
    alleles, an = (hom if on_m else ac), part("an")
    bound = float(gamma.ppf(0.05, alleles)) if alleles > 1 and an else 0.0
    return {
        "ac": ac, "an": an, "af": alleles / an if an else None, "n_het": het, "n_hom": hom,
        "n_hemi": hemi, "persons": part("persons"), "faf95": bound / an if an else 0.0,
        "ac_raw": raw, "an_raw": part("an_raw"), "hidden": False,
    }  # fmt: skip


def _depth(
    rows: list[Figures], names: dict[int, str]
) -> dict[tuple[str, int], dict[str, list[int]]]:
    found: dict[tuple[str, int], dict[str, list[int]]] = defaultdict(dict)
    for row in rows:
        changes = zip(*(row[name] for name in ("an", "an_raw", "persons", "assayed")), strict=True)
        figures = [0, 0, 0, 0]
        events = list(zip(row["offset"], changes, strict=True))
        for (offset, change), after in zip(events, [*row["offset"][1:], 16_000], strict=True):
            figures = [a + b for a, b in zip(figures, change, strict=True)]
            # A BED over a whole chromosome is told by its first and last positions.
            for at in sorted({*range(offset, min(offset + 40, after)), after - 1}):
                if any(figures):
                    found[row["contig"], row["page"] * 16_000 + at + 1][names[row["stratum"]]] = (
                        figures
                    )
    return dict(found)
