"""The demo: three nights of a simulated cohort, pushed, counted, and checked figure by figure.

In goes a seed. Out come a warehouse one can ask, a story on the console, and a report that is right
only where every receipt line, every count and every answer is what the simulation says.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from rich.console import Console

from cad.demo.check import Agreement
from cad.demo.folder import DEFAULT_FOLDER, mark_demo, prepare_folder
from cad.demo.nights import (
    NightReport,
    PushReport,
    RefusalReport,
    build_night,
    push_night,
    push_refused,
)
from cad.demo.show import (
    show_build,
    show_command,
    show_heading,
    show_line,
    show_push,
    show_refusal,
    show_unchanged,
    shown_path,
)
from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, DemoCohort, simulate_cohort
from cad.push import push_batch
from cad.receipt import Receipt
from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse

log = logging.getLogger(__name__)

_QUIETED: Final = ("cad", "loaders", "msprime")


@dataclass(frozen=True)
class DemoReport:
    """What a demo found.

    Attributes:
        folder: holds everything the demo made.
        persons: simulated persons.
        pushes: one per night.
        nights: one per build.
        refusal: of the truncated batch.
        repush: what the second push of a batch answered.
        seconds: from the first line to the last.
    """

    folder: Path
    persons: int
    pushes: tuple[PushReport, ...]
    nights: tuple[NightReport, ...]
    refusal: RefusalReport
    repush: Receipt
    seconds: float

    @property
    def warehouse(self) -> Path:
        """The warehouse to ask."""
        return self.folder / "warehouse"

    @property
    def counts(self) -> Agreement:
        """Counts of all builds that agreed with the truth."""
        return sum((night.counts for night in self.nights), Agreement())

    @property
    def lines(self) -> Agreement:
        """Sums of receipts that agreed with the files."""
        return sum((push.lines for push in self.pushes), Agreement())

    @property
    def is_right(self) -> bool:
        """Whether everything was as the simulation says; the command exits with 1 where not."""
        return (
            self.counts.is_full
            and self.lines.is_full
            and self.refusal.is_right
            and self.repush.status == "unchanged"
        )

    def to_json(self) -> dict[str, Any]:
        """The document that `cad demo` prints."""
        return {
            "is_right": self.is_right,
            "folder": str(self.folder),
            "warehouse": str(self.warehouse),
            "persons": self.persons,
            "pushes": [push.to_json() for push in self.pushes],
            "nights": [night.to_json() for night in self.nights],
            "refusal": self.refusal.to_json(),
            "repush": {"batch_id": self.repush.batch_id, "status": self.repush.status},
            "counts": self.counts.to_json(),
            "lines": self.lines.to_json(),
            "seconds": round(self.seconds, 3),
        }


def run_demo(
    folder: Path | None = None, *, seed: int = 1, small: bool = False, console: Console
) -> DemoReport:
    """Simulate a cohort, push its three nights, build after each, and check every figure.

    Args:
        folder: where everything goes; ``demo-warehouse`` in the working directory where unset. One
            that an earlier demo made is made anew.
        seed: everything random follows from it.
        small: the smallest cohort that shows every feature.
        console: gets the story.

    Raises:
        Conflict: `output_exists`, the folder holds something that no demo made.
        Unavailable: `extra_missing`, msprime is not installed.
    """
    started = perf_counter()
    place = (folder or DEFAULT_FOLDER).absolute()
    with _quiet():
        prepare_folder(place)
        cohort = _simulate(place, seed, small, console)
        with _make_warehouse(place, cohort, console) as warehouse:
            story = _Story(warehouse, cohort, console)
            pushes, nights = [], []
            for number in range(1, len(cohort.nights) + 1):
                pushes.append(story.push(number))
                if number == 2:
                    refusal, repush = story.refuse(), story.push_again()
                nights.append(story.build(number))
    people = len(cohort.truth.people)
    seconds = perf_counter() - started
    report = DemoReport(place, people, tuple(pushes), tuple(nights), refusal, repush, seconds)
    return report


def _simulate(folder: Path, seed: int, small: bool, console: Console) -> DemoCohort:
    started = perf_counter()
    show_heading(console, "A cohort is simulated")
    out = folder / "batches"
    cohort = (
        simulate_cohort(out, seed, trios=MIN_TRIOS, unrelated=MIN_UNRELATED)
        if small
        else simulate_cohort(out, seed)
    )
    people, batches = len(cohort.truth.people), sum(map(len, cohort.nights))
    show_line(
        console,
        f"{people:,} persons with {len(cohort.truth.keys):,} variants on slices of 22, X (with a "
        f"PAR) and M; seed {seed}, {perf_counter() - started:.1f} s",
    )
    show_line(
        console, f"{batches} batches of two platforms, and their reference, in {shown_path(out)}"
    )
    return cohort


def _make_warehouse(folder: Path, cohort: DemoCohort, console: Console) -> Warehouse:
    """The warehouse of the defaults: the operator's registry, key and thresholds are not used."""
    path = folder / "warehouse"
    reference = shown_path(cohort.reference)
    show_command(
        console, f"cad init -w {shown_path(path)} --assembly GRCh38 --reference {reference}"
    )
    settings = Settings(registry_url=None, key_file=None, init=WarehouseConfig())
    warehouse = Warehouse.create(path, "GRCh38", cohort.reference, settings=settings)
    mark_demo(path)
    return warehouse


@dataclass(frozen=True)
class _Story:
    """The steps, each told as it is done."""

    warehouse: Warehouse
    cohort: DemoCohort
    console: Console

    def push(self, night: int) -> PushReport:
        directories = self.cohort.nights[night - 1]
        show_heading(self.console, f"Night {night}: {len(directories)} batches are pushed")
        self._command(f"push {self._place(directories[0].parent)}/*-00?")
        report = push_night(self.warehouse, self.cohort, directories)
        show_push(self.console, report)
        return report

    def refuse(self) -> RefusalReport:
        show_heading(self.console, "A truncated batch is refused")
        self._command(f"push {self._place(self.cohort.bad_batch)}")
        report = push_refused(self.warehouse, self.cohort)
        show_refusal(self.console, report)
        return report

    def push_again(self) -> Receipt:
        show_heading(self.console, "The same bytes once more change nothing")
        self._command(f"push {self._place(self.cohort.repush)}")
        receipt = push_batch(self.warehouse, self.cohort.repush)
        show_unchanged(self.console, receipt)
        return receipt

    def build(self, night: int) -> NightReport:
        show_heading(self.console, f"The base after night {night}")
        self._command("build")
        report = build_night(self.warehouse, self.cohort, night)
        show_build(self.console, report)
        return report

    def _command(self, text: str) -> None:
        show_command(self.console, f"cad {text} -w {self._place(self.warehouse.path)}")

    @staticmethod
    def _place(path: Path) -> str:
        return shown_path(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let the demo's own story stand alone: log lines only where they warn, or -v asked for all."""
    before = {name: logging.getLogger(name).level for name in _QUIETED}
    for name in _QUIETED:
        if not logging.getLogger(name).isEnabledFor(logging.DEBUG):
            logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
