"""`cad audit`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.audit.verify import read_entries, verify_log
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.warehouse import Warehouse


def verify(warehouse: WarehouseOption) -> Reply:
    """Tell whether an entry of the audit log was altered, taken away or put elsewhere.

    Ends with exit code 1 where one was.

    Example: cad audit verify -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = verify_log(opened).to_json()

    def show(console: Console) -> None:
        counts = f"{document['entries']:,} entries in {document['chains']:,} chains"
        verdict = "intact" if document["intact"] else "NOT INTACT"
        console.print(Text(f"{verdict}: {counts}, {document['unsealed']:,} not sealed yet"))
        for fault in document["faults"]:
            at = "" if fault["entry"] is None else f", entry {fault['entry']}"
            console.print(Text(f"  chain {fault['chain']}{at}: {fault['problem']}"))

    return Reply(document, show, exit_code=0 if document["intact"] else 1)


def show(
    warehouse: WarehouseOption,
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="Only what this caller asked.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The latest so many entries.")] = 100,
) -> Reply:
    """Show who asked what, for which purpose and when, the latest last.

    Persons appear as hashes under keys that withdrawal destroys.

    Example: cad audit show -w national --who api-hospital
    """
    with Warehouse.open(warehouse) as opened:
        entries = [one for one in read_entries(opened) if who in (None, one["who"])][-limit:]
        record(opened, "audit", "care", {"who": who}, rows=len(entries))
    return Reply(entries, lambda console: _show(entries, console))


def _show(entries: list[dict[str, Any]], console: Console) -> None:
    table = Table("at", "who", "role", "what", "purpose", "asked", "commit", "release", "rows",
                  box=None, pad_edge=False, header_style="bold")  # fmt: skip
    for one in entries:
        asked = ", ".join(f"{name} {value}" for name, value in one["asked"].items())
        rest = (one["commit"], one["release"], one["rows"])
        words = (one["at"][:19], one["who"], one["role"], one["what"], one["purpose"], asked, *rest)
        table.add_row(*(Text("" if word is None else str(word)) for word in words))
    console.print(table)
