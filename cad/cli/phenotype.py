"""`cad phenotype`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.carriers import tested_table
from cad.cli.frequency import ProjectOption, WhereOption, opened, project_of, whom
from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.cohort.filter import parse_filter
from cad.questions.phenotype import find_phenotype
from cad.questions.qualifying import DEFAULT_IMPACTS, DEFAULT_MAX_AF

_SHOWN: Final = 15
"""Rows of each table; the JSON document holds more."""


def phenotype(
    terms: Annotated[
        list[str],
        typer.Argument(
            metavar="TERM...",
            help="What tells the persons: HP:0001250 with its kinds, ICD10:G40, ORPHA:558, "
            "indication=X, affected=1.",
            show_default=False,
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="TERM",
            help="Whom they are set against, in place of all others; may be given several times.",
            show_default=False,
        ),
    ] = None,
    where: WhereOption = None,
    relatives: Annotated[
        bool,
        typer.Option("--relatives", help="Persons with a declared parent too, not founders alone."),
    ] = False,
    region: Annotated[
        str | None,
        typer.Option(
            "--region", metavar="CONTIG:START-END", help="Only there.", show_default=False
        ),
    ] = None,
    impact: Annotated[
        list[str] | None,
        typer.Option(
            "--impact",
            metavar="IMPACT",
            help="Of variants that qualify for their gene; HIGH and MODERATE where none is named.",
            show_default=False,
        ),
    ] = None,
    max_af: Annotated[
        float, typer.Option("--max-af", help="Their greatest frequency, here and in gnomAD.")
    ] = DEFAULT_MAX_AF,
    project: ProjectOption = None,
) -> Reply:
    """Persons with a phenotype, and the genes and variants they carry more often than others.

    Founders alone are compared unless --relatives is given.

    Example: cad phenotype HP:0001250 -w national --region 22:1-50000000
    """
    asked, other, chosen = map(parse_filter, (terms, against or (), where or ()))
    with (
        opened(warehouse, purpose) as (reader, cohort),
        progress_bar("regions", is_bytes=False) as progress,
    ):
        document = find_phenotype(
            reader, cohort, asked, chosen, against=other, relatives=relatives, region=region,
            impacts=impact or DEFAULT_IMPACTS, max_af=max_af,
            project=project_of(reader.warehouse, project), progress=progress,
        )  # fmt: skip
        filters = {"asked": asked, "against": other, "where": chosen}
        told = {name: one.without_ids().texts() for name, one in filters.items()}
        record(
            reader.warehouse, "phenotypes", purpose, told | {"region": region},
            commit=cohort.commit_no, project=project, rows=len(document["variants"]),
        )  # fmt: skip
    return Reply(document, lambda console: show_phenotype(document, console))


def show_phenotype(answer: Mapping[str, Any], console: Console, rows: int = _SHOWN) -> None:
    """Print the groups of a phenotype, and the most telling rows of its genes and variants."""
    named = " ".join(answer["asked"])
    label = f" ({answer['label']})" if answer["label"] else ""
    who = "founders" if answer["founders_only"] else "persons"
    console.print(
        Text.assemble(
            (named + label, "bold"),
            f": {answer['cases']:,} {who} with it, {answer['controls']:,} to compare with, of "
            f"{whom(answer)}",
        ),
        soft_wrap=True,
    )
    left = answer["left_out"]
    console.print(
        f"left out: {left['case_relatives']:,} with it and {left['control_relatives']:,} others "
        f"who are no founders, {left['untold']:,} of whom nothing is told",
        soft_wrap=True,
    )
    count, rule = answer["tested"], answer["qualifying"]
    console.print(
        f"{count['genes']:,} genes ({', '.join(rule['impacts'])}, AF <= {rule['max_af']:g}) and "
        f"{count['variants']:,} variants were tested",
        soft_wrap=True,
    )
    for found, names in (
        (answer["genes"], ("symbol", "variants")),
        (answer["variants"], ("variant", "most_severe")),
    ):
        if found:
            console.print(tested_table(found[:rows], names, "cases", "controls"))
