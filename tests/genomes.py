"""Simulated genomes for tests of identity: unlinked SNVs all over the genome, and how to push them.

Alleles are in Hardy-Weinberg proportions, children get one of each parent's at random, and
genotypes may be lost. Nobody here exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cad.batch_rows import People
from cad.batch_tracks import gather_tracks
from cad.door.arrivals import Arrivals
from cad.warehouse import Warehouse
from loaders.intake import plan_jobs, read_batch
from loaders.vcf_file import read_vcf
from schemas.contigs import CONTIGS, contig_length
from tests.twin.tiny import tiny_batch

Alleles = NDArray[np.int8]
ABSENT = -1
"""The second allele of a man's X, and both of a woman's Y."""
X_PART = (3_000_000, 150_000_000)
Y_PART = (3_000_000, 26_000_000)


@dataclass
class World:
    """Where people differ: SNVs spread evenly over the autosomes, X and Y between their PARs."""

    seed: int = 1
    autosomal: int = 1_100
    x: int = 200
    y: int = 200
    rng: np.random.Generator = field(init=False)
    contig: NDArray[np.str_] = field(init=False)
    pos: NDArray[np.int64] = field(init=False)
    frequency: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        contigs: list[str] = []
        places: list[NDArray[np.int64]] = []
        for name in CONTIGS[:24]:
            first, last, count = 1_000_000, contig_length("GRCh38", name) - 1_000_000, 0
            if name == "X":
                (first, last), count = X_PART, self.x
            elif name == "Y":
                (first, last), count = Y_PART, self.y
            else:
                count = self.autosomal // 22
            places.append(np.sort(self.rng.choice(last - first, count, replace=False)) + first)
            contigs += [name] * count
        self.contig, self.pos = np.array(contigs), np.concatenate(places)
        self.frequency = self.rng.uniform(0.1, 0.7, len(self.pos))

    def founder(self, sex: str) -> Alleles:
        """A person without relatives: two alleles (0, 1 or ABSENT) at each place."""
        return self._of_sex(
            (self.rng.random((len(self.pos), 2)) < self.frequency[:, None]).astype(np.int8), sex
        )

    def child(self, father: Alleles, mother: Alleles, sex: str) -> Alleles:
        """A child of two people."""
        which = self.rng.integers(0, 2, (len(self.pos), 2))
        every = np.arange(len(self.pos))
        genome = np.stack([father[every, which[:, 0]], mother[every, which[:, 1]]], axis=1)
        on_x, on_y = self.contig == "X", self.contig == "Y"
        genome[on_x, 0] = father[on_x, 0]
        genome[on_y] = father[on_y]
        if sex == "XY":
            genome[on_x] = genome[on_x][:, ::-1]
        return self._of_sex(genome, sex)

    def _of_sex(self, genome: Alleles, sex: str) -> Alleles:
        if sex == "XY":
            genome[self.contig == "X", 1] = ABSENT
            genome[self.contig == "Y", 1] = ABSENT
        else:
            genome[self.contig == "Y"] = ABSENT
        return genome


@dataclass(frozen=True)
class Tube:
    """One sample: its row of the sheet, and what was sequenced.

    `lost` is the share of genotypes that are not called, `is_haploid` whether a man's X and Y are
    written as one allele, `seed` what the loss follows from.
    """

    sample_id: str
    person_id: str
    sex: str
    genome: Alleles
    father_id: str = ""
    mother_id: str = ""
    twin_of: str = ""
    assay: str = "WGS"
    material: str = "germline"
    lost: float = 0.02
    is_haploid: bool = False
    seed: int = 0


_SHEET = ("sample_id", "person_id", "sex", "father_id", "mother_id", "twin_of", "assay", "material")


def push_dir(
    folder: Path,
    world: World,
    tubes: Sequence[Tube],
    *,
    contigs: Sequence[str] = CONTIGS[:24],
    every: int = 1,
    callability: str = "bed",
    platform: str = "SEQOIA",
    bed: Mapping[str, tuple[int, int]] | None = None,
) -> Path:
    """Write a batch with one joint file of these samples.

    Every so many places are sequenced, on these contigs; `bed` gives the span of other contigs than
    the whole ones.
    """
    chosen = np.flatnonzero(np.isin(world.contig, contigs))[::every]
    columns = [_column(world, tube, chosen) for tube in tubes]
    lines = [
        f"{world.contig[at]} {world.pos[at]} A G PASS . GT:DP:GQ {' '.join(cells)}"
        for at, cells in zip(chosen, zip(*columns, strict=True), strict=True)
        if any("1" in cell[:3] for cell in cells)
    ]
    sheet = "\n".join(
        " ".join(cells)
        for cells in (
            _SHEET,
            *([getattr(tube, name) or "-" for name in _SHEET] for tube in tubes),
        )
    )
    entry = {"callability": callability, "contigs": list(contigs)}
    if callability == "bed":
        entry["callable_bed"] = "all.bed"
    ids = " ".join(tube.sample_id for tube in tubes)
    made = tiny_batch(
        folder, sheet, {"joint.vcf": [ids, *lines]}, {"joint.vcf": entry}, platform=platform
    )
    if callability == "bed":
        spans = {name: (0, contig_length("GRCh38", name)) for name in contigs} | dict(bed or {})
        rows = (f"chr{name}\t{start}\t{end}\n" for name, (start, end) in spans.items())
        (made / "all.bed").write_text("".join(rows))
    return made


def _column(world: World, tube: Tube, chosen: NDArray[np.int64]) -> list[str]:
    """The cells of a sample: GT, a depth and a quality that pass."""
    rng = np.random.default_rng([tube.seed, len(tube.sample_id), *tube.sample_id.encode()])
    lost = rng.random(len(chosen)) < tube.lost
    cells = []
    for at, is_lost in zip(chosen, lost, strict=True):
        first, second = tube.genome[at].tolist()
        if is_lost or first == ABSENT:
            cells.append("./.:30:50")
        elif second == ABSENT:
            text = f"{first}" if tube.is_haploid else f"{first}/{first}"
            cells.append(f"{text}:30:50")
        else:
            cells.append(f"{min(first, second)}/{max(first, second)}:30:50")
    return cells


def looked_at(warehouse: Warehouse, directory: Path, out: Path) -> Arrivals:
    """The samples of a batch, read as a push reads them, into a folder."""
    batch = read_batch(directory)
    people = People.number(batch, frozenset(), 1_000_000)
    jobs = plan_jobs(batch, people.numbers, reference=warehouse.reference, out=out)
    results = [read_vcf(job) for job in jobs]
    tracks = gather_tracks(jobs, results)
    assert warehouse.assembly == batch.manifest.assembly
    return Arrivals.gather(people, jobs, results, tracks, None)
