"""`cad build`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from cad.build.differences import Engine
from cad.build.run import build_base
from cad.cli.changes import fired, show_fired
from cad.cli.options import WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.warehouse import Warehouse


def build(
    warehouse: WarehouseOption,
    engine: Annotated[
        Engine, typer.Option("--engine", help="What counts; the base is the same whichever does.")
    ] = "duckdb",
    recount: Annotated[
        bool,
        typer.Option("--recount", help="Count everybody anew; no figure of the base is read."),
    ] = False,
) -> Reply:
    """Bring the figures up to what was pushed since the last build.

    Example: cad build -w national
    """
    with Warehouse.open(warehouse) as opened, progress_bar("building", is_bytes=False) as progress:
        document = build_base(opened, progress, engine, recount=recount).to_json()
        document["watched"] = fired(opened)
    return Reply(document, lambda console: _show(document, console))


def _show(document: dict[str, Any], console: Console) -> None:
    console.print(
        f"Base of commit {document['commit']}: {document['persons_added']:,} persons added, "
        f"{document['persons_removed']:,} removed, {document['variants']:,} variants, "
        f"{document['seconds']:.1f} s"
    )
    show_fired(document["watched"], console)
