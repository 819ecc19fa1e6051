"""The simulated gVCFs of one size, beside the other data: made once, and batches for CAD."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from benchmarks.batches import sample_names, write_batch
from benchmarks.folders import Data, variant_files
from benchmarks.gvcf_files import apart, write_gvcf
from benchmarks.population import Alleles, Population, Site

log = logging.getLogger(__name__)

SEED: Final = 20_261_121
FORMAT: Final = "cad-benchmark-gvcfs/1"
"""Goes up with every change to what is simulated."""
_PER_BATCH: Final = 100
_COMMON: Final = 0.5


@dataclass(frozen=True)
class GvcfSize:
    """Persons, sites and blocks.

    Attributes:
        people: of the gVCFs that are read and counted by stratum.
        sites: at which they vary.
        blocks: of each of their files, about.
        cohorts: persons that a night is added to; the same for all but the first are in the next.
        night: persons of the night.
        night_sites: at which the cohort and the night vary.
        night_blocks: of each of their files, about.
    """

    people: int
    sites: int
    blocks: int
    cohorts: tuple[int, int]
    night: int
    night_sites: int
    night_blocks: int


GVCF_SIZES: Final = {
    "tiny": GvcfSize(6, 200, 300, (8, 16), 2, 100, 60),
    "small": GvcfSize(60, 5_000, 4_000, (200, 2_000), 10, 2_000, 300),
    "medium": GvcfSize(60, 20_000, 40_000, (200, 2_000), 10, 5_000, 2_000),
    "large": GvcfSize(60, 50_000, 400_000, (200, 2_000), 10, 20_000, 10_000),
}
"""By name of the size. `medium` has a record each 250 positions, as a reblocked gVCF."""


@dataclass(frozen=True)
class GvcfData:
    """Where they are: ``people``, ``cohort-<n>`` with batches, and ``night``, each a batch."""

    root: Path

    @classmethod
    def beside(cls, data: Data) -> GvcfData:
        """Those of the same size as other data."""
        return cls(data.root.with_name("gvcfs"))

    @property
    def size(self) -> GvcfSize:
        """How much it is."""
        return GVCF_SIZES[self.root.parent.name]

    @property
    def tiny(self) -> GvcfData:
        """The tiny data beside these."""
        return GvcfData(self.root.parent.parent / "tiny" / self.root.name)

    @property
    def people(self) -> Path:
        """A batch of people whose gVCFs are read and counted."""
        return self.root / "people"

    @property
    def night(self) -> Path:
        """A batch of people who are added to a cohort."""
        return self.root / "night"

    def cohort(self, persons: int) -> list[Path]:
        """The batches of so many persons, the same first ones for each number."""
        found: list[Path] = []
        held = 0
        for folder in sorted((self.root / "cohort").iterdir()):
            if held < persons:
                found.append(folder)
                held += len(variant_files(folder))
        return found

    def made(self, name: str) -> dict[str, float]:
        """Persons and records of one data set."""
        about: dict[str, Any] = json.loads(self._about.read_text(encoding="utf-8"))
        figures: dict[str, float] = about["made"][name]
        return figures

    @property
    def _about(self) -> Path:
        return self.root / "about.json"

    def _wanted(self) -> dict[str, Any]:
        described: dict[str, Any] = json.loads(json.dumps(asdict(self.size)))
        return {**described, "format": FORMAT, "seed": SEED}

    def is_there(self) -> bool:
        """Whether all was simulated, by this version of the program."""
        if not self._about.exists():
            return False
        about = json.loads(self._about.read_text(encoding="utf-8"))
        return {name: value for name, value in about.items() if name != "made"} == self._wanted()

    def simulate(self) -> None:
        """Make them, in place of those that are there."""
        started = perf_counter()
        if self.root.exists():
            shutil.rmtree(self.root)
        made = {"people": self._write_people(), **self._write_nights()}
        about = json.dumps({**self._wanted(), "made": made}, indent=1)
        self._about.write_text(about + "\n", encoding="utf-8")
        log.info("%s: gVCFs simulated in %.0f s", self.root.parent.name, perf_counter() - started)

    def _write_people(self) -> dict[str, int]:
        size = self.size
        people = _People(SEED, size.people, size.sites, size.blocks)
        return people.write(self.people, "BENCH-people", 0, size.people)

    def _write_nights(self) -> dict[str, dict[str, int]]:
        """The larger cohort in batches, of which the first make up the smaller one; the night."""
        size = self.size
        fewer, most = size.cohorts
        people = _People(SEED + 1, most + size.night, size.night_sites, size.night_blocks)
        step = min(_PER_BATCH, fewer)
        cohort = {"persons": 0, "records": 0}
        for first in range(0, most, step):
            folder = self.root / "cohort" / f"{first // step:03}"
            told = people.write(folder, f"BENCH-{folder.name}", first, min(step, most - first))
            cohort = {name: cohort[name] + told[name] for name in cohort}
        return {
            "cohort": cohort,
            "night": people.write(self.night, "BENCH-night", most, size.night),
        }


class _People:
    """People of one population, written as gVCFs."""

    def __init__(self, seed: int, people: int, sites: int, blocks: int) -> None:
        drawn = list(Population(seed, people, sites, common=_COMMON).blocks())
        self._sites: list[Site]
        self._alleles: Alleles
        self._sites, self._alleles = apart(
            [site for some, _ in drawn for site in some],
            np.concatenate([alleles for _, alleles in drawn]),
        )
        self._blocks = blocks
        self._random = np.random.default_rng(seed)

    def write(self, folder: Path, batch_id: str, first: int, number: int) -> dict[str, int]:
        """Write a batch of persons, from a place on; tells persons and records."""
        folder.mkdir(parents=True)
        names = sample_names(first, number)
        records = 0
        for place, name in enumerate(names, start=first):
            pairs = self._alleles[:, 2 * place : 2 * place + 2]
            path = folder / f"{name}.vcf.gz"
            records += write_gvcf(path, name, self._sites, pairs, self._blocks, self._random)
        write_batch(folder, batch_id, names, "blocks")
        return {"persons": number, "records": records}


def generate_gvcfs(data: Data, *, force: bool = False) -> None:
    """Simulate the gVCFs of a size unless they are there."""
    for one in dict.fromkeys((GvcfData.beside(data.tiny), GvcfData.beside(data))):
        if force or not one.is_there():
            one.simulate()
