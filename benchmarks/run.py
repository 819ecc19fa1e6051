"""Measure the sides of tasks: interleaved, several times over, then compare what they counted."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from statistics import median
from time import strftime
from typing import Final

from benchmarks.counts_file import digest, first_differences
from benchmarks.folders import Data
from benchmarks.machine import machine, revision, tool_version, versions
from benchmarks.measure import Usage, measure
from benchmarks.results import Result
from benchmarks.sizes import SIZES, Size
from benchmarks.task import Figures, Side, Task

log = logging.getLogger(__name__)

_WARM_REPEATS: Final = 2


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        work: the benchmarks' folder.
        size: which data.
        repeats: how often to measure each side, at most.
        budget: a side that has used so many CPU seconds is not measured again.
        keep: whether to leave what the sides made.
    """

    work: Path
    size: Size
    repeats: int = 3
    budget: float = 30.0
    keep: bool = False


@dataclass
class _Measured:
    """A side's repeats so far."""

    side: Side
    folder: Path
    usages: list[Usage] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)

    @property
    def spent(self) -> float:
        """CPU seconds of all repeats."""
        return sum(usage.cpu_s for usage in self.usages)

    @property
    def counts(self) -> Path:
        """Where the side's counts are."""
        return self.folder / "counts.tsv"


def run_tasks(plan: Plan, tasks: Sequence[Task]) -> list[Result]:
    """Measure tasks on the data of a size.

    Each task is first run on the tiny data, which brings compiled code and programs into their
    caches, and tells what starting costs. Then all its sides are measured in turn, again and again:
    what disturbs the machine disturbs both.

    Raises:
        CommandFailedError: a side did not succeed.
        FileNotFoundError: there are no data.
    """
    name = strftime("%Y-%m-%dT%H:%M:%S")
    results = []
    for task in tasks:
        tiny = plan.size == SIZES["tiny"]
        starting = [] if tiny else _measure_task(plan, SIZES["tiny"], task, _WARM_REPEATS)
        startup = {one.side.name: min(usage.cpu_s for usage in one.usages) for one in starting}
        for one in _measure_task(plan, plan.size, task, plan.repeats, plan.budget):
            results.append(_result(name, plan, task, one, startup.get(one.side.name)))
        if not plan.keep:
            for size in (SIZES["tiny"], plan.size):
                shutil.rmtree(_folder(plan, size, task), ignore_errors=True)
    return results


def _folder(plan: Plan, size: Size, task: Task) -> Path:
    return plan.work / size.name / "runs" / task.name


def _measure_task(
    plan: Plan, size: Size, task: Task, repeats: int, budget: float = inf
) -> list[_Measured]:
    folder = _folder(plan, size, task)
    if folder.exists():
        shutil.rmtree(folder)
    shared = folder / "shared"
    shared.mkdir(parents=True)
    log.info("%s, %s: preparing", task.name, size.name)
    sides = task.sides(Data.of(plan.work, size), shared)
    measured = [
        _Measured(side, folder / f"side-{number}") for number, side in enumerate(sides, start=1)
    ]
    for repeat in range(repeats):
        for one in measured:
            if repeat == 0 or one.spent < budget:
                _repeat(one)
                log.info("%s, %s: %.2f CPU-s", task.name, one.side.name, one.usages[-1].cpu_s)
    for one in measured:
        one.side.count(one.folder, one.counts)
    _tell_differences(measured)
    return measured


def _repeat(one: _Measured) -> None:
    if one.folder.exists():
        shutil.rmtree(one.folder)
    one.folder.mkdir()
    one.side.prepare(one.folder)
    measured = [measure(command) for command in one.side.commands(one.folder)]
    usage = measured[0][0]
    for more, _ in measured[1:]:
        usage += more
    one.usages.append(usage)
    one.figures.append(one.side.figures(one.folder, [printed for _, printed in measured]))


def _tell_differences(measured: list[_Measured]) -> None:
    """Log where sides of a group differ; `compare` fails for it, but has the digests alone."""
    first: dict[str, _Measured] = {}
    for one in measured:
        other = first.setdefault(one.side.group, one)
        for line in first_differences(other.counts, one.counts):
            log.error("%s, %s count differently: %s", other.side.name, one.side.name, line)


def _result(name: str, plan: Plan, task: Task, one: _Measured, startup_s: float | None) -> Result:
    usages, figures = one.usages, one.figures
    return Result(
        run=name,
        size=plan.size.name,
        task=task.name,
        side=one.side.name,
        tool=f"{one.side.tool} {tool_version(one.side.tool)}",
        repeats=len(usages),
        cpu_s=median(usage.cpu_s for usage in usages),
        cpu_all=tuple(usage.cpu_s for usage in usages),
        startup_s=min(usage.cpu_s for usage in usages) if startup_s is None else startup_s,
        wall_s=median(usage.wall_s for usage in usages),
        peak_rss=max(usage.peak_rss for usage in usages),
        figures={name: median(found[name] for found in figures) for name in figures[0]},
        group=one.side.group,
        counts=digest(one.counts),
        git=revision(),
        versions=versions(),
        machine=machine(),
    )
