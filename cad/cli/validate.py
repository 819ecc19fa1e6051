"""`cad validate`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.failure import exit_code, show_failure
from cad.cli.options import ReferenceOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.cli.show_receipt import show_files
from cad.report import render_report
from cad.validate import validate_batch


def validate(
    batch_dir: Annotated[Path, typer.Argument(metavar="BATCH_DIR", show_default=False)],
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE.html", help="Write a page to keep, in French and English."
        ),
    ] = None,
    reference: ReferenceOption = None,
) -> Reply:
    """Check a batch as a push would, without a warehouse.

    Example: cad validate SEQOIA-2026-11-20-001 --report report.html
    """
    with progress_bar("reading") as progress:
        found = validate_batch(batch_dir, reference=reference, progress=progress)
    if report is not None:
        page = render_report(found, made_on=date.today())
        report.write_text(page, encoding="utf-8")
    document = found.to_json()

    def show(console: Console) -> None:
        named = found.batch_id or str(batch_dir)
        verdict = "valid" if found.is_valid else f"{len(found.problems)} problem(s)"
        console.print(Text(f"{named}: {verdict}, {found.samples:,} samples"), soft_wrap=True)
        for problem in document["problems"]:
            show_failure(problem, console)
        show_files(document["files"], console)

    return Reply(document, show, exit_code(found.problems[0]) if found.problems else 0)
