"""`cad init`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from cad.cli.options import AssemblyOption, ReferenceOption, WarehouseOption
from cad.cli.reply import Reply
from cad.warehouse import Warehouse


def init(
    warehouse: WarehouseOption,
    assembly: AssemblyOption,
    reference: ReferenceOption = None,
    registry: Annotated[
        str | None,
        typer.Option(
            "--registry",
            metavar="URL",
            help="Empty database for the registry (postgresql://USER@HOST/DATABASE); "
            "a file in the directory where none is named.",
        ),
    ] = None,
    lake: Annotated[
        str | None,
        typer.Option(
            "--lake",
            metavar="URL",
            help="Empty place in an object store for the data files (s3://BUCKET/FOLDER); "
            "the directory where none is named.",
        ),
    ] = None,
) -> Reply:
    """Make a warehouse.

    Example: cad init -w national --assembly GRCh38
    """
    with Warehouse.create(warehouse, assembly, reference, registry, lake_url=lake) as made:
        document = {
            "warehouse_id": made.warehouse_id,
            "warehouse": str(warehouse),
            "assembly": made.assembly,
            "reference": made.has_reference,
            "registry": made.engine.dialect.name,
            "lake": lake,
            "commit": 0,
        }

    def show(console: Console) -> None:
        aligned = "alleles are left-aligned" if document["reference"] else "no reference registered"
        console.print(f"Made an empty warehouse for {assembly} in {warehouse}; {aligned}.")

    return Reply(document, show)
