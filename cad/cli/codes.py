"""`cad codes`: dated lists of what the plan routes, indicates and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.codes import add_codes, list_codes, parse_codes, plan_lists, read_codes, show_codes
from cad.warehouse import Warehouse


def add(
    warehouse: WarehouseOption,
    named: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|NAME",
            help="A JSON file, or a list that comes with CAD: cohort, indication, routing.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="All lists that come with CAD.")] = False,
) -> Reply:
    """Load a version of a code list, which answers from its day on.

    Example: cad codes add --plan -w national

    Example: cad codes add cohorts-2026-10.json -w national
    """
    if (named is None) is not plan:
        raise typer.BadParameter("name one list, or --plan")
    lists = (
        [parse_codes(data, name) for name, data in plan_lists().items()]
        if named is None
        else [read_codes(named)]
    )
    with Warehouse.open(warehouse) as opened:
        documents = [add_codes(opened, one).to_json() for one in lists]

    def show(console: Console) -> None:
        for one in documents:
            words = f"{one['name']} {one['version']}: {one['rows']} rows, {one['status']}"
            console.print(Text(f"{words} at commit {one['commit']}"))

    return Reply(documents if plan else documents[0], show)


def list_(warehouse: WarehouseOption) -> Reply:
    """List the code lists and their versions.

    Example: cad codes list -w national
    """
    with Warehouse.open(warehouse) as opened:
        documents = list_codes(opened)
    return Reply(documents, lambda console: _show_list(documents, console))


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    warehouse: WarehouseOption,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="V", help="Not today's.", show_default=False),
    ] = None,
) -> Reply:
    """Show the rows of a code list.

    Example: cad codes show cohort -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = show_codes(opened, name, version)
    return Reply(document, lambda console: _show_rows(document, console))


def _show_list(documents: Sequence[Mapping[str, Any]], console: Console) -> None:
    if not documents:
        console.print("No code list has been loaded yet.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("list", "version", "valid from", "current"):
        table.add_column(name)
    table.add_column("rows", justify="right")
    for one in documents:
        words = (one["name"], one["version"], one["valid_from"], "yes" if one["current"] else "")
        table.add_row(*map(Text, words), f"{one['rows']:,}")
    console.print(table)


def _show_rows(document: Mapping[str, Any], console: Console) -> None:
    title = f"{document['name']} {document['version']}, valid from {document['valid_from']}"
    console.print(Text(title, style="bold"))
    columns = list(dict.fromkeys(name for row in document["rows"] for name in row))
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in document["rows"]:
        table.add_row(*(Text(_cell(row.get(name))) for name in columns))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
