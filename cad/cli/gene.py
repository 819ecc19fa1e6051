"""`cad gene`."""

from __future__ import annotations

from typing import Annotated

import typer

from cad.cli.operator import record
from cad.cli.options import (
    AnnotationOption,
    PurposeOption,
    ReleaseOption,
    StratumOption,
    WarehouseOption,
)
from cad.cli.reply import Reply
from cad.cli.show_gene import show_gene
from cad.query import find_gene
from cad.readers import open_reader
from cad.warehouse import Warehouse


def gene(
    symbol: Annotated[
        str,
        typer.Argument(
            metavar="SYMBOL",
            help="Symbol, Ensembl or HGNC identifier, former symbol or alias.",
            show_default=False,
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    stratum: StratumOption = None,
    annotation: AnnotationOption = None,
    release: ReleaseOption = None,
    impact: Annotated[
        list[str] | None,
        typer.Option(
            "--impact",
            metavar="IMPACT",
            help="Only this IMPACT (HIGH, MODERATE, LOW, MODIFIER); may be given several times.",
            show_default=False,
        ),
    ] = None,
    consequence: Annotated[
        list[str] | None,
        typer.Option(
            "--consequence",
            metavar="TERM",
            help="Only this consequence (missense_variant, ...); may be given several times.",
            show_default=False,
        ),
    ] = None,
) -> Reply:
    """The variants seen in a gene, by what they do to it.

    The figures are those of `all` where no stratum is named.

    Example: cad gene BRCA1 -w national --impact HIGH --impact MODERATE
    """
    with Warehouse.open(warehouse) as opened, open_reader(opened, purpose, release) as reader:
        document = find_gene(
            reader, symbol, stratum or (), annotation, impact or (),
            consequence or (),
        )  # fmt: skip
        asked = {"gene": symbol, "strata": stratum}
        rows = len(document["variants"])
        commit = reader.base.commit_no
        record(opened, "frequencies", purpose, asked, commit=commit, release=release, rows=rows)
    return Reply(document, lambda console: show_gene(document, console))
