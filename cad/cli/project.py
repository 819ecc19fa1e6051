"""`cad project`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.projects import (
    ProjectRow,
    approve_project,
    close_project,
    create_project,
    find_project,
    list_projects,
)
from cad.warehouse import Warehouse

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


def create(
    name: NameArgument,
    warehouse: WarehouseOption,
    title: Annotated[
        str, typer.Option("--title", help="What it is about, in a sentence.", show_default=False)
    ],
    ends: Annotated[
        datetime,
        typer.Option(
            "--ends", formats=["%Y-%m-%d"], help="The last day of asking.", show_default=False
        ),
    ],
    purpose: Annotated[
        str, typer.Option("--purpose", help="Whose consents let them count: research, industry.")
    ] = "research",
    cohort: Annotated[
        list[str] | None, typer.Option("--cohort", help="Only these cohorts.", show_default=False)
    ] = None,
    indication: Annotated[
        list[str] | None,
        typer.Option("--indication", help="Only these indications.", show_default=False),
    ] = None,
    phenotype: Annotated[
        list[str] | None,
        typer.Option(
            "--phenotype", metavar="HP:ID", help="Only persons with one of these.",
            show_default=False,
        ),
    ] = None,
) -> Reply:  # fmt: skip
    """Request a project: what for, about whom, until when.

    Example: cad project create LEUCO --title Leucodystrophies --ends 2027-12-31 -w national
    """
    scope = {
        "cohorts": cohort or [],
        "indications": indication or [],
        "phenotypes": phenotype or [],
    }
    with Warehouse.open(warehouse) as opened:
        made = create_project(
            opened, name, title=title, purpose=purpose, scope=scope, ends_on=ends.date()
        )
        _record(opened, "create", made)
    return _reply([made])


def approve(
    name: NameArgument,
    warehouse: WarehouseOption,
    by: Annotated[
        str, typer.Option("--by", metavar="WHO", help="Who approved it.", show_default=False)
    ],
) -> Reply:
    """Approve a requested project: questions may be asked in it from now on.

    Example: cad project approve LEUCO --by "Scientific committee" -w national
    """
    with Warehouse.open(warehouse) as opened:
        made = approve_project(opened, name, by)
        _record(opened, "approve", made)
    return _reply([made])


def close(name: NameArgument, warehouse: WarehouseOption) -> Reply:
    """Close a project and destroy the key of its pseudonyms.

    Example: cad project close LEUCO -w national
    """
    with Warehouse.open(warehouse) as opened:
        made = close_project(opened, name)
        _record(opened, "close", made)
    return _reply([made])


def show(name: NameArgument, warehouse: WarehouseOption) -> Reply:
    """Show a project.

    Example: cad project show LEUCO -w national
    """
    with Warehouse.open(warehouse) as opened:
        found = find_project(opened, name)
        _record(opened, "show", found)
    return _reply([found])


def list_(warehouse: WarehouseOption) -> Reply:
    """List the projects.

    Example: cad project list -w national
    """
    with Warehouse.open(warehouse) as opened:
        found = [one.to_json() for one in list_projects(opened)]
        record(opened, "projects", "care", {"act": "list"}, rows=len(found))
    return Reply(found, lambda console: _show(found, console))


def _record(warehouse: Warehouse, act: str, one: ProjectRow) -> None:
    record(warehouse, "projects", one.purpose, {"act": act}, project=one.name, rows=1)


def _reply(projects: Sequence[ProjectRow]) -> Reply:
    documents = [one.to_json() for one in projects]
    return Reply(documents[0], lambda console: _show(documents, console))


def _show(documents: Sequence[dict[str, Any]], console: Console) -> None:
    table = Table("project", "state", "purpose", "ends", "approved by", "scope", "title",
                  box=None, pad_edge=False, header_style="bold")  # fmt: skip
    for one in documents:
        scope = "; ".join(f"{field}: {', '.join(of)}" for field, of in one["scope"].items())
        words = (one["name"], one["state"], one["purpose"], one["ends_on"], one["approved_by"])
        table.add_row(*(Text(word or "") for word in (*words, scope or "all", one["title"])))
    console.print(table)
