"""`cad similar`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.frequency import ProjectOption, WhereOption, opened, project_of, whom
from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.reply import Reply
from cad.cohort.filter import parse_filter
from cad.questions.similar import TOPS, find_similar
from cad.statistics.similarity import Measure


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
    chosen = parse_filter(where or ())
    with opened(warehouse, purpose) as (reader, cohort):
        inside = project_of(reader.warehouse, project)
        document = find_similar(
            cohort, purpose, terms or (), chosen, person=person, measure=measure, top=top,
            project=inside,
        )  # fmt: skip
        called = [one["person"] for one in document.get("similar", ())]
        called += [] if person is None else [person]
        asked = {"terms": terms, "measure": measure, "where": chosen.without_ids().texts()}
        record(
            reader.warehouse, "similar", purpose, asked, commit=cohort.commit_no, project=project,
            rows=document["top"], persons=cohort.ids_of(called, inside),
        )  # fmt: skip
    return Reply(document, lambda console: _show(document, console))


def _show(answer: Mapping[str, Any], console: Console) -> None:
    console.print(
        f"the {answer['top']:,} most alike of {answer['compared']:,} with features "
        f"({answer['measure']}, best-match average), of {whom(answer)}",
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
