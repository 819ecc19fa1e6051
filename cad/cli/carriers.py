"""`cad carriers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.frequency import ProjectOption, WhereOption, opened, project_of, whom
from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.reply import Reply
from cad.cohort.filter import parse_filter
from cad.questions.carriers import Level, find_carriers

_FEATURE: Final = ("hpo_id", "label")


def carriers(
    variant: Annotated[str, typer.Argument(metavar="VARIANT", show_default=False)],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    where: WhereOption = None,
    project: ProjectOption = None,
    level: Annotated[
        Level,
        typer.Option(
            "--level",
            help="Features as HPO terms, or as organ systems: what clinicians are shown.",
        ),
    ] = "term",
) -> Reply:
    """Who carries a variant: how many, of what kind, and with which features more than others.

    Features are tested against those who could have shown the variant and do not.

    Example: cad carriers 22-100-A-G -w national --where platform=AURAGEN
    """
    chosen = parse_filter(where or ())
    with opened(warehouse, purpose) as (reader, cohort):
        inside = project_of(reader.warehouse, project)
        document = find_carriers(reader, cohort, variant, chosen, level=level, project=inside)
        asked = {"variant": document["variant"], "where": chosen.without_ids().texts()}
        record(
            reader.warehouse, "carriers", purpose, asked, commit=cohort.commit_no,
            project=project, rows=document["carriers"],
            persons=cohort.ids_of(
                (one["person"] for one in document.get("carriers_listed", ())), inside
            ),
        )  # fmt: skip
    return Reply(document, lambda console: show_carriers(document, console))


def show_carriers(answer: Mapping[str, Any], console: Console, rows: int | None = None) -> None:
    """Print who carries a variant, and the most telling features, all of them where unset."""
    forms = (f"{answer[name]:,} {name}" for name in ("het", "hom", "hemi"))
    console.print(
        Text.assemble(
            (answer["variant"], "bold"),
            f": {answer['carriers']:,} carriers ({', '.join(forms)}) of the "
            f"{answer['callable']:,} who could have shown it, of {whom(answer)}",
        ),
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "value"):
        table.add_column(name)
    for name in ("carriers", "het", "hom", "hemi", "callable"):
        table.add_column(name, justify="right")
    for name, values in answer["by"].items():
        for at, row in enumerate(values):
            counts = (f"{row[one]:,}" for one in ("carriers", "het", "hom", "hemi", "callable"))
            table.add_row(name if at == 0 else "", Text(row["value"]), *counts)
    console.print(table)
    _show_enrichment(answer, console, rows)
    for one in answer.get("carriers_listed", ()):
        console.print(Text(f"{one['person']}  {one['zygosity']}  {', '.join(one['features'])}"))


def _show_enrichment(answer: Mapping[str, Any], console: Console, rows: int | None) -> None:
    told = answer["described"]
    console.print(
        f"features are told of {told['carriers']:,} carriers and {told['others']:,} others; "
        f"{answer['tested']:,} were tested"
    )
    if answer["enrichment"]:
        table = tested_table(answer["enrichment"][:rows], _FEATURE, "carriers", "others")
        console.print(table)


def tested_table(
    rows: list[Mapping[str, Any]], names: tuple[str, ...], first: str, second: str
) -> Table:
    """A table of tested rows: what each is, both groups with it of all, odds ratio, p and q."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.replace("_", " "))
    for name in (first, second, "odds ratio", "95 % interval", "p", "q"):
        table.add_column(name, justify="right")
    for row in rows:
        shares = (
            f"{row[f'{group}_with']:,}/{row[f'{group}_with'] + row[f'{group}_without']:,}"
            for group in (first, second)
        )
        high = "inf" if row["ci_high"] is None else f"{row['ci_high']:.3g}"
        ratio = "-" if row["odds_ratio"] is None else f"{row['odds_ratio']:.3g}"
        interval = f"{row['ci_low']:.3g}-{high}"
        cells = (Text(str(row[name] or "")) for name in names)
        table.add_row(*cells, *shares, ratio, interval, f"{row['p']:.3g}", f"{row['q']:.3g}")
    return table
