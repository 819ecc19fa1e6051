"""`cad burden`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.frequency import ProjectOption, opened, project_of
from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.cohort.filter import parse_filter
from cad.questions.burden import MASKS, MODELS, Rules, find_burden
from schemas.errors import BadQuestion, NotFound


def burden(
    warehouse: WarehouseOption,
    symbols: Annotated[
        list[str] | None,
        typer.Argument(metavar="[GENE]...", help="Genes by any name.", show_default=False),
    ] = None,
    genes: Annotated[
        Path | None,
        typer.Option("--genes", metavar="FILE", help="More genes, one a line.", show_default=False),
    ] = None,
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--cases",
            metavar="TERM",
            help="Who is a case, as --where of cad frequency says it.",
            show_default=False,
        ),
    ] = None,
    controls: Annotated[
        list[str] | None,
        typer.Option(
            "--controls",
            metavar="TERM",
            help="Who is a control; all but the cases by default.",
            show_default=False,
        ),
    ] = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            "--mask",
            metavar="|".join(MASKS),
            help="Which variants count; lof, and lof+missense where scores are loaded.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="|".join(MODELS),
            help="One copy or both; each by default.",
            show_default=False,
        ),
    ] = None,
    max_af: Annotated[
        float, typer.Option("--max-af", help="Greatest frequency among this purpose's founders.")
    ] = 0.001,
    max_gnomad_af: Annotated[
        float, typer.Option("--max-gnomad-af", help="Greatest frequency in gnomAD, where loaded.")
    ] = 0.001,
    score: Annotated[
        str | None,
        typer.Option(
            "--score",
            metavar="SOURCE",
            help="Scores of missense variants; the last loaded.",
            show_default=False,
        ),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            "--min-score",
            help="From which score on; the source's own by default.",
            show_default=False,
        ),
    ] = None,
    min_callable: Annotated[
        float,
        typer.Option(
            "--min-callable", help="Share of a mask's positions that a person must be known at."
        ),
    ] = 0.9,
    covariate: Annotated[
        list[str] | None,
        typer.Option(
            "--covariate",
            metavar="NAME",
            help="In Firth's regression: attributes, sex and platform by default; pc1, pc2, ...",
            show_default=False,
        ),
    ] = None,
    purpose: PurposeOption = "care",
    project: ProjectOption = None,
) -> Reply:
    """Whether cases carry a gene's damaging variants more often than controls.

    Example: cad burden SCN1A -w national --mask lof --cases HP:0001250 --controls affected=0
    """
    rules = Rules(
        chosen_words(mask, MASKS, ()), chosen_words(model, MODELS, MODELS),
        max_af, max_gnomad_af, score, min_score, min_callable,
        tuple(covariate or ("sex", "platform")),
    )  # fmt: skip
    names = [*(symbols or ()), *gene_lines(genes)]
    if not names:
        raise BadQuestion("request_malformed", "name a gene, or a file of them by --genes")
    asked = parse_filter(cases or ()), parse_filter(controls or ())
    with (
        opened(warehouse, purpose) as (reader, cohort),
        progress_bar("testing genes", is_bytes=False) as advance,
    ):
        scope = project_of(reader.warehouse, project)
        document = find_burden(reader, cohort, names, *asked, rules, scope, advance)
        chosen = {
            name: one.without_ids().texts()
            for name, one in zip(("cases", "controls"), asked, strict=True)
        }
        record(
            reader.warehouse, "burden", purpose, {"genes": names} | chosen,
            commit=cohort.commit_no, project=project, rows=len(document["tests"]),
        )  # fmt: skip
    return Reply(document, lambda console: show_burden(document, console))


def chosen_words(words: list[str] | None, known: tuple[Any, ...], default: tuple[Any, ...]) -> Any:
    """The words asked for, each a known one."""
    for word in words or ():
        if word not in known:
            raise BadQuestion("request_malformed", f"expected one of {', '.join(known)}", word)
    return tuple(dict.fromkeys(words or default))


def gene_lines(path: Path | None) -> list[str]:
    """The names that a file of genes gives, one a line."""
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise NotFound("file_unusable", str(error.strerror), path.name) from None
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def show_burden(answer: Mapping[str, Any], console: Console) -> None:
    """Print the tests of genes, one a row."""
    for name in ("cases", "controls"):
        where = " and ".join(answer[name]["where"]) or "everybody else"
        console.print(Text(f"{name}: {answer[name]['persons']:,} ({where})"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("gene", "mask", "model"):
        table.add_column(name)
    for name in ("variants", "cases", "controls", "not callable", "OR", "p", "q", "Firth p"):
        table.add_column(name, justify="right")
    for one in answer["tests"]:
        rows = (one["cases"], one["controls"])
        carriers = [f"{row['carriers']} of {row['carriers'] + row['others']}" for row in rows]
        out = one["not_callable"]["cases"] + one["not_callable"]["controls"]
        figures = (one["odds_ratio"], one["p"], one["q"], (one["firth"] or {}).get("p"))
        table.add_row(
            one["gene"], one["mask"], one["model"], f"{len(one['variants'])}", *carriers, f"{out}",
            *("-" if figure is None else f"{figure:.3g}" for figure in figures),
        )  # fmt: skip
    console.print(table)
