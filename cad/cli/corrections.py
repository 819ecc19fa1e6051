"""`cad samples update`: what changes after a batch was pushed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.corrections import update_samples
from cad.warehouse import Warehouse

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


def update(file: FileArgument, warehouse: WarehouseOption) -> Reply:
    """Correct what sample sheets said: sex, affected, indication, region, cohort, parents.

    Example: cad samples update corrections.tsv -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = update_samples(opened, file).to_json()
        rows = document["samples"]
        record(opened, "samples", "care", {"act": "update"}, commit=document["commit"], rows=rows)
    return corrected(document, f"{document['samples']:,} samples changed")


def corrected(document: dict[str, Any], what: str) -> Reply:
    """The reply of a command that changed what a build takes in."""

    def show(console: Console) -> None:
        console.print(
            f"{document['status']} at commit {document['commit']}: {what}; "
            "cad build takes it into the figures."
        )

    return Reply(document, show)
