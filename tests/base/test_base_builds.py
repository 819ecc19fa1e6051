"""A build reads what changed alone; of two at once one wins; a kill anywhere does no harm."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from sqlalchemy import select

from cad.build.run import build_base
from cad.faults import EXIT_CODE, all_steps
from cad.push import push_batch
from cad.registry.engine import reading
from cad.registry.tables import batch, bucket_sample, lake_file, sample
from cad.warehouse import Warehouse
from schemas.errors import Conflict
from tests import crash
from tests.base.drawing import a_seed, drawn
from tests.base.nights import Nights, random_cohort
from tests.base.reading import assert_same_base, base_frame
from tests.batch_dir import BatchDir, vcf
from tests.pushed import assert_swept_clean, assert_whole, family
from tests.twin import TwinBase
from tests.twin.cohorts import Shape

SHAPE = Shape(callabilities=("bed", "sites", "blocks"), batches=4, persons=9, samples=4)
AFTER_COMMIT = ("build:committed", "build:finished")


def files_of_batches(warehouse: Warehouse) -> dict[str, set[str]]:
    """Paths of the calls, callable and tracks files of each batch that is there."""
    query = (
        select(batch.c.batch_id, lake_file.c.path)
        .join(sample, sample.c.batch_no == batch.c.batch_no)
        .join(bucket_sample, bucket_sample.c.sample_no == sample.c.sample_no)
        .join(lake_file, lake_file.c.bucket_no == bucket_sample.c.bucket_no)
        .where(batch.c.removed_at.is_(None), lake_file.c.removed_at.is_(None))
    )
    found: dict[str, set[str]] = {}
    with reading(warehouse.engine) as connection:
        for batch_id, path in connection.execute(query):
            found.setdefault(batch_id, set()).add(path)
    return found


def changed_batches(before: TwinBase, after: TwinBase) -> set[str]:
    """Batches of the samples by which a person counts in one base and not so in the other."""
    old, new = (
        {
            (person.sample.batch_id, person.sample.sample_id, person.sample.said("sex")): (
                person.strata if person.purposes else None,
                person.purposes,
            )
            for person in base.people
        }
        for base in (before, after)
    )
    none = (None, frozenset[str]())
    return {key[0] for key in old.keys() | new.keys() if old.get(key, none) != new.get(key, none)}


@contextmanager
def unreadable(warehouse: Warehouse, paths: set[str]) -> Iterator[None]:
    """While the block lasts, nobody can read these files: they hold something else."""
    kept = {path: (warehouse.path / path).read_bytes() for path in paths}
    for path in paths:
        (warehouse.path / path).write_bytes(b"not a Parquet file")
    yield
    for path, content in kept.items():
        (warehouse.path / path).write_bytes(content)


@drawn
@given(seed=a_seed)
def test_later_build_opens_files_of_changed_persons_only(seed: int) -> None:
    with (
        random_cohort(seed, SHAPE) as (folder, cohort),
        Nights.of(cohort, folder / "warehouse") as nights,
    ):
        before = nights.expected()
        for night in cohort.batches:
            nights.push(night)
            after = nights.expected()
            files = files_of_batches(nights.warehouse)
            changed = changed_batches(before, after)
            needed = {path for name in changed for path in files.get(name, ())}
            others = {path for of_batch in files.values() for path in of_batch} - needed
            with unreadable(nights.warehouse, others):
                assert set(nights.build().files_read) == needed
            nights.check()
            before = after


def test_nothing_new_opens_nothing(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    made = family(tmp_path / "batch")
    push_batch(sqlite_warehouse, made.path)
    first = build_base(sqlite_warehouse)
    assert first.files_read
    assert push_batch(sqlite_warehouse, made.path).status == "unchanged"
    again = build_base(sqlite_warehouse)
    assert (again.files_read, again.persons_added, again.persons_removed) == ((), 0, 0)
    assert (again.commit, again.variants) == (first.commit, first.variants)


@dataclass(frozen=True)
class TwoNights:
    """A family, then a batch in which the mother's genotypes differ and a person is new.

    `before` and `after` are the bases that never saw more than the first, and both.
    """

    first: Path
    second: Path
    before: pl.DataFrame
    after: pl.DataFrame


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> TwoNights:
    folder = tmp_path_factory.mktemp("nights")
    first = family(folder / "first", "NIGHT-1")
    second = BatchDir(folder / "second")
    second.manifest["batch_id"] = "NIGHT-2"
    lines = (
        "chr22 100 . A G . PASS . GT 1/1 0/1",
        "chr22 180 . C T . PASS . GT 0/1 0/0",
        "chr22 20000000 . C T . PASS . GT 0/1 1/1",
    )
    second.add("two.vcf", vcf("MOTHER", "NEW", lines=lines))
    second.sheet("sample_id|person_id|sex", "MOTHER|P-MOTHER|XX", "NEW|P-NEW|XY")
    paths = first.path, second.write()
    before, after = (base_after(folder / f"w{n}", *paths[:n]) for n in (1, 2))
    assert not before.equals(after)
    return TwoNights(*paths, before, after)


def base_after(warehouse: Path, *batches: Path) -> pl.DataFrame:
    """The base of a new warehouse that holds these batches, built once."""
    with Warehouse.create(warehouse, "GRCh38") as other:
        for path in batches:
            push_batch(other, path)
        build_base(other)
        return base_frame(other)


def test_of_two_builders_one_wins(warehouse: Warehouse, two_nights: TwoNights) -> None:
    push_batch(warehouse, two_nights.first)
    build_base(warehouse)
    push_batch(warehouse, two_nights.second)
    winners = []

    def overtake(done: int, _total: int) -> None:
        if done == 1:
            winners.append(build_base(warehouse))

    with pytest.raises(Conflict, match="base_conflict"):
        build_base(warehouse, overtake)
    assert [winner.persons_added for winner in winners] == [1]
    assert list(warehouse.staging.iterdir()) == []
    assert_same_base(base_frame(warehouse), two_nights.after)
    assert_swept_clean(warehouse)
    assert build_base(warehouse).files_read == ()
    assert_same_base(base_frame(warehouse), two_nights.after)


def build_at(path: Path, fault: str) -> None:
    """Build, ending where `fault` says."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse:
        build_base(warehouse)


@pytest.mark.parametrize("step", [*all_steps("build"), "build:bin_written@2"])
def test_killed_at_each_step(warehouse: Warehouse, two_nights: TwoNights, step: str) -> None:
    push_batch(warehouse, two_nights.first)
    build_base(warehouse)
    push_batch(warehouse, two_nights.second)

    assert crash.run(build_at, warehouse.path, step) == EXIT_CODE
    is_committed = step in AFTER_COMMIT
    seen = two_nights.after if is_committed else two_nights.before
    assert_same_base(base_frame(warehouse), seen)
    assert_whole(warehouse)
    assert (build_base(warehouse).files_read == ()) == is_committed
    assert_same_base(base_frame(warehouse), two_nights.after)
    assert_swept_clean(warehouse)
    assert_same_base(base_frame(warehouse), two_nights.after)
