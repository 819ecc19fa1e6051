"""What must not change the base: orders, splits, mistakes that were corrected (DESIGN 5.1, 5.9)."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given

from tests.base import rewriting
from tests.base.drawing import a_seed, drawn, seldom_drawn
from tests.base.nights import Nights, random_cohort
from tests.base.reading import FIGURES, assert_same_base, base_frame
from tests.twin.cohorts import Cohort, Shape

SHAPE = Shape(callabilities=("bed", "sites", "blocks"), batches=4)
# One sample's defect sets a line aside for all of the file, so a split may keep more of it (4).
SHAPE_TO_SPLIT = Shape(callabilities=("bed", "sites", "blocks"), has_set_aside=False)


def base_of(cohort: Cohort, folder: Path, *nights_of: Sequence[Path]) -> pl.DataFrame:
    """The base of a new warehouse after some nights, each with its batches and a build."""
    with Nights.of(cohort, folder) as nights:
        for batches in nights_of:
            base = nights.push_and_build(*batches)
        return base


@drawn
@given(seed=a_seed)
def test_order_of_samples_files_batches_and_nights(seed: int) -> None:
    rng = Random(seed)
    with random_cohort(seed, SHAPE) as (folder, cohort):
        straight = base_of(cohort, folder / "w1", cohort.batches)
        again = [rewriting.shuffled(rewriting.read(batch), rng) for batch in cohort.batches]
        other = rewriting.write_all(rng.sample(again, len(again)), folder / "again")
        cut = rng.randint(1, len(other) - 1)
        assert_same_base(base_of(cohort, folder / "w2", other[:cut], other[cut:]), straight)


@drawn
@given(seed=a_seed)
def test_split_by_columns_over_several_batches(seed: int) -> None:
    rng = Random(seed)
    with random_cohort(seed, SHAPE_TO_SPLIT) as (folder, cohort):
        whole = base_of(cohort, folder / "w1", cohort.batches)
        parts = [
            part
            for batch in cohort.batches
            for part in rewriting.split_by_columns(rewriting.read(batch), rng)
        ]
        written = rewriting.write_all(rng.sample(parts, len(parts)), folder / "parts")
        assert_same_base(base_of(cohort, folder / "w2", written), whole)


@pytest.mark.parametrize("mistake", [rewriting.misread, rewriting.mislabelled])
@seldom_drawn
@given(seed=a_seed)
def test_replaced_batches_leave_no_trace(mistake: rewriting.Mistake, seed: int) -> None:
    rng = Random(seed)
    with random_cohort(seed, SHAPE) as (folder, cohort):
        right = base_of(cohort, folder / "w1", cohort.batches)
        wrong = [mistake(rewriting.read(batch), rng) for batch in cohort.batches]
        with Nights.of(cohort, folder / "w2") as nights:
            nights.push_and_build(*rewriting.write_all(wrong, folder / "wrong"))
            nights.check(cohort.places)
            for batch in rng.sample(cohort.batches, len(cohort.batches)):
                nights.push(batch, replace=True)
                if rng.random() < 0.5:
                    nights.build()
                    nights.check(cohort.places)
            nights.build()
            nights.check(cohort.places)
            assert_same_base(base_frame(nights.warehouse), right)


@drawn
@given(seed=a_seed)
def test_strata_of_a_dimension_add_up(seed: int) -> None:
    with random_cohort(seed, SHAPE) as (folder, cohort):
        base = base_of(cohort, folder / "w", cohort.batches)
        assert_sound(base)


def assert_sound(base: pl.DataFrame) -> None:
    """No count exceeds what it is part of, and the strata of each dimension add up to ``all``."""
    allele_sum = pl.col("n_het") + 2 * pl.col("n_hom") + pl.col("n_hemi")
    carriers = pl.col("n_het") + pl.col("n_hom") + pl.col("n_hemi")
    on_m = pl.col("contig") == "M"
    broken = base.filter(
        (pl.col("ac") > pl.col("an"))
        | (pl.col("ac_raw") > pl.col("an_raw"))
        | (pl.col("an") > pl.col("an_raw"))
        | (pl.col("an") > 2 * pl.col("persons"))
        | (pl.col("persons") > pl.col("an"))
        | (carriers > pl.col("persons"))
        | (~on_m & (allele_sum != pl.col("ac")))
        | (on_m & (carriers != pl.col("ac")))
        | ((pl.col("stratum") == "all") & (pl.col("ac_raw") == 0))
        | pl.any_horizontal(pl.col(FIGURES) < 0)
    )
    assert not broken.height, broken
    key = ["purpose", "contig", "pos", "ref", "alt"]
    everybody = base.filter(stratum="all").drop("stratum")
    dimension = pl.col("stratum").str.replace_all(r"=[^,]*", "")
    sums = (
        base.filter(pl.col("stratum") != "all")
        .group_by(*key, dimension.alias("dimension"))
        .agg(pl.col(FIGURES).sum())
    )
    assert set(sums["dimension"]) == DIMENSIONS or not base.height
    off = sums.join(everybody, on=[*key, *FIGURES], how="anti")
    assert not off.height, off


DIMENSIONS = {
    "sex", "platform", "assay", "affected", "founder", "indication", "region", "cohort",
    "indication,affected",
}  # fmt: skip
