"""`cad demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cad.cli.reply import Reply, console_on
from cad.demo.run import run_demo


def demo(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="Where everything goes; a folder that an earlier demo made is made anew.",
        ),
    ] = Path("demo-warehouse"),
    seed: Annotated[int, typer.Option("--seed", help="Everything random follows from it.")] = 1,
    small: Annotated[
        bool, typer.Option("--small", help="Fewer persons, for a quick look.")
    ] = False,
) -> Reply:
    """Simulate three nights, count them, and check every figure.

    Exit 1 where any figure is not what the simulation says. Needs the extra demo.

    Example: cad demo --seed 2
    """
    # The story is told as it happens; it is the answer for a human, and a message beside JSON.
    stream = sys.stderr if context.params["format_"] == "json" else sys.stdout
    report = run_demo(folder, seed=seed, small=small, console=console_on(stream))
    return Reply(report.to_json(), lambda _: None, 0 if report.is_right else 1)
