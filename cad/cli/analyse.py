"""`cad analyse`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cad.analyse import analyse as run_analyses
from cad.cli.frequency import ProjectOption
from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.genetics.parameters import PARAMETERS, Name
from cad.warehouse import Warehouse


def analyse(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help=f"What to run, one after the other: {', '.join(PARAMETERS)}.",
            show_default=False,
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PARAMETER=VALUE",
            help="A parameter other than its default, its value a word or JSON; several may be "
            "given.",
            show_default=False,
        ),
    ] = None,
    project: ProjectOption = None,
) -> Reply:
    """Run genetic analyses of the persons who count for a purpose.

    Needs the extra hail. Each commits on its own; what was run already, with the same persons and
    parameters, is not run again.

    Example: cad analyse pca relatedness --purpose research --set components=4 -w national
    """
    chosen = [_name(word) for word in names]
    given = dict(_parameter(word) for word in set_ or ())
    with Warehouse.open(warehouse) as opened, progress_bar("analysing", is_bytes=False) as told:
        asked = {"act": "analyse", "analyses": chosen}
        record(opened, "operate", purpose, asked, project=project)
        found = run_analyses(opened, chosen, purpose, given, told, project)
    document = {"analyses": [row.to_json() | {"unchanged": there} for row, there in found]}
    return Reply(document, lambda console: _show(document["analyses"], console))


def _name(word: str) -> Name:
    for name in PARAMETERS:
        if name == word:
            return name
    raise typer.BadParameter(f"expected one of {', '.join(PARAMETERS)}, found {word}")


def _parameter(word: str) -> tuple[str, Any]:
    name, sign, text = word.partition("=")
    if not sign:
        raise typer.BadParameter(f"expected PARAMETER=VALUE, found {word}")
    try:
        return name, json.loads(text)
    except json.JSONDecodeError:
        return name, text


def _show(rows: list[dict[str, Any]], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("analysis", "name", "purpose", "persons", "commit", "seconds"):
        table.add_column(heading, justify="left" if heading in ("name", "purpose") else "right")
    for row in rows:
        seconds = "unchanged" if row["unchanged"] else f"{row['seconds']:.1f}"
        told = (row["analysis"], row["name"], row["purpose"], row["persons"], row["commit"])
        table.add_row(*map(str, told), seconds)
    console.print(table)
