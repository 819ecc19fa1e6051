"""A warehouse and the twin side by side: what is pushed into one is read by the other."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import polars as pl
from sqlalchemy import insert

from cad.build.differences import Engine
from cad.build.run import BuildReport, build_base
from cad.push import push_batch
from cad.receipt import Receipt
from cad.registry.engine import writing
from cad.registry.tables import code_list
from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse
from loaders.jobs import Thresholds
from schemas.contigs import Assembly
from tests.base.reading import PARTS, Depth, assert_same_base, base_frame, strata, twin_frame
from tests.twin import TwinBase, TwinBatch, count_base, read_batch, read_reference
from tests.twin.batch import COHORT_PURPOSES, PURPOSES
from tests.twin.cohorts import Cohort, Shape, random_batch_dirs
from tests.twin.count import Person
from tests.twin.facts import Thresholds as TwinThresholds

ENGINE: Engine = "hail" if os.environ.get("CAD_TEST_ENGINE") == "hail" else "duckdb"
"""What counts where a test does not say: Hail where the variable says so, for every base test."""
ANY_SHARE = 1e6
"""However small a bin is, what a build adds to it is kept beside it."""
Places = Iterable[tuple[str, int, int]]


def list_cohorts(warehouse: Warehouse, purposes: Mapping[str, Iterable[str]]) -> None:
    """Register which purposes the cohorts of a dated code list allow."""
    rows = [{"cohort": name, "purposes": sorted(allowed)} for name, allowed in purposes.items()]
    day = date(2020, 1, 1)
    with writing(warehouse.engine) as connection:
        connection.execute(
            insert(code_list).values(name="cohort", version="test", valid_from=day, rows=rows)
        )


@contextmanager
def random_cohort(seed: int, shape: Shape) -> Iterator[tuple[Path, Cohort]]:
    """A folder that lasts as long as the block, and a cohort in it; a failure names the seed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            yield folder, random_batch_dirs(seed, folder / "cohort", shape)
        except Exception as error:
            error.add_note(f"in the cohort of seed {seed}")
            raise


class Nights:
    """An open warehouse; `batches` are those it holds, as the twin reads them, by batch id."""

    def __init__(
        self,
        folder: Path,
        assembly: str,
        reference: Path | None = None,
        config: WarehouseConfig | None = None,
        engine: Engine = ENGINE,
        cohorts: Mapping[str, Iterable[str]] = COHORT_PURPOSES,
    ) -> None:
        self.assembly: Assembly = "GRCh37" if assembly == "GRCh37" else "GRCh38"
        settings = Settings(threads=2, added_share=ANY_SHARE, init=config or WarehouseConfig())
        self.warehouse = Warehouse.create(folder, self.assembly, reference, settings=settings)
        list_cohorts(self.warehouse, cohorts)
        self.reference = read_reference(reference) if reference else None
        self.thresholds = twin_thresholds(settings.init.thresholds)
        self.batches: dict[str, TwinBatch] = {}
        self.engine = engine

    @classmethod
    def of(cls, cohort: Cohort, folder: Path) -> Self:
        """An empty warehouse for a cohort's assembly and reference."""
        return cls(folder, cohort.assembly, cohort.reference)

    def push(self, batch: Path, *, replace: bool = False, for_twin: Path | None = None) -> Receipt:
        """Push a batch into the warehouse, and read it, or what stands for it, for the twin."""
        receipt = push_batch(self.warehouse, batch, replace=replace)
        self.batches[receipt.batch_id] = read_batch(
            for_twin or batch, reference=self.reference, thresholds=self.thresholds
        )
        return receipt

    def push_unread(self, *batches: Path) -> None:
        """Push batches that are too large for the twin."""
        for batch in batches:
            push_batch(self.warehouse, batch)

    def build(self) -> BuildReport:
        """Bring the base up to date."""
        return build_base(self.warehouse, engine=self.engine)

    def push_and_build(self, *batches: Path) -> pl.DataFrame:
        """Push batches, build once, and give the base."""
        for batch in batches:
            self.push(batch)
        self.build()
        return base_frame(self.warehouse)

    def expected(self) -> TwinBase:
        """What the base should hold now, counted from nothing."""
        return count_base(list(self.batches.values()), self.assembly)

    def check(self, places: Places = ()) -> TwinBase:
        """The base equals the twin: every row, and every figure at each position of the places."""
        expected = self.expected()
        assert_same_base(base_frame(self.warehouse), twin_frame(expected))
        for purpose in PURPOSES:
            assert_same_depth(self.warehouse, expected, purpose, places)
        return expected

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.warehouse.close()


def twin_thresholds(chosen: Thresholds) -> TwinThresholds:
    """The thresholds of a warehouse under the twin's names."""
    return TwinThresholds(
        chosen.min_gq,
        chosen.min_dp,
        chosen.min_dp_haploid,
        chosen.min_allele_balance,
        chosen.min_dp_mitochondrial,
        chosen.min_vaf,
        chosen.homoplasmic_vaf,
    )


def assert_same_depth(
    warehouse: Warehouse, expected: TwinBase, purpose: str, places: Places
) -> None:
    """Each stratum has a person, and at each position the figures that the twin counts."""
    depth = Depth.read(warehouse, purpose)
    people = expected.members(purpose, "all")
    names = {name for person in people for name in person.strata}
    assert set(strata(warehouse, purpose)) == names
    for contig, start, end in places:
        positions = range(start, end + 1)
        for name in names:
            members = expected.members(purpose, name)
            wanted = [depth_of(members, contig, p) for p in positions]
            found = depth.at(name, contig, positions)
            wrong = [
                f"{purpose} {name} {contig}:{p} {PARTS}: found {ours}, expected {theirs}"
                for p, ours, theirs in zip(positions, found, wanted, strict=True)
                if ours != theirs
            ]
            assert not wrong, "\n".join(wrong[:20])


def depth_of(members: Sequence[Person], contig: str, p: int) -> tuple[int, int, int, int]:
    """Known alleles, passing and raw, persons with one that passes, persons assayed (5.6, 6)."""
    passing = [person.weight(contig, p, True) for person in members]
    raw = [person.weight(contig, p, False) for person in members]
    assayed = sum(person.assayed(contig, p) for person in members)
    return sum(passing), sum(raw), sum(w > 0 for w in passing), assayed
