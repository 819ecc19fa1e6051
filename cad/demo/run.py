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

from cad.demo.answers import AnswerReport
from cad.demo.check import Agreement
from cad.demo.exported import ExportReport
from cad.demo.folder import DEFAULT_FOLDER, prepare_folder
from cad.demo.nights import NightReport, PushReport, RefusalReport
from cad.demo.questions import PhenotypeReport
from cad.demo.show import show_command, show_heading, show_line, shown_path
from cad.demo.story import Story, make_warehouse, simulate
from cad.receipt import Receipt

_QUESTION: Final = "SELECT * FROM frequencies WHERE stratum = 'sex=XY' AND n_hemi > 1 LIMIT 5"
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
        answers: to questions asked after the last night.
        planted: what was planted behind features, and whether it was found.
        export: the sites VCF of the last night.
        seconds: from the first line to the last.
    """

    folder: Path
    persons: int
    pushes: tuple[PushReport, ...]
    nights: tuple[NightReport, ...]
    refusal: RefusalReport
    repush: Receipt
    answers: AnswerReport
    planted: PhenotypeReport
    export: ExportReport
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
            and self.answers.is_right
            and self.planted.is_right
            and self.export.counts.is_full
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
            "answers": self.answers.to_json(),
            "planted": self.planted.to_json(),
            "export": self.export.to_json(),
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
        cohort = simulate(place / "batches", seed, small, console)
        with make_warehouse(place / "warehouse", cohort, console) as warehouse:
            story = Story(warehouse, cohort, console)
            first = (story.push(1), story.build(1))
            second = story.push(2)
            refusal, repush = story.refuse(), story.push_again()
            second_build = story.build(2)
            third = (story.push(3), story.build(3))
            answers = story.ask()
            planted = story.find_planted()
            export = story.export(place / "sites.vcf.gz")
    report = DemoReport(
        folder=place,
        persons=len(cohort.truth.people),
        pushes=(first[0], second, third[0]),
        nights=(first[1], second_build, third[1]),
        refusal=refusal,
        repush=repush,
        answers=answers,
        planted=planted,
        export=export,
        seconds=perf_counter() - started,
    )
    _end(report, console)
    return report


def _end(report: DemoReport, console: Console) -> None:
    """Tell what it came to, and how to go on."""
    counts = report.counts
    verdict = f"{counts.agreed:,} of {counts.checked:,} counts agreed, in {report.seconds:.0f} s"
    if not report.is_right:
        verdict = f"NOT everything is as simulated, see above: {verdict}"
    show_heading(console, verdict)
    show_line(console, "To go on:")
    where = f"-w {shown_path(report.warehouse)}"
    variant = report.answers.shown[0].asked.variant
    for command in (
        f"cad status {where}",
        f"cad region 22:20149000-20150000 --purpose research {where}",
        f'cad sql {where} -c "{_QUESTION}"',
        f"cad serve --demo {where}",
    ):
        show_command(console, command)
    show_line(console, f"and then http://127.0.0.1:8000/variants/{variant} in a browser")


@contextmanager
def _quiet() -> Iterator[None]:
    """Let the story stand alone: log lines only where they warn, or where -v asked for all."""
    before = {name: logging.getLogger(name).level for name in _QUIETED}
    for name in _QUIETED:
        if not logging.getLogger(name).isEnabledFor(logging.DEBUG):
            logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
