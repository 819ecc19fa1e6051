"""Simulated gVCFs: blocks over all that is no variant, the alleles drawn, and one way to count."""

from pathlib import Path

import numpy as np
import pysam
import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.folders import Data, variant_files
from benchmarks.generate import generate
from benchmarks.gvcf_data import GvcfData
from benchmarks.gvcf_files import apart, write_gvcf
from benchmarks.population import FIRST, LENGTH, Population, Site
from benchmarks.results import write_results
from benchmarks.run import Plan, run_tasks
from benchmarks.sizes import SIZES
from benchmarks.steps import hail_counts
from benchmarks.tasks import TASKS
from loaders.intake import read_batch
from tests.peers import tool

_TINY = SIZES["tiny"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return generate(tmp_path_factory.mktemp("work"), _TINY)


def test_blocks_and_variants_leave_no_gap(tmp_path: Path) -> None:
    ((sites, alleles),) = Population(7, 3, 900, common=0.8).blocks()
    sites, alleles = apart(sites, alleles)
    pairs = alleles[:, 2:4]
    path = tmp_path / "S1.vcf.gz"
    records = write_gvcf(path, "S1", sites, pairs, 500, np.random.default_rng(1))
    drawn = {
        site.pos: sorted(site.alts[allele - 1] if allele else site.ref for allele in pair)
        for site, pair in zip(sites, pairs.tolist(), strict=True)
        if any(pair)
    }
    called, at = {}, FIRST
    with pysam.VariantFile(str(path)) as file:
        for record in file:
            assert record.pos == at
            at = record.stop + 1
            records -= 1
            if record.alts != ("<NON_REF>",):
                called[record.pos] = sorted(text or "" for text in record.samples[0].alleles)
                assert sum(record.samples[0]["AD"]) == record.samples[0]["DP"]
    assert (at, records) == (FIRST + LENGTH, 0)
    assert called == drawn


def test_no_variant_lies_within_a_deletion() -> None:
    sites = [
        Site(100, "AAA", ("A",)),
        Site(102, "G", ("C",)),
        Site(103, "G", ("C",)),
        Site(104, "GT", ("G",)),
        Site(105, "T", ("G",)),
    ]
    kept, alleles = apart(sites, np.arange(5, dtype=np.int8)[:, None])
    assert [site.pos for site in kept] == [100, 103, 104]
    assert alleles[:, 0].tolist() == [0, 2, 3]


def test_the_batches_are_in_order(tiny: Data) -> None:
    gvcfs = GvcfData.beside(tiny)
    fewer, more = (gvcfs.cohort(persons) for persons in gvcfs.size.cohorts)
    assert more[: len(fewer)] == fewer
    for folder in (gvcfs.people, gvcfs.night, *more):
        assert read_batch(folder, assembly="GRCh38").samples
    for batches, persons in zip((fewer, more), gvcfs.size.cohorts, strict=True):
        assert sum(len(variant_files(folder)) for folder in batches) == persons
    assert gvcfs.made("people")["persons"] == gvcfs.size.people


def test_cohorts_that_hail_leaves_out_have_no_alleles(tmp_path: Path) -> None:
    (tmp_path / "groups").write_text("S1\tC01\nS2\tC02\n")
    cell = '[{"key":"C02","value":{"ac":[1,1,2],"an":4}}]'
    row = f'chr20:100\t["CTT","C","CTTT"]\t{cell}\n'
    (tmp_path / "found.tsv").write_text("locus\talleles\tstats\n" + row)
    hail_counts.read(tmp_path / "found.tsv", tmp_path / "groups", tmp_path / "out")
    assert (tmp_path / "out").read_text().splitlines() == [
        "100\tC\tCT\tC01\t0\t0",
        "100\tC\tCT\tC02\t2\t4",
        "100\tCTT\tC\tC01\t0\t0",
        "100\tCTT\tC\tC02\t1\t4",
    ]


@pytest.mark.slow
def test_cad_counts_gvcfs_as_a_plain_count_of_bcftools_own_files(tiny: Data) -> None:
    tool("bcftools")
    work = tiny.root.parent.parent
    results = run_tasks(Plan(work, _TINY, repeats=1), [TASKS["gvcf"]])
    cad, peer = results
    assert cad.counts == peer.counts
    assert cad.counts.lines > 300
    known = cad.counts.an / (2 * cad.counts.lines)
    assert 0.8 < known < 0.99, "each cohort is one person; some blocks do not pass"
    write_results(work / "results.jsonl", results)
    assert CliRunner().invoke(app, ["compare", "--work", str(work)]).exit_code == 0
