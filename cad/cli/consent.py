"""`cad consent import` and `cad consent show`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.corrections import FileArgument, corrected
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.consents import import_consents, show_consents
from cad.warehouse import Warehouse


def import_(file: FileArgument, warehouse: WarehouseOption) -> Reply:
    """Record decisions of persons, in a table like a batch's consents.tsv.

    Example: cad consent import consents.tsv -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = import_consents(opened, file).to_json()
        rows = document["consents"]
        record(opened, "consents", "care", {"act": "import"}, commit=document["commit"], rows=rows)
    return corrected(document, f"{document['consents']:,} decisions recorded")


def show(
    person_id: Annotated[str, typer.Argument(metavar="PERSON_ID", show_default=False)],
    warehouse: WarehouseOption,
) -> Reply:
    """Show what a person has decided: what holds today by scope, and every decision.

    Example: cad consent show P1 -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = show_consents(opened, person_id)
        rows = len(document["history"])
        record(opened, "consents", "care", {"act": "show"}, rows=rows, persons=[person_id])
    return Reply(document, lambda console: _show(document, console))


def _show(document: Mapping[str, Any], console: Console) -> None:
    for scope, one in document["scopes"].items():
        state = (
            f"{one['status']}, lapsed in {one['of_age_from']}" if one["lapsed"] else one["status"]
        )
        console.print(Text.assemble((scope, "bold"), f": {state} (of {one['signed_on']})"))
    if not document["history"]:
        console.print("Nothing was decided; care alone holds.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("signed", "scope", "status", "text", "by", "of age from"):
        table.add_column(name)
    for one in document["history"]:
        by = "representative" if one["by_representative"] else "person"
        words = (one["signed_on"], one["scope"], one["status"], one["text_version"] or "")
        table.add_row(*map(Text, (*words, by, one["of_age_from"] or "")))
    console.print(table)
