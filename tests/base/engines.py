"""Both engines side by side: whatever is pushed, the bases they make of it must be one."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import duckdb

from cad.compact import compact
from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from tests.base.nights import Nights, Places
from tests.base.reading import lake_table, strata
from tests.twin import TwinBase
from tests.twin.batch import COHORT_PURPOSES, PURPOSES

BASE_TABLES: Final = ("base_counts", "base_an", "base_depth", "base_changes")
LITTLE_JAVA: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=240m"
"""Starts soon; a session of many tests compiles more than the 48 MiB that this compiler gets."""
SMALL_SPARK: Final = {
    # Planning and compiling a query takes longer than running it on a hundred rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.driver.extraJavaOptions": LITTLE_JAVA,
}
HAIL_SETTINGS: Final = Settings.model_validate(
    {"threads": 2, "spark_driver_memory": "1GiB", "spark_conf": SMALL_SPARK}
)


@dataclass(frozen=True)
class Both:
    """Two warehouses with the same batches; Hail counts in one and DuckDB in the other."""

    hail: Nights
    duckdb: Nights

    @classmethod
    @contextmanager
    def open(
        cls,
        folder: Path,
        assembly: str,
        reference: Path | None = None,
        config: WarehouseConfig | None = None,
        cohorts: Mapping[str, Iterable[str]] = COHORT_PURPOSES,
    ) -> Iterator[Self]:
        """Two empty warehouses, and the purposes that cohorts allow."""
        with ExitStack() as stack:
            hail, other = (
                stack.enter_context(
                    Nights(folder / engine, assembly, reference, config, engine, cohorts)
                )
                for engine in ("hail", "duckdb")
            )
            yield cls(hail, other)

    def push(self, *batches: Path, replace: bool = False) -> None:
        """Push batches into both."""
        for batch in batches:
            self.hail.push(batch, replace=replace)
            self.duckdb.push(batch, replace=replace)

    def build(self) -> int:
        """Build both; the bases must be one. Returns how many rows they have."""
        reports = [nights.build() for nights in (self.hail, self.duckdb)]
        told = [(one.persons_added, one.persons_removed, one.purposes) for one in reports]
        assert told[0] == told[1]
        return assert_one_base(self.hail.warehouse, self.duckdb.warehouse)

    def check(self, places: Places = ()) -> TwinBase:
        """Hail's base is the twin's."""
        return self.hail.check(places)

    def withdraw(self, person: str) -> None:
        """Withdraw a person from both."""
        for nights in (self.hail, self.duckdb):
            withdraw(nights.warehouse, person)

    def compact(self) -> None:
        """Gather the files of both."""
        for nights in (self.hail, self.duckdb):
            compact(nights.warehouse)


def assert_one_base(one: Warehouse, other: Warehouse) -> int:
    """Both hold the same rows in every table of the base, floats too; returns how many."""
    rows = 0
    for purpose in PURPOSES:
        assert strata(one, purpose) == strata(other, purpose)
        for table in BASE_TABLES:
            ours, theirs = (lake_table(each, table, purpose) for each in (one, other))
            with duckdb.connect() as database:
                database.register("ours", ours)
                database.register("theirs", theirs)
                for left, right in (("ours", "theirs"), ("theirs", "ours")):
                    only = f"FROM {left} EXCEPT ALL FROM {right} LIMIT 20"
                    found = database.sql(only).fetchall()
                    assert not found, f"{purpose} {table}, of {left} alone: {found}"
            rows += ours.num_rows
    return rows
