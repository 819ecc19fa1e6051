"""`cad pseudonymise`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from loaders.clinical.fhir_parts import PERSON_SYSTEM
from loaders.clinical.pseudonymise import pseudonymise as strip_directory
from loaders.clinical.pseudonymise import read_key


def pseudonymise(
    directory: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
    key: Annotated[
        Path,
        typer.Option("--key", metavar="FILE", help="The hospital's key.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="OUT", help="New directory; DIR-pseudonymised where not given."
        ),
    ] = None,
    person_system: Annotated[
        str,
        typer.Option(
            "--person-system",
            metavar="URI",
            help="System of the FHIR identifier that holds the person's id; else Patient.id.",
        ),
    ] = PERSON_SYSTEM,
) -> Reply:
    """Strip and key clinical documents and sheets, at the hospital.

    What CAD reads stays, all else goes: names, addresses, dates of birth but the year, numbers,
    free text, file names. The same key gives the same pseudonyms in FHIR, phenopackets, OMOP,
    sheets and PED files. Make a key with `openssl rand -hex 32`, and keep it at the hospital.

    Example: cad pseudonymise export --key hospital.key -o to-push
    """
    target = out if out is not None else directory.with_name(f"{directory.name}-pseudonymised")
    secret = read_key(key)
    with progress_bar("files", is_bytes=False) as progress:
        report = strip_directory(
            directory, secret, target, person_system=person_system, progress=progress
        )

    def show(console: Console) -> None:
        console.print(
            Text(f"{report.output}: {report.files:,} files, {report.persons:,} persons"),
            soft_wrap=True,
        )
        for kind, field, values in report.stripped:
            console.print(Text(f"  {kind} {field}: {values:,} stripped"), soft_wrap=True)

    return Reply(report.to_json(), show)
