"""What the demo prints: commands a reader could type, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.demo.check import Agreement
from cad.demo.nights import NightReport, PushReport, RefusalReport, sum_receipt
from cad.receipt import Receipt
from schemas.reasons import REASONS


def show_heading(console: Console, text: str) -> None:
    """Print the title of a step."""
    console.print()
    console.print(Text(text, style="bold"), soft_wrap=True)


def show_command(console: Console, text: str) -> None:
    """Print a command as one would type it."""
    console.print(Text(f"$ {text}", style="cyan"), soft_wrap=True)


def show_line(console: Console, text: str, style: str = "") -> None:
    """Print one line, indented."""
    console.print(Text(f"  {text}", style=style), soft_wrap=True)


def show_agreement(console: Console, agreement: Agreement, what: str) -> None:
    """Print how many figures agreed with the simulation, and the first that did not."""
    style = "green" if agreement.is_full else "bold red"
    show_line(console, f"{agreement.agreed:,} of {agreement.checked:,} {what}", style)
    for example in agreement.examples:
        show_line(console, f"  {example}", "red")


def show_push(console: Console, report: PushReport) -> None:
    """Print a line per batch: records = loaded + reference + set aside, and the reasons."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("  batch")
    for name in ("samples", "files", "records", "= loaded", "+ reference", "+ set aside"):
        table.add_column(name, justify="right")
    reasons: dict[str, int] = {}
    for receipt in report.receipts:
        sums = sum_receipt(receipt)
        table.add_row(Text(f"  {receipt.batch_id}"), *_figures(sums))
        for reason, records in sums["set_aside"].items():
            reasons[reason] = reasons.get(reason, 0) + records
    console.print(table)
    for reason, records in sorted(reasons.items()):
        show_line(console, f"set aside {records}: {reason}. {REASONS[reason].en}", "dim")
    show_agreement(console, report.lines, "sums of the receipts are those of the files simulated")


def show_unchanged(console: Console, receipt: Receipt) -> None:
    """Print what a second push of the same bytes answered."""
    show_line(
        console,
        f"{receipt.batch_id}: {receipt.status}; its receipt is still that of commit "
        f"{receipt.commit}",
    )


def show_refusal(console: Console, report: RefusalReport) -> None:
    """Print why a batch was refused, and that nothing of it stayed."""
    if report.error is None:
        show_line(console, f"{report.batch_id} was ACCEPTED, and should have been refused", "red")
        return
    place = f" ({report.error.where})" if report.error.where else ""
    meaning = REASONS[report.error.reason].en
    show_line(console, f"refused: {report.error.reason}. {meaning}{place}", "yellow")
    if report.is_untouched:
        show_line(console, f"the warehouse is what it was: commit {report.commit}, same files")
    else:
        show_line(console, "the warehouse has CHANGED, and should not have", "bold red")


def show_build(console: Console, report: NightReport) -> None:
    """Print what a build did and how many counts agreed."""
    build = report.build
    sizes = "; ".join(
        f"{name} {size.persons:,} persons, {size.variants:,} variants"
        for name, size in build.purposes.items()
    )
    left = f", {build.persons_removed:,} removed" if build.persons_removed else ""
    show_line(console, f"{build.persons_added:,} persons added{left} in {build.seconds:.1f} s")
    show_line(console, f"now {sizes}")
    show_agreement(console, report.counts, "counts agree with the simulation's own truth")


def shown_path(path: Path) -> str:
    """A path as one would type it here: relative where it lies within the working directory.

    >>> shown_path(Path.cwd() / "a" / "b")
    'a/b'
    """
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _figures(sums: Mapping[str, Any]) -> Sequence[str]:
    figures = [sums[name] for name in ("samples", "files", "records", "loaded", "reference")]
    return [f"{figure:,}" for figure in (*figures, sum(sums["set_aside"].values()))]
