"""`cad indicators`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.reply import Reply
from cad.questions.indicators import Dimension, find_indicators
from cad.warehouse import Warehouse


def indicators(
    warehouse: WarehouseOption,
    by: Annotated[
        Dimension | None,
        typer.Option("--by", help="A line for each of these, beside the total."),
    ] = None,
    purpose: PurposeOption = "care",
) -> Reply:
    """Persons, samples, sequences, delays, yield, off-route and set-aside shares.

    Example: cad indicators -w national --by platform
    """
    with Warehouse.open(warehouse) as opened:
        document = find_indicators(opened, by, purpose)
        record(opened, "indicators", purpose, {"by": by}, rows=len(document["groups"]))
    return Reply(document, lambda console: _show(document, console))


def _show(answer: Mapping[str, Any], console: Console) -> None:
    by = answer["by"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by or "")
    for name in (
        "persons", "samples", "sequences", "collected to pushed, days", "prescribed to pushed",
        "yield", "off route", "set aside",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for row in answer["groups"]:
        table.add_row(row[by], *_cells(row))
    table.add_row("all", *_cells(answer["total"]), style="bold")
    console.print(table)


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        *(f"{row[name]:,}" for name in ("persons", "samples", "sequences")),
        *(_days(row[name]) for name in ("days_from_collection", "days_from_prescription")),
        f"{_share(row['yield'])} ({row['diagnosed']:,}/{row['affected']:,})",
        f"{_share(row['off_route_share'])} ({row['off_route']:,}/{row['routed']:,})",
        _share(row["set_aside_share"]),
    ]


def _days(delay: Mapping[str, Any]) -> str:
    return "-" if delay["median"] is None else f"{delay['median']:g} (p90 {delay['p90']:g})"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.3g} %"
