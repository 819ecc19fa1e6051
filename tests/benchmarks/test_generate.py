"""The simulated data: always the same, and VCFs of exactly the alleles that were drawn."""

from pathlib import Path

import numpy as np
import pysam
import pytest

from benchmarks.folders import Data, variant_files
from benchmarks.generate import generate
from benchmarks.population import Population
from benchmarks.sizes import SIZES
from benchmarks.vcf_files import write_joint, write_single
from loaders.intake import read_batch


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return generate(tmp_path_factory.mktemp("work"), SIZES["tiny"])


def test_the_same_seed_gives_the_same_people() -> None:
    one, two = (list(Population(7, 5, 40, common=0.5).blocks()) for _ in range(2))
    assert one[0][0] == two[0][0]
    assert np.array_equal(one[0][1], two[0][1])
    other = list(Population(8, 5, 40, common=0.5).blocks())
    assert other[0][0] != one[0][0]


def test_a_joint_vcf_holds_the_alleles_drawn(tmp_path: Path) -> None:
    blocks = list(Population(7, 30, 200, common=0.5, missing=0.2).blocks())
    path = tmp_path / "joint.vcf.gz"
    write_joint(path, [f"S{n}" for n in range(30)], blocks)
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as file:
        read = [
            (
                record.pos,
                record.ref,
                record.alts,
                [sample["GT"] for sample in record.samples.values()],
            )
            for record in file
        ]
    drawn = [
        (site.pos, site.ref, site.alts, [_called(pair) for pair in row.reshape(-1, 2).tolist()])
        for sites, alleles in blocks
        for site, row in zip(sites, alleles, strict=True)
    ]
    assert read == drawn
    assert any(None in genotype for *_, genotypes in read for genotype in genotypes)
    assert {len(alts) for _, _, alts, _ in drawn} == {1, 2}


def test_a_single_vcf_holds_what_differs(tmp_path: Path) -> None:
    ((sites, alleles),) = Population(7, 3, 300, common=0.8).blocks()
    pairs = alleles[:, 2:4]
    path = tmp_path / "S1.vcf.gz"
    records = write_single(path, "S1", sites, pairs, np.random.default_rng(1))
    with pysam.VariantFile(str(path)) as file:
        read = {record.pos: record for record in file}
    carried = {
        site.pos: sorted(site.alts[allele - 1] if allele else site.ref for allele in pair)
        for site, pair in zip(sites, pairs.tolist(), strict=True)
        if any(pair)
    }
    assert len(read) == records == len(carried)
    for pos, alleles_here in carried.items():
        call = read[pos].samples["S1"]
        assert sorted(allele or "" for allele in call.alleles) == alleles_here
        assert sum(call["AD"]) == call["DP"]


def test_the_batches_are_in_order(tiny: Data) -> None:
    size = SIZES["tiny"]
    for folder in (*tiny.singles, tiny.joint, tiny.night, *map(tiny.cohort, tiny.cohorts)):
        assert read_batch(folder, assembly="GRCh38").samples
    assert tiny.cohorts == list(size.cohorts)
    assert len(variant_files(tiny.night)) == size.night
    assert tiny.made("joint")["records"] == size.joint_sites


def test_what_is_there_is_kept_until_it_is_another_size(tiny: Data) -> None:
    before = tiny.about_file.stat().st_mtime_ns
    generate(tiny.root.parent.parent, SIZES["tiny"])
    assert tiny.about_file.stat().st_mtime_ns == before
    tiny.about_file.write_text("{}")
    assert tiny.about() is None
    generate(tiny.root.parent.parent, SIZES["tiny"])
    assert tiny.about_file.stat().st_mtime_ns != before


def _called(pair: list[int]) -> tuple[int | None, ...]:
    return tuple(None if allele < 0 else allele for allele in pair)
