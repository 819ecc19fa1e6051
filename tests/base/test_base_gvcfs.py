"""Real gVCFs from their files to the answers: the base and its queries equal the twin's count.

At every variant of the files, and at every position of stretches drawn from each of them. Low
coverage passes only where the thresholds are low; raw counts do not depend on them.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from random import Random

import pytest

from cad.query import BaseReader, find_region, open_base
from cad.query.depth_runs import find_depth
from cad.settings import WarehouseConfig
from cad.warehouse import Warehouse
from loaders.jobs import Thresholds
from tests.base.gvcfs import Gvcf, Place, positions, write_batch
from tests.base.nights import Nights, depth_of
from tests.base.reading import FIGURES
from tests.twin import TwinBase
from tests.twin.facts import Key

pytestmark = pytest.mark.realdata

ADJ = Thresholds()
SEX = {"male": "XY", "female": "XX"}
LOW = Thresholds(min_gq=3, min_dp=2, min_dp_haploid=1, min_allele_balance=0.1)


@dataclass(frozen=True)
class Cohort:
    """Files pushed together; `places` are drawn from each of them."""

    assembly: str
    thresholds: Thresholds
    places: int
    files: Callable[[Path], list[Gvcf]]


def genome(folder: Path) -> list[Gvcf]:
    return [Gvcf(folder / "HG00268.GRCh38.g.vcf.gz", "HG00268", "XX")]


def genomes_of_two_callers(folder: Path) -> list[Gvcf]:
    """One person's real genome under two ids, for each caller wrote another chromosome."""
    return [
        Gvcf(folder / "NA12878_chr20.GRCh37.g.vcf.gz", "GATK", "XX"),
        Gvcf(folder / "isaac_chr21.GRCh37.g.vcf.gz", "ISAAC", "XX"),
    ]


def low_coverage(folder: Path) -> list[Gvcf]:
    with (folder.parent / "genotypes" / "samples_1000g.tsv").open() as table:
        rows = csv.DictReader(table, delimiter="\t")
        sexes = {row["sample"]: SEX.get(row["sex"], "unknown") for row in rows}
    paths = {path.name.split(".")[0]: path for path in sorted((folder / "1kg_chr22").glob("*.gz"))}
    return [Gvcf(path, person, sexes[person]) for person, path in paths.items()]


def odd_files(folder: Path) -> list[Gvcf]:
    paths = sorted((folder / "edge").glob("*.gz"))
    return [Gvcf(path, f"P{number}", "unknown") for number, path in enumerate(paths)]


def exome_of_each_sex(folder: Path) -> list[Gvcf]:
    """An exome with records on X and Y, as a woman's and as a man's."""
    path = folder / "NA12878_exome.GRCh38.g.vcf.gz"
    return [Gvcf(path, f"P-{sex}", sex) for sex in ("XX", "XY")]


COHORTS = {
    "genome": Cohort("GRCh38", ADJ, 60, genome),
    "genomes of two callers": Cohort("GRCh37", ADJ, 40, genomes_of_two_callers),
    "low coverage": Cohort("GRCh38", LOW, 2, low_coverage),
    "odd files": Cohort("GRCh38", ADJ, 8, odd_files),
    "exome of each sex": Cohort("GRCh38", LOW, 40, exome_of_each_sex),
}


@dataclass(frozen=True)
class Compared:
    """What was compared, of everybody: alternate alleles and alleles known at the positions."""

    variants: int
    ac: int
    ac_raw: int
    hemizygous: int
    an: int
    an_raw: int


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("genome", Compared(10_000, 14_000, 14_000, 0, 6_000, 7_000)),
        ("genomes of two callers", Compared(6_000, 8_000, 9_000, 0, 8_000, 9_000)),
        ("low coverage", Compared(300, 700, 800, 0, 30_000, 50_000)),
        ("odd files", Compared(70, 40, 150, 0, 1_500, 4_500)),
        ("exome of each sex", Compared(1_400, 5_000, 5_500, 40, 7_000, 15_000)),
    ],
)
def test_base_and_answers_equal_the_twin(
    name: str, at_least: Compared, testdata: Path, tmp_path: Path
) -> None:
    cohort = COHORTS[name]
    gvcfs = cohort.files(testdata / "gvcf")
    rng = Random(name)
    places = [place for gvcf in gvcfs for place in gvcf.places(rng, cohort.places)]
    whole = write_batch(tmp_path / "whole", gvcfs, cohort.assembly)
    needed = write_batch(tmp_path / "needed", gvcfs, cohort.assembly, places)
    config = WarehouseConfig(thresholds=cohort.thresholds)
    with Nights(tmp_path / "warehouse", cohort.assembly, config=config) as nights:
        receipt = nights.push(whole, for_twin=needed)
        (batch,) = nights.batches.values()
        for file in receipt.files:
            expected = batch.files[file.path.removesuffix(".gz")].receipt
            assert (file.loaded, file.alleles.loaded) == (
                expected.loaded,
                expected.alleles["loaded"],
            )
        nights.build()
        twin = nights.check(places)
        check_answers(nights.warehouse, twin, places)
    found = compared(twin, places)
    pairs = zip(astuple(found), astuple(at_least), strict=True)
    assert all(ours >= least for ours, least in pairs), found


def check_answers(warehouse: Warehouse, twin: TwinBase, places: Sequence[Place]) -> None:
    """Depth and variants of each place, as they are answered, are what the twin counts."""
    people = twin.members("care", "all")
    of_contig: dict[str, list[Key]] = {}
    for key in twin.keys("care"):
        of_contig.setdefault(key.contig, []).append(key)
    with open_base(warehouse, "care") as base:
        reader = BaseReader(warehouse, base)
        for contig, start, end in places:
            region = f"{contig}:{start}-{end}"
            (depth,) = find_depth(reader, region, ["all"])["strata"]
            for run in depth["runs"]:
                found = (run["an"], run["an_raw"], run["persons"], run["assayed"])
                assert found == depth_of(people, contig, run["start"]), f"{contig}:{run['start']}"
                assert found == depth_of(people, contig, run["end"]), f"{contig}:{run['end']}"
            expected = {
                str(key): [
                    *twin.state("care", "all", key),
                    *(getattr(twin.rows["care", "all", key], name) for name in FIGURES),
                ]
                for key in of_contig.get(contig, [])
                if start <= key.pos <= end
            }
            assert {
                one["variant"]: [
                    one["state"],
                    one["raw_only"],
                    *(one["frequencies"][0][name] for name in FIGURES),
                ]
                for one in find_region(reader, region, ["all"])["variants"]
            } == expected, region


def compared(twin: TwinBase, places: Sequence[Place]) -> Compared:
    rows = [twin.rows["care", "all", key] for key in twin.keys("care")]
    people = twin.members("care", "all")
    known = [depth_of(people, *place) for place in set(positions(places))]
    return Compared(
        len(rows),
        sum(row.ac for row in rows),
        sum(row.ac_raw for row in rows),
        sum(row.n_hemi for row in rows),
        sum(an for an, _, _, _ in known),
        sum(an_raw for _, an_raw, _, _ in known),
    )
