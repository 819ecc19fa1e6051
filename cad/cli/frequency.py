"""`cad frequency`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.reply import Reply
from cad.cohort.filter import parse_filter
from cad.cohort.project import Project, read_project
from cad.cohort.select import Cohort, latest_cohort
from cad.query import BaseReader, open_base
from cad.questions.frequency import find_frequencies
from cad.registry.engine import reading
from cad.warehouse import Warehouse

WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="TERM",
        help="Only persons of whom this holds: platform=AURAGEN, cohort!=MULTIPLI, HP:0001250, "
        "!HP:0001250, ICD10:G40, family=F1; several are all to hold, A|B is either.",
        show_default=False,
    ),
]
ProjectOption = Annotated[
    str | None,
    typer.Option(
        "--project",
        metavar="NAME",
        help="Only persons in the scope of this approved project, under its pseudonyms.",
        show_default=False,
    ),
]


@contextmanager
def opened(warehouse: Path, purpose: str) -> Iterator[tuple[BaseReader, Cohort]]:
    """The latest base of a purpose for names, and everybody at the latest commit."""
    with ExitStack() as stack:
        found = stack.enter_context(Warehouse.open(warehouse))
        base = stack.enter_context(open_base(found, purpose))
        yield BaseReader(found, base), stack.enter_context(latest_cohort(found))


def project_of(warehouse: Warehouse, name: str | None) -> Project | None:
    """The project of a name."""
    if name is None:
        return None
    with reading(warehouse.engine) as connection:
        return read_project(connection, name)


def frequency(
    what: Annotated[
        str,
        typer.Argument(metavar="VARIANT|REGION|GENE", help="Of what.", show_default=False),
    ],
    warehouse: WarehouseOption,
    where: WhereOption = None,
    purpose: PurposeOption = "care",
    project: ProjectOption = None,
) -> Reply:
    """How often variants are seen in any subset of persons, with exact denominators.

    Counted on demand at the latest commit, whether built or not.

    Example: cad frequency SCN1A -w national --where HP:0001250 --where platform=AURAGEN
    """
    chosen = parse_filter(where or ())
    with opened(warehouse, purpose) as (reader, cohort):
        document = find_frequencies(
            reader, cohort, what, chosen, project_of(reader.warehouse, project)
        )
        asked = {"what": document["asked"], "where": chosen.without_ids().texts()}
        record(
            reader.warehouse, "subset", purpose, asked, commit=cohort.commit_no,
            project=project, rows=len(document["variants"]),
        )  # fmt: skip
    return Reply(document, lambda console: _show(document, console))


def whom(answer: Mapping[str, Any]) -> str:
    """Whom an answer is of, in words."""
    asked = f" with {' and '.join(answer['where'])}" if answer["where"] else ""
    scope = f", project {answer['project']}" if answer["project"] else ""
    counted = f"{answer['persons']:,} person(s){asked}"
    return f"{counted}; {answer['purpose']}{scope}, commit {answer['commit']}"


def _show(answer: Mapping[str, Any], console: Console) -> None:
    places = ", ".join(f"{one['symbol']} {one['region']}" for one in answer["genes"])
    title = (places or answer["asked"], "bold")
    console.print(Text.assemble(title, f" in {whom(answer)}"), soft_wrap=True)
    console.print(_table(answer["variants"]))


def _table(variants: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("variant")
    names = ("ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw")
    for name in ("AC", "AN", "het", "hom", "hemi", "persons", "AC raw", "AN raw", "AF", "faf95"):
        table.add_column(name, justify="right")
    table.add_column("state")
    for one in variants:
        af = "-" if one["af"] is None else f"{one['af']:.4g}"
        figures = [f"{one[name]:,}" for name in names]
        table.add_row(one["variant"], *figures, af, f"{one['faf95']:.4g}", one["state"])
    return table
