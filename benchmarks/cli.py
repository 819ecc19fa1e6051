"""The command line of the benchmarks."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from benchmarks.compare import (
    alone,
    bound_rows,
    compare_rows,
    disagreements,
    missed_goals,
    to_markdown,
)
from benchmarks.folders import DEFAULT_WORK, PUBLISHED
from benchmarks.generate import generate as simulate
from benchmarks.generate import require
from benchmarks.measure import CommandFailedError
from benchmarks.results import read_results, write_results
from benchmarks.run import Plan, run_tasks
from benchmarks.sizes import SIZES
from benchmarks.tasks import TASKS

SizeName = Literal["tiny", "small", "medium", "large"]

WorkOption = Annotated[
    Path, typer.Option("--work", metavar="DIR", help="Folder for data, stores and results.")
]
SizeOption = Annotated[SizeName, typer.Option("--size", help="How much data to work on.")]

_LAST: Final = "results.jsonl"
_REFUSED: Final = 1

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)


@app.callback()
def describe_program() -> None:
    """Measure CAD against the tools a user would pick instead, on the same data in the same run."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")


@app.command("generate")
def generate_data(
    size: SizeOption = "small",
    work: WorkOption = DEFAULT_WORK,
    force: Annotated[bool, typer.Option("--force", help="Make anew what is there.")] = False,
) -> None:
    """Simulate the data of one size; what is there already is kept.

    Example: python -m benchmarks generate --size medium --work /scratch/benchmarks
    """
    typer.echo(simulate(work, SIZES[size], force=force).root)


@app.command("run")
def run_chosen(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TASK]...",
            help=f"{', '.join(TASKS)}; all where none is named.",
            show_default=False,
        ),
    ] = None,
    size: SizeOption = "small",
    work: WorkOption = DEFAULT_WORK,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Repeats of each side.")] = 3,
    budget: Annotated[
        float,
        typer.Option("--budget", help="A side that has used so many CPU-s is not repeated."),
    ] = 30.0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="JSON lines; in the work folder."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave what the sides made.")] = False,
) -> None:
    """Measure tasks, CAD and its peers in turn, and write JSON lines.

    CPU seconds are user and system time of a command and all its processes; of the repeats the
    median counts. Each task is run on tiny data first, so that compiled code is in its cache.

    Example: python -m benchmarks run joint strata --size medium --repeats 5
    """
    unknown = sorted(set(tasks or ()) - TASKS.keys())
    if unknown:
        raise typer.BadParameter(f"no task {', '.join(unknown)}; there are {', '.join(TASKS)}")
    chosen = [task for name, task in TASKS.items() if not tasks or name in tasks]
    try:
        require(work, SIZES[size])
        results = run_tasks(Plan(work, SIZES[size], repeats, budget, keep), chosen)
    except (CommandFailedError, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_REFUSED) from None
    target = output or work / _LAST
    write_results(target, results)
    typer.echo(target)


@app.command("compare")
def compare_sides(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            show_default=False,
            help="JSON lines; the last run of the work folder, else the published figures.",
        ),
    ] = None,
    work: WorkOption = DEFAULT_WORK,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail where a goal is missed, too.")
    ] = False,
) -> None:
    """Print the table of ratios; fail where two sides count differently.

    Example: python -m benchmarks compare benchmarks/results/latest.jsonl --strict
    """
    last = work / _LAST
    chosen = file or (last if last.exists() else PUBLISHED)
    try:
        results = read_results(chosen)
    except (OSError, ValueError) as error:
        typer.echo(f"{chosen}: {error}", err=True)
        raise typer.Exit(_REFUSED) from None
    rows = compare_rows(results)
    typer.echo(to_markdown(results, rows))
    wrong = disagreements(results) + alone(results)
    for line in wrong:
        typer.echo(f"counts: {line}", err=True)
    missed = missed_goals(rows, bound_rows(results))
    for line in missed:
        typer.echo(f"goal missed: {line}", err=True)
    if not results or wrong or (strict and missed):
        raise typer.Exit(_REFUSED)
