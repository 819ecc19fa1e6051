"""Two engines, one base: Hail's equals DuckDB's by EXCEPT ALL both ways, and the twin's.

Every test of the base runs on Hail where ``CAD_TEST_ENGINE=hail`` is set; here are those that do so
in each run. A first build is a full recount, a later one adds a signed difference.
"""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given

from cad.build.run import build_base
from cad.demo.check import compare_counts, read_base
from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, simulate_cohort
from cad.registry.bases import latest_base
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.settings import WarehouseConfig
from tests.base import rewriting
from tests.base.drawing import a_seed, once_drawn
from tests.base.engines import Both, assert_one_base
from tests.base.gvcfs import Gvcf, write_batch
from tests.base.joint_files import joint_batch, people_of_1000_genomes
from tests.base.nights import random_cohort
from tests.base.reading import files_of
from tests.base.test_base_added import night
from tests.base.test_base_gvcfs import LOW
from tests.pushed import family
from tests.twin.cohorts import Shape

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow]

SHAPE = Shape(callabilities=("bed", "sites", "blocks"))


@once_drawn
@given(seed=a_seed)
def test_random_cohorts_withdrawn_replaced_and_compacted(seed: int) -> None:
    rng = Random(seed)
    with (
        random_cohort(seed, SHAPE) as (folder, cohort),
        Both.open(folder, cohort.assembly, cohort.reference) as both,
    ):
        first = rewriting.misread(rewriting.read(cohort.batches[0]), rng)
        both.push(rewriting.write(first, folder / "wrong"), family(folder / "gone", "GONE").path)
        both.build()
        both.push(cohort.batches[0], replace=True)
        for person in ("P-MOTHER", "P-FATHER", "P-CHILD"):
            both.withdraw(person)
        both.build()
        both.compact()
        both.push(*cohort.batches[1:])
        both.build()
        for nights in (both.hail, both.duckdb):
            del nights.batches["GONE"]
        both.check(cohort.places)


def test_added_beside_bins_and_then_recounted(tmp_path: Path) -> None:
    with Both.open(tmp_path, "GRCh38") as both:
        for number, persons in enumerate(("AB", "C"), 1):
            both.push(night(tmp_path, number, *persons))
            both.build()
        for nights in (both.hail, both.duckdb):
            assert files_of(nights.warehouse, "added_counts", "care").num_rows
            build_base(nights.warehouse, engine=nights.engine, recount=True)
            assert not files_of(nights.warehouse, "added_counts", "care").num_rows
        assert assert_one_base(both.hail.warehouse, both.duckdb.warehouse)


def test_demo(tmp_path: Path) -> None:
    cohort = simulate_cohort(tmp_path / "cohort", trios=MIN_TRIOS, unrelated=MIN_UNRELATED)
    with Both.open(tmp_path, "GRCh38", cohort.reference, cohorts={}) as both:
        for night, pushed in ((2, cohort.nights[0] + cohort.nights[1]), (3, cohort.nights[2])):
            for nights in (both.hail, both.duckdb):
                nights.push_unread(*pushed)
            both.build()
            with reading(both.hail.warehouse.engine) as connection:
                base = latest_base(connection, latest_commit(connection))
            assert base is not None
            assert base.engine == "hail"
            found = read_base(both.hail.warehouse)
            assert compare_counts(found, cohort.truth_rows(night)).is_full


@pytest.mark.realdata
def test_1000_genomes(testdata: Path, tmp_path: Path) -> None:
    path = testdata / "genotypes" / "1kg_phase3_chr22_2504.GRCh37.vcf.gz"
    batch, samples = joint_batch(path, tmp_path / "batch", people_of_1000_genomes(testdata))
    with Both.open(tmp_path, "GRCh37") as both:
        for nights in (both.hail, both.duckdb):
            nights.push_unread(batch)
        assert both.build() > 50_000
        for sample in samples[:3]:
            both.withdraw(sample)
        assert both.build() > 50_000


@pytest.mark.realdata
def test_real_gvcfs_with_x_and_y(testdata: Path, tmp_path: Path) -> None:
    exome = testdata / "gvcf" / "NA12878_exome.GRCh38.g.vcf.gz"
    gvcfs = [Gvcf(exome, f"P-{sex}", sex) for sex in ("XX", "XY")]
    contigs = ("22", "X", "Y")
    varying = {line.contig for line in gvcfs[0].lines[1] if not line.is_block}
    assert varying >= set(contigs)
    batch = write_batch(tmp_path / "batch", gvcfs, "GRCh38", contigs=contigs)
    with Both.open(tmp_path, "GRCh38", config=WarehouseConfig(thresholds=LOW)) as both:
        for nights in (both.hail, both.duckdb):
            nights.push_unread(batch)
        assert both.build() > 1_000
