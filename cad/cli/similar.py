"""`cad similar`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.options import ProjectOption, PurposeOption, WarehouseOption, WhereOption
from cad.cli.reply import Reply
from cad.cohort.project import read_project
from cad.query import BaseReader, open_base
from cad.questions.similar import TOPS, find_similar
from cad.registry.engine import reading
from cad.statistics.similarity import Measure
from cad.warehouse import Warehouse


def similar(
    warehouse: WarehouseOption,
    terms: Annotated[
        list[str] | None,
        typer.Argument(metavar="TERM...", help="The profile: HP:0001250, ...", show_default=False),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            "--person",
            metavar="PERSON",
            help="Whose features are the profile; in a project by pseudonym.",
            show_default=False,
        ),
    ] = None,
    purpose: PurposeOption = "care",
    measure: Annotated[
        Measure, typer.Option("--measure", help="How alike two terms are.")
    ] = "resnik",
    top: Annotated[
        int, typer.Option("--top", help="How many persons; outside a project 20, 50, 100 or 200.")
    ] = TOPS[0],
    where: WhereOption = None,
    project: ProjectOption = None,
) -> Reply:
    """Who is most like a profile: persons inside a project, counts of them outside.

    Example: cad similar HP:0001250 HP:0001249 -w national
    """
    with Warehouse.open(warehouse) as opened, open_base(opened, purpose) as base:
        with reading(opened.engine) as connection:
            inside = read_project(connection, project) if project is not None else None
        document = find_similar(
            BaseReader(opened, base), terms or (), person=person, measure=measure, top=top,
            where=where or (), project=inside,
        )  # fmt: skip
    return Reply(document, lambda console: _show(document, console))


def _show(answer: Mapping[str, Any], console: Console) -> None:
    console.print(
        f"the {answer['top']:,} most alike of {answer['compared']:,} persons with features "
        f"({answer['measure']}, best-match average; {answer['purpose']}, commit "
        f"{answer['commit']})",
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    if "similar" in answer:
        for name in ("person", "score", "indication", "genes", "features"):
            table.add_column(name)
        for row in answer["similar"]:
            cells = (", ".join(row[name]) for name in ("genes", "features"))
            table.add_row(
                row["person"], f"{row['score']:.3f}", Text(row["indication"]), *map(Text, cells)
            )
    else:
        for name in ("", "value", "persons"):
            table.add_column(name)
        for name in ("by_indication", "by_gene"):
            for at, row in enumerate(answer[name]):
                value = "others" if row["value"] is None else row["value"]
                title = name.replace("_", " ") if at == 0 else ""
                table.add_row(title, Text(value), f"{row['persons']:,}")
    console.print(table)
