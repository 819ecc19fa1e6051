"""Options that several commands share, so that they are named and explained alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from schemas.contigs import Assembly

Format = Literal["human", "json"]
Purpose = Literal["care", "research", "industry"]

WarehouseOption = Annotated[
    Path,
    typer.Option(
        "--warehouse",
        "-w",
        envvar="CAD_WAREHOUSE",
        metavar="DIR",
        help="Directory of the warehouse.",
        show_default=False,
    ),
]
PurposeOption = Annotated[
    Purpose,
    typer.Option(
        "--purpose", help="Whose consents and cohorts let them count: each figure has one purpose."
    ),
]
StratumOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stratum",
        metavar="NAME",
        help="Only this stratum (all, sex=XX, ...); may be given several times.",
        show_default=False,
    ),
]
ReleaseOption = Annotated[
    str | None,
    typer.Option(
        "--release",
        metavar="NAME",
        help="Answer from this release, as outside users see it; where unset, the latest base.",
        show_default=False,
    ),
]
AnnotationOption = Annotated[
    list[str] | None,
    typer.Option(
        "--annotation",
        metavar="SOURCE[@VERSION]",
        help="Only these sources of annotations, parted by commas; none, or all of them.",
        show_default=False,
    ),
]
FieldsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--annotation",
        metavar="SOURCE[@VERSION][:FIELD+...]",
        help="Fields of these sources too, parted by commas; :* for all of a source's.",
        show_default=False,
    ),
]
AssemblyOption = Annotated[
    Assembly, typer.Option("--assembly", help="The assembly of every batch.", show_default=False)
]
ReferenceOption = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        metavar="REF.fa",
        help="FASTA of the assembly, or of some of its contigs, to left-align against.",
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", help="Tables for people, or one JSON document on stdout."),
]
VerboseOption = Annotated[
    int,
    typer.Option("--verbose", "-v", count=True, help="Tell more on stderr.", show_default=False),
]
QuietOption = Annotated[
    int,
    typer.Option(
        "--quiet", "-q", count=True, help="Tell only warnings; twice, errors.", show_default=False
    ),
]
