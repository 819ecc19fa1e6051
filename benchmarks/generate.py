"""Simulate the data of one size: deterministic, and made once."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.batches import sample_names, write_batch
from benchmarks.folders import FORMAT, Data
from benchmarks.gvcf_data import GvcfData, generate_gvcfs
from benchmarks.population import Alleles, Population, Site
from benchmarks.sizes import SIZES, Size
from benchmarks.vcf_files import write_joint, write_single

log = logging.getLogger(__name__)

SEED: Final = 20_261_120
_PER_BATCH: Final = 20
_COMMON_JOINT: Final = 0.12
"""Share of common sites in a large cohort: a person carries about 4 % of all, as in phase 3."""
_COMMON_FEW: Final = 0.5
"""Likewise among few people, who show few of the rare ones."""


def generate(work: Path, size: Size, *, force: bool = False) -> Data:
    """Simulate a size, and the tiny one to warm up on, unless both are there.

    Args:
        work: the benchmarks' folder.
        size: how much.
        force: whether to make anew what is there.
    """
    for one in _with_tiny(size):
        data = Data.of(work, one)
        if force or not _is_there(data, one):
            _simulate(data, one)
    generate_gvcfs(Data.of(work, size), force=force)
    return Data.of(work, size)


def require(work: Path, size: Size) -> None:
    """Make sure that the data of a size are there, and those to warm up on.

    Raises:
        FileNotFoundError: they are not, or are of another version of this program.
    """
    for one in _with_tiny(size):
        data = Data.of(work, one)
        if not _is_there(data, one) or not GvcfData.beside(data).is_there():
            raise FileNotFoundError(f"no data of size {one.name} in {work}; run `generate` first")


def _with_tiny(size: Size) -> list[Size]:
    return list(dict.fromkeys((SIZES["tiny"], size)))


def _wanted(size: Size) -> dict[str, object]:
    described: dict[str, object] = json.loads(json.dumps(asdict(size)))
    return {**described, "format": FORMAT, "seed": SEED}


def _is_there(data: Data, size: Size) -> bool:
    about = data.about() or {}
    return {name: value for name, value in about.items() if name != "made"} == _wanted(size)


def _simulate(data: Data, size: Size) -> None:
    started = perf_counter()
    if data.root.exists():
        shutil.rmtree(data.root)
    made = {
        "singles": _write_singles(data, size),
        "joint": _write_joint(data.joint, size.joint, size.joint_sites),
        "night": _write_nights(data, size),
    }
    about = {**_wanted(size), "made": made}
    data.about_file.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    log.info("%s: simulated in %.0f s", size.name, perf_counter() - started)


def _write_singles(data: Data, size: Size) -> dict[str, int]:
    """Nights of `_PER_BATCH` persons with a VCF each; tells how many records they have."""
    sites, alleles = _whole(Population(SEED, size.singles, size.singles_sites, common=_COMMON_FEW))
    random = np.random.default_rng(SEED)
    records = 0
    for first in range(0, size.singles, _PER_BATCH):
        names = sample_names(first, min(_PER_BATCH, size.singles - first))
        folder = data.root / "singles" / f"night-{first // _PER_BATCH + 1:02d}"
        records += _write_people(folder, names, sites, alleles[:, 2 * first :], random)
        write_batch(folder, f"BENCH-{folder.name}", names, "bed")
    return {"records": records, "carried": records}


def _write_joint(folder: Path, people: int, sites: int) -> dict[str, int]:
    """One VCF of all; tells its records and non-reference genotypes."""
    population = Population(SEED + 1, people, sites, common=_COMMON_JOINT, missing=0.01)
    names = sample_names(0, people)
    tally = {"records": 0, "carried": 0}

    def counted() -> Iterator[tuple[list[Site], Alleles]]:
        for some, alleles in population.blocks():
            tally["records"] += len(some)
            carried = np.maximum(alleles[:, ::2], alleles[:, 1::2]) > 0
            tally["carried"] += int(np.count_nonzero(carried))
            yield some, alleles

    folder.mkdir(parents=True)
    write_joint(folder / "joint.vcf.gz", names, counted())
    write_batch(folder, f"BENCH-{folder.name}", names, "sites")
    return tally


def _write_nights(data: Data, size: Size) -> dict[str, int]:
    """Cohorts of several sizes as joint VCFs, and a night of others; tells the night's records."""
    most = max(size.cohorts)
    population = Population(SEED + 2, most + size.night, size.night_sites, common=_COMMON_FEW)
    sites, alleles = _whole(population)
    for persons in size.cohorts:
        folder = data.cohort(persons)
        folder.mkdir(parents=True)
        own = alleles[:, : 2 * persons]
        varying = np.flatnonzero((own > 0).any(axis=1))
        names = sample_names(0, persons)
        write_joint(folder / "joint.vcf.gz", names, [([sites[at] for at in varying], own[varying])])
        write_batch(folder, f"BENCH-{folder.name}", names, "bed")
    names = sample_names(most, size.night)
    random = np.random.default_rng(SEED + 2)
    records = _write_people(data.night, names, sites, alleles[:, 2 * most :], random)
    write_batch(data.night, "BENCH-night", names, "bed")
    return {"records": records, "carried": records}


def _write_people(
    folder: Path, names: list[str], sites: list[Site], alleles: Alleles, random: np.random.Generator
) -> int:
    """A VCF for each name, from its two columns of alleles; returns the number of records."""
    folder.mkdir(parents=True)
    return sum(
        write_single(
            folder / f"{name}.vcf.gz", name, sites, alleles[:, 2 * at : 2 * at + 2], random
        )
        for at, name in enumerate(names)
    )


def _whole(population: Population) -> tuple[list[Site], Alleles]:
    blocks = list(population.blocks())
    sites = [site for some, _ in blocks for site in some]
    return sites, np.concatenate([alleles for _, alleles in blocks])
