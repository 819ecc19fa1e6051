"""`cad annotate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cad.annotate import annotate as annotate_file
from cad.cli.operator import record
from cad.cli.options import FieldsOption, PurposeOption, ReleaseOption, WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.warehouse import Warehouse


def annotate(
    source: Annotated[
        Path, typer.Argument(metavar="IN.vcf.gz", exists=True, dir_okay=False, show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="OUT.vcf.gz",
            help="File to write: .vcf.gz or .bcf.",
            show_default=False,
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    stratum: Annotated[
        str, typer.Option("--stratum", metavar="NAME", help="In whom: all, sex=XX, ...")
    ] = "all",
    own_family: Annotated[
        str | None,
        typer.Option(
            "--own-family",
            metavar="FAMILY",
            help="Count as if this family's persons were not there: one's own patient.",
        ),
    ] = None,
    annotation: FieldsOption = None,
    release: ReleaseOption = None,
    figures: Annotated[
        bool,
        typer.Option("--figures/--no-figures", help="The base's figures, or annotations alone."),
    ] = True,
) -> Reply:
    """Write the figures of each alternate into a VCF.

    Each alternate is trimmed and left-aligned before it is looked up; the file keeps what it has,
    and gains CAD_AC, CAD_AN, CAD_AF, CAD_NHOMALT, CAD_NHEMI, CAD_FAF95, CAD_PERSONS and CAD_STATE
    with a value for each alternate as written. A source's fields are called CAD_<source>_<field>.

    Example: cad annotate patient.vcf.gz -o annotated.vcf.gz -w national --annotation all
    """  # fmt: skip
    with Warehouse.open(warehouse) as opened, progress_bar("annotating") as progress:
        # Entered before: the file is the answer, and it is there once it is written.
        asked = {"file": True, "stratum": stratum, "without_family": own_family is not None}
        record(opened, "frequencies" if figures else "annotations", purpose, asked, release=release)
        made = annotate_file(
            opened, source, out,
            purpose=purpose, stratum=stratum, own_family=own_family, progress=progress,
            annotation=annotation or (), figures=figures, release=release,
        )  # fmt: skip
    document = made.to_json()
    return Reply(document, lambda console: _show(document, console))


def _show(document: Mapping[str, Any], console: Console) -> None:
    about = f"commit {document['commit']}"
    if document["states"] is not None:
        release = "" if document["release"] is None else f"release {document['release']}, "
        about = f"{document['purpose']}, {document['stratum']}, {release}{about}"
    lines = [f"{document['path']}: {document['records']:,} records, {about}"]
    states = [
        f"{count:,} {state.replace('_', ' ')}"
        for state, count in (document["states"] or {}).items()
    ]
    text = "alternates: " + ", ".join([*states, f"{document['missing']:,} that are not counted"])
    if document["ref_mismatches"]:
        text += f" ({document['ref_mismatches']:,} whose REF is not the reference's)"
    lines.append(text)
    lines += [
        f"{one['source']} {one['version']}: {one['found']:,} alternates"
        for one in document["annotations"]
    ]
    console.print(Text("\n".join(lines)), soft_wrap=True)
