"""`cad demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cad.cli.reply import Reply, console_on
from cad.demo.run import run_demo
from schemas.errors import CadError


def demo(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="DIR",
            help="Where everything goes, ./demo-warehouse where unset; a folder of "
            "an earlier demo is made anew.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Everything random follows from it.")] = 1,
    small: Annotated[
        bool, typer.Option("--small", help="The smallest cohort that shows every feature.")
    ] = False,
) -> Reply:
    """Simulate three nights, count them, and check every figure.

    Exit 1 where any figure is not what the simulation says. Needs the extra demo.

    Example: cad demo --seed 2
    """
    # The story is told as it happens; it is the answer for a human, and a message beside JSON.
    is_human = context.params["format_"] == "human"
    console = console_on(sys.stdout if is_human else sys.stderr)
    report = run_demo(out, seed=seed, small=small, console=console)
    document = report.to_json()
    if not report.is_right:
        told = CadError("demo_mismatch", "see the counts, lines, answers and export that disagree")
        document |= told.to_json()
    return Reply(document, lambda _: None, 0 if report.is_right else 1)
