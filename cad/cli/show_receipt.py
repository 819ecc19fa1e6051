"""A receipt as a human reads it: a line per file, then what was set aside and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.reasons import REASONS, Kind

_STYLES: Final = {Kind.DEFECT: "red", Kind.WARNING: "yellow", Kind.OUT_OF_SCOPE: "dim"}

_LINES: Final = ("records", "loaded", "reference", "set aside")
_ALLELES: Final = ("alleles loaded", "not carried", "set aside")


def show_receipt(receipt: Mapping[str, Any], console: Console) -> None:
    """Print a receipt document (DESIGN 8)."""
    ignored = receipt["samples_ignored"]
    tail = f", {ignored} of withdrawn persons ignored" if ignored else ""
    console.print(
        Text.assemble(
            (receipt["batch_id"], "bold"),
            f": {receipt['status']} at commit {receipt['commit']}, "
            f"{receipt['samples']:,} samples{tail}",
        ),
        soft_wrap=True,
    )
    show_files(receipt["files"], console)
    show_reasons("samples.tsv", receipt.get("warnings", ()), console)


def show_files(files: Iterable[Mapping[str, Any]], console: Console) -> None:
    """Print the entries of a receipt's files: lines and alleles by what became of them."""
    files = list(files)
    table = Table("file", box=None, pad_edge=False, header_style="bold")
    for name in (*_LINES, *_ALLELES):
        table.add_column(name, justify="right")
    for file in files:
        aside = sum(entry["records"] for entry in file["set_aside"])
        counts = (file["records"], file["loaded"], file["reference"], aside)
        counts += tuple(file["alleles"][name] for name in ("loaded", "not_carried", "set_aside"))
        table.add_row(Text(file["path"]), *(f"{count:,}" for count in counts))
    if files:
        console.print(table)
    for file in files:
        show_reasons(file["path"], (*file["set_aside"], *file["warnings"]), console)


def show_reasons(place: str, entries: Iterable[Mapping[str, Any]], console: Console) -> None:
    """Print a line per reason: how many records, what it means, and where the first ones are."""
    for entry in entries:
        reason = REASONS[entry["reason"]]
        lines = ", ".join(str(number) for number in entry["examples"])
        where = f" (line {lines})" if lines else ""
        console.print(
            Text.assemble(
                f"  {place}: {entry['records']:,} ",
                (entry["reason"], _STYLES.get(reason.kind, "")),
                f": {reason.en}{where}",
            ),
            soft_wrap=True,
        )
