"""Shuffled thousandfold: whatever the order of samples, files, batches and nights, one base.

A thousand orders go through reading and the build's kernels alone, in memory; some tens go through
whole warehouses, with compactions, withdrawals and corrections between the nights.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

import polars as pl
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from cad.compact import compact
from cad.corrections import update_samples
from cad.withdraw import withdraw
from tests.base import rewriting
from tests.base.drawing import a_seed, often_drawn, several_drawn
from tests.base.folding import Base, Files, Sample, Way, bins_of
from tests.base.nights import Nights
from tests.base.reading import assert_same_base, base_frame
from tests.pushed import family
from tests.twin.cohorts import Cohort, Shape, random_batch_dirs

# One sample's defect sets a line aside for all of the file, so a split may keep more of it (4).
SHAPE = Shape(
    callabilities=("bed", "sites", "blocks"), contigs=("22", "X"), batches=3, persons=5, samples=4,
    lines=6, has_set_aside=False, has_mitochondrial_files=False, is_compressed=False,
)  # fmt: skip
COHORTS = 8
REWRITINGS = 5
SEXES = ("XX", "XY", "other", "unknown")


Made = TypeVar("Made")


class Drawn(Generic[Made]):
    """Cohorts by seed; unlike a list it tells little of itself where an example fails."""

    def __init__(self, made: Sequence[Made]) -> None:
        self._made = made

    def __call__(self, seed: int) -> Made:
        return self._made[seed]

    def __repr__(self) -> str:
        return f"{len(self._made)} cohorts"


@dataclass(frozen=True)
class Read:
    """A cohort read as it is, and in several rewritings; `gone` are not to be counted at last."""

    expected: Base
    rewritten: list[list[Files]]
    ways: dict[Sample, Way]
    gone: frozenset[Sample]

    @classmethod
    def of(cls, folder: Path, seed: int) -> "Read":
        """Draw a cohort and read it."""
        rng = Random(seed)
        cohort = random_batch_dirs(seed, folder / "cohort", SHAPE)
        batches = [rewriting.read(batch) for batch in cohort.batches]
        straight = read_files(cohort.batches, folder / "straight")
        rewritten = []
        for number in range(REWRITINGS):
            home = folder / str(number)
            written = rewriting.write_all(rewritten_batches(batches, rng), home / "in")
            rewritten.append(read_files(written, home / "out"))
        ways = {sample: way for files in straight for sample, way in files.ways.items()}
        gone = frozenset(sample for sample in sorted(ways) if rng.random() < 0.25)
        expected = Base("GRCh38", bins_of(cohort.places))
        expected.fold(straight, {one: Counter({ways[one]: 1}) for one in ways if one not in gone})
        return cls(expected, rewritten, ways, gone)


def rewritten_batches(batches: Sequence[rewriting.Batch], rng: Random) -> list[rewriting.Batch]:
    """The same samples in other batches, files and columns."""
    parts = [
        part
        for batch in batches
        for part in (rewriting.split_by_columns(batch, rng) if rng.random() < 0.6 else [batch])
    ]
    return [rewriting.shuffled(part, rng) for part in rng.sample(parts, len(parts))]


def read_files(batches: Sequence[Path], out: Path) -> list[Files]:
    return [
        Files.read(batch, out / batch.name, 1 + 100 * number)
        for number, batch in enumerate(batches)
    ]


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Drawn[Read]:
    folder = tmp_path_factory.mktemp("shuffled")
    return Drawn([Read.of(folder / str(seed), seed) for seed in range(COHORTS)])


def history(right: Way, is_gone: bool, rng: Random) -> list[Counter[Way]]:
    """What befalls a sample, in order: counted wrongly, corrected, taken out, put in again."""
    steps = [Counter({right: 1})]
    if rng.random() < 0.3:
        wrong = Way(rng.choice(SEXES), rng.random() < 0.5)
        steps = [Counter({wrong: 1}), Counter({right: 1})]
        steps[1].subtract({wrong: 1})
    if rng.random() < 0.2:
        steps += [Counter({right: -1}), Counter({right: 1})]
    return [*steps, Counter({right: -1})] if is_gone else steps


def nights_of(read: Read, rng: Random) -> Iterator[dict[Sample, Counter[Way]]]:
    """What changes night by night: the histories of all samples, mixed at random."""
    histories = {one: history(way, one in read.gone, rng) for one, way in read.ways.items()}
    order = [one for one, steps in histories.items() for _ in steps]
    rng.shuffle(order)
    night: dict[Sample, Counter[Way]] = {}
    for sample in order:
        night.setdefault(sample, Counter()).update(histories[sample].pop(0))
        if rng.random() < 0.2:
            yield night
            night = {}
    yield night


@often_drawn
@given(seed=a_seed, at=st.integers(0, COHORTS - 1), rewritten=st.integers(0, REWRITINGS - 1))
def test_a_thousand_orders_fold_to_one_base(
    seed: int, at: int, rewritten: int, reads: Drawn[Read]
) -> None:
    read = reads(at)
    found = Base("GRCh38", read.expected.places)
    for night in nights_of(read, Random(seed)):
        found.fold(read.rewritten[rewritten], night)
    found.assert_equal(read.expected)


WHOLE = replace(SHAPE, contigs=("22", "X", "M"), has_mitochondrial_files=True)


@dataclass(frozen=True)
class Built:
    """A cohort, and its base when all was pushed at once, in order."""

    cohort: Cohort
    batches: list[rewriting.Batch]
    base: pl.DataFrame

    @classmethod
    def of(cls, folder: Path, seed: int) -> "Built":
        """Draw a cohort, and compare its base with the twin."""
        cohort = random_batch_dirs(seed, folder / "cohort", WHOLE)
        with Nights.of(cohort, folder / "warehouse") as nights:
            base = nights.push_and_build(*cohort.batches)
            nights.check(cohort.places)
        return cls(cohort, [rewriting.read(batch) for batch in cohort.batches], base)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Drawn[Built]:
    folder = tmp_path_factory.mktemp("built")
    return Drawn([Built.of(folder / str(seed), seed) for seed in range(COHORTS // 2)])


def mistaken(batch: rewriting.Batch, rng: Random) -> tuple[rewriting.Batch, str]:
    """The batch with some attributes wrong in its sheet, and the table that corrects them."""
    columns = ("sex", "affected", "indication")
    wrong = {
        row["person_id"]: (rng.choice(SEXES), rng.choice(("0", "1")), rng.choice(("", "leuco")))
        for row in batch.sheet
    }
    sheet = tuple(
        row | dict(zip(columns, wrong[row["person_id"]], strict=True)) for row in batch.sheet
    )
    rows = [
        (batch.batch_id, row["sample_id"], *(row[name] or "." for name in columns))
        for row in batch.sheet
    ]
    table = [("batch_id", "sample_id", *columns), *rows]
    return replace(batch, sheet=sheet), "".join("\t".join(row) + "\n" for row in table)


@several_drawn
@given(seed=a_seed, at=st.integers(0, COHORTS // 2 - 1))
def test_whole_warehouses_come_to_one_base(seed: int, at: int, built: Drawn[Built]) -> None:
    note(f"seed {seed} of cohort {at}")
    rng = Random(seed)
    with (
        TemporaryDirectory() as name,
        Nights.of(built(at).cohort, Path(name) / "warehouse") as nights,
    ):
        batches = rewritten_batches(built(at).batches, rng)
        push_by_detours(nights, batches, Path(name), rng)
        nights.build()
        assert_same_base(base_frame(nights.warehouse), built(at).base)


def push_by_detours(
    nights: Nights, batches: Sequence[rewriting.Batch], folder: Path, rng: Random
) -> None:
    """Push batches, some with a wrong sheet that is corrected or replaced later, and a family that
    withdraws; build and compact in between.
    """
    later: list[Callable[[], object]] = []
    if rng.random() < 0.5:
        nights.push(family(folder / "gone", "GONE").path)
        gone = ("P-MOTHER", "P-FATHER", "P-CHILD")
        later += [partial(withdraw, nights.warehouse, person) for person in gone]
    for batch in batches:
        right = rewriting.write(batch, folder / "right")
        kind = rng.choice(("right", "right", "corrected", "replaced"))
        if kind == "right":
            nights.push(right)
        else:
            wrong, corrections = mistaken(batch, rng)
            nights.push(rewriting.write(wrong, folder / "wrong"))
            table = folder / f"{batch.batch_id}.tsv"
            table.write_text(corrections)
            fix = partial(update_samples, nights.warehouse, table)
            again = partial(nights.push, right, replace=True)
            later.append(fix if kind == "corrected" else again)
        rng.shuffle(later)
        while later and rng.random() < 0.3:
            later.pop()()
        between(nights, rng)
    for step in later:
        step()
        between(nights, rng)


def between(nights: Nights, rng: Random) -> None:
    """What may happen on a night beside pushes."""
    if rng.random() < 0.25:
        nights.build()
    if rng.random() < 0.15:
        compact(nights.warehouse)


def test_cohorts_are_worth_shuffling(reads: Drawn[Read]) -> None:
    cohorts = [reads(at) for at in range(COHORTS)]
    for read in cohorts:
        assert sum(read.expected.counts.values()) > 0
        assert any(len(changes.page) > 0 for changes in read.expected.depth.values())
    assert any(read.gone for read in cohorts)
    assert max(len(files) for read in cohorts for files in read.rewritten) > 4
