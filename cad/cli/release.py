"""`cad release`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.build.people import PURPOSES
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.releases.create import create_release
from cad.releases.read import find_release_document, list_release_documents
from cad.warehouse import Warehouse

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


def create(name: NameArgument, warehouse: WarehouseOption) -> Reply:
    """Freeze the latest base of each purpose, with small figures hidden outside care.

    A release never changes. Its files lie in the warehouse: Parquet, a sites VCF and a table of
    phenotypes for each purpose, with SHA256SUMS.

    Example: cad release create 2026-1 -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = create_release(opened, name)
        record(
            opened, "releases", "care", {"act": "create"}, commit=document["commit"], release=name
        )
    return Reply(document, lambda console: _show_one(document, console))


def list_(warehouse: WarehouseOption) -> Reply:
    """List the releases.

    Example: cad release list -w national
    """
    with Warehouse.open(warehouse) as opened:
        documents = list_release_documents(opened)
        record(opened, "releases", "care", {"act": "list"}, rows=len(documents))
    return Reply(documents, lambda console: _show(documents, console))


def show(name: NameArgument, warehouse: WarehouseOption) -> Reply:
    """Show what a release holds: commit, thresholds, sources, persons, files with checksums.

    Example: cad release show 2026-1 -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = find_release_document(opened, name)
        record(opened, "releases", "care", {"act": "show"}, release=name, rows=1)
    return Reply(document, lambda console: _show_one(document, console))


def _show(documents: Sequence[dict[str, Any]], console: Console) -> None:
    table = Table("release", "commit", "made", box=None, pad_edge=False, header_style="bold")
    for name in (*PURPOSES, "withdrawn since"):
        table.add_column(name, justify="right")
    for one in documents:
        persons = [f"{one['persons'][purpose]:,}" for purpose in PURPOSES]
        made = one["created_at"][:16].replace("T", " ")
        cells = (one["release"], str(one["commit"]), made, *persons, str(one["withdrawn_since"]))
        table.add_row(*map(Text, cells))
    console.print(table)


def _show_one(document: dict[str, Any], console: Console) -> None:
    _show([document], console)
    console.print(f"figures of 1 to {document['small_count'] - 1} carriers are hidden outside care")
    for file in document["files"]:
        text = f"{file['sha256']}  {file['bytes']:>12,}  {file['path']}"
        console.print(Text(text), soft_wrap=True)
