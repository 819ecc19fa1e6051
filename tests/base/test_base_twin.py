"""The base equals the twin on random cohorts, after every night of a sequence."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.base.nights import Nights
from tests.twin.cohorts import Shape, random_batch_dirs

SEEDS = int(os.environ.get("CAD_TEST_SEEDS", "8"))
"""Cohorts of each shape; more than the default are drawn anew in each run."""

SHAPES = {
    "bed": Shape(callabilities=("bed",)),
    "sites": Shape(callabilities=("sites",), assembly="GRCh37"),
    "blocks": Shape(callabilities=("blocks",)),
    "mixed": Shape(callabilities=("bed", "sites", "blocks"), contigs=("21", "22", "X", "Y", "M")),
}
drawn = settings(
    max_examples=SEEDS,
    derandomize="CAD_TEST_SEEDS" not in os.environ,
    database=None,
    deadline=None,
    # A smaller seed is no simpler cohort: shrinking would only cost time.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
a_seed = st.integers(0, 2**32)


@pytest.mark.parametrize("shape", SHAPES)
@drawn
@given(seed=a_seed)
def test_each_night_leaves_what_the_twin_counts(shape: str, seed: int) -> None:
    with TemporaryDirectory() as folder:
        cohort = random_batch_dirs(seed, Path(folder, "cohort"), SHAPES[shape])
        with Nights.of(cohort, Path(folder, "warehouse")) as nights:
            for batch in cohort.batches:
                nights.push(batch)
                nights.build()
                nights.check(cohort.places)
