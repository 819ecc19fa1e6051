"""The base equals the twin on random cohorts, after every night of a sequence."""

import pytest
from hypothesis import given

from tests.base.drawing import a_seed, drawn
from tests.base.nights import Nights, random_cohort
from tests.twin.cohorts import Shape

SHAPES = {
    "bed": Shape(callabilities=("bed",)),
    "sites": Shape(callabilities=("sites",), assembly="GRCh37"),
    "blocks": Shape(callabilities=("blocks",)),
    "mixed": Shape(callabilities=("bed", "sites", "blocks"), contigs=("21", "22", "X", "Y", "M")),
}


@pytest.mark.parametrize("shape", SHAPES)
@drawn
@given(seed=a_seed)
def test_each_night_leaves_what_the_twin_counts(shape: str, seed: int) -> None:
    with (
        random_cohort(seed, SHAPES[shape]) as (folder, cohort),
        Nights.of(cohort, folder / "warehouse") as nights,
    ):
        for batch in cohort.batches:
            nights.push(batch)
            nights.build()
            nights.check(cohort.places)
