"""The reader equals the slow obvious twin, file by file, on random cohorts."""

import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pysam
import pysam.bcftools
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from loaders.reference import import_reference
from tests.loaders.side_by_side import (
    Entry,
    Rows,
    check_calls,
    check_receipt,
    check_weights,
    entries_of,
    same,
)
from tests.twin import read_reference
from tests.twin.cohorts import Cohort, Shape, random_batch_dirs

SEEDS = int(os.environ.get("CAD_TEST_SEEDS", "5"))
"""Cohorts of each shape; more than the default are drawn anew in each run."""
SHAPES = {
    "bed": Shape(callabilities=("bed",), assembly="GRCh37"),
    "sites": Shape(callabilities=("sites",)),
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


def check_file(entry: Entry, cohort: Cohort, out: Path) -> Rows:
    """Read one file both ways, and once more in windows so small that it takes many."""
    note(f"{entry.path} {entry.callability}")
    twin = entry.twin(read_reference(cohort.reference) if entry.reference else None)
    found = Rows.read(entry, out / "whole")
    check_receipt(found.result, twin)
    check_calls(found, twin)
    check_weights(found, twin, cohort.places)
    rng = Random(entry.path.name)
    margin, records = rng.choice([1, 5, 20, 60]), rng.choice([2, 3, 5, 9])
    small = Rows.read(entry, out / "small", margin=margin, window_records=records)
    same(found, small, cohort.places)
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("has_reference", [True, False], ids=["reference", "no reference"])
@drawn
@given(seed=a_seed)
def test_each_file_equals_the_twin(shape: str, has_reference: bool, seed: int) -> None:
    note(f"seed {seed}")
    with TemporaryDirectory() as made:
        folder = Path(made)
        cohort = random_batch_dirs(seed, folder / "cohort", SHAPES[shape])
        reference = folder / "reference" if has_reference else None
        if reference is not None:
            import_reference(cohort.reference, SHAPES[shape].assembly, reference)  # type: ignore[arg-type]
        for batch in cohort.batches:
            for number, entry in enumerate(entries_of(batch, reference)):
                check_file(entry, cohort, folder / "out" / batch.name / str(number))


@pytest.mark.parametrize("shape", SHAPES)
@drawn
@given(seed=a_seed)
def test_ignored_columns_are_checked_and_count_nowhere(shape: str, seed: int) -> None:
    note(f"seed {seed}")
    with TemporaryDirectory() as made:
        folder = Path(made)
        cohort = random_batch_dirs(seed, folder / "cohort", SHAPES[shape])
        for batch in cohort.batches:
            rows = (batch / "samples.tsv").read_text().splitlines()[1:]
            gone = [row.split("\t")[0] for row in rows][:: 1 if seed % 5 == 0 else 2]
            for number, entry in enumerate(entries_of(batch, None, gone)):
                found = check_file(entry, cohort, folder / "out" / batch.name / str(number))
                assert not set(entry.ignored) & set(found.names.values())


@drawn
@given(seed=a_seed)
def test_bcf_says_what_its_vcf_says(seed: int) -> None:
    shape = Shape(callabilities=("bed", "sites", "blocks"), has_set_aside=False)
    note(f"seed {seed}")
    with TemporaryDirectory() as made:
        folder = Path(made)
        cohort = random_batch_dirs(seed, folder / "cohort", shape)
        for number, entry in enumerate(e for b in cohort.batches for e in entries_of(b, None)):
            found = Rows.read(entry, folder / f"vcf{number}")
            entry.path = as_bcf(entry.path, folder / f"{number}.bcf")
            packed = Rows.read(entry, folder / f"bcf{number}")
            assert packed.result.receipt.to_json() | {"path": ""} == (
                found.result.receipt.to_json() | {"path": ""}
            )
            assert packed.calls == found.calls
            assert packed.callable == found.callable


def as_bcf(vcf: Path, bcf: Path) -> Path:
    """Write a VCF as BCF."""
    pysam.bcftools.view("-Ob", "--no-version", "-o", str(bcf), str(vcf), catch_stdout=False)
    return bcf
