"""`cad family`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.burden import chosen_words, gene_lines
from cad.cli.frequency import ProjectOption, opened, project_of, whom
from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.questions.family import MODES, Kept, find_inheritance


def family(
    family_id: Annotated[str, typer.Argument(metavar="FAMILY", show_default=False)],
    warehouse: WarehouseOption,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            "--mode",
            metavar="|".join(MODES),
            help="Ways of inheritance; each by default.",
            show_default=False,
        ),
    ] = None,
    gene: Annotated[
        list[str] | None,
        typer.Option("--gene", metavar="GENE", help="Only in this gene.", show_default=False),
    ] = None,
    genes: Annotated[
        Path | None,
        typer.Option(
            "--genes", metavar="FILE", help="Only in these genes, one a line.", show_default=False
        ),
    ] = None,
    max_af: Annotated[
        float, typer.Option("--max-af", help="Greatest frequency among founders of other families.")
    ] = 0.01,
    max_gnomad_af: Annotated[
        float, typer.Option("--max-gnomad-af", help="Greatest frequency in gnomAD, where loaded.")
    ] = 0.01,
    impact: Annotated[
        list[str] | None,
        typer.Option("--impact", metavar="IMPACT", help="HIGH, MODERATE, ...", show_default=False),
    ] = None,
    consequence: Annotated[
        list[str] | None,
        typer.Option(
            "--consequence", metavar="TERM", help="missense_variant, ...", show_default=False
        ),
    ] = None,
    purpose: PurposeOption = "care",
    project: ProjectOption = None,
) -> Reply:
    """Variants of a family's children that fit a way of inheritance.

    De novo, recessive homozygous, compound heterozygous, X-linked.

    Example: cad family F12 -w national --mode de_novo --impact HIGH --impact MODERATE
    """
    kept = Kept(
        chosen_words(mode, MODES, MODES), max_af, max_gnomad_af, tuple(impact or ()),
        tuple(consequence or ()), (*(gene or ()), *gene_lines(genes)),
    )  # fmt: skip
    with (
        opened(warehouse, purpose) as (reader, cohort),
        progress_bar("looking through contigs", is_bytes=False) as advance,
    ):
        scope = project_of(reader.warehouse, project)
        document = find_inheritance(reader, cohort, family_id, kept, scope, advance=advance)
        called = [one["person"] for one in document["members"]]
        record(
            reader.warehouse, "families", purpose, {"modes": kept.modes, "genes": kept.genes},
            commit=cohort.commit_no, project=project, rows=len(document["findings"]),
            persons=cohort.ids_of(called, scope),
        )  # fmt: skip
    return Reply(document, lambda console: _show(document, console))


def _show(answer: Mapping[str, Any], console: Console) -> None:
    console.print(
        Text.assemble((f"family {answer['family']}", "bold"), f": {whom(answer)}"), soft_wrap=True
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("child", "mode", "variant", "gene", "consequence"):
        table.add_column(name)
    for name in ("AC", "AN", "AF", "gnomAD"):
        table.add_column(name, justify="right")
    table.add_column("genotypes")
    for found in answer["findings"]:
        mode = found["mode"] if found["phase"] is None else f"{found['mode']}, {found['phase']}"
        for one in found["variants"]:
            symbols = [gene["symbol"] or gene["gene_id"] or "" for gene in one["genes"]]
            table.add_row(
                found["child"], mode, one["variant"], ", ".join(dict.fromkeys(symbols)),
                one["most_severe"] or "", *_rarity(one), _genotypes(one),
            )  # fmt: skip
    console.print(table)


def _rarity(one: Mapping[str, Any]) -> list[str]:
    figures = one["founders"] or {"ac": None, "an": None, "af": None}
    counts = ["-" if figures[name] is None else f"{figures[name]:,}" for name in ("ac", "an")]
    shares = [figures["af"], one["gnomad_af"]]
    return [*counts, *("-" if share is None else f"{share:.3g}" for share in shares)]


def _genotypes(one: Mapping[str, Any]) -> str:
    """Each member's copies of the known alleles."""
    return " ".join(f"{row['person']}:{row['copies']}/{row['known']}" for row in one["genotypes"])
