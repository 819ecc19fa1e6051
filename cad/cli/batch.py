"""`cad batch new`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cad.batch_new import new_batch
from cad.cli.reply import Reply
from cad.extras import import_part
from cad.settings import Settings
from schemas.contigs import Assembly
from schemas.manifest import DeclaredCallability, DeclaredKind, Pipeline


def new(
    platform: Annotated[str, typer.Option("--platform", help="Who pushes.", show_default=False)],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="DIR", help="Directory to make.", show_default=False),
    ],
    from_vcf: Annotated[
        list[Path] | None,
        typer.Option(
            "--from-vcf",
            metavar="FILE...",
            help="Variant files; several may follow one another.",
            show_default=False,
        ),
    ] = None,
    from_hail: Annotated[
        list[Path] | None,
        typer.Option(
            "--from-hail",
            metavar="DIR",
            help="A MatrixTable of Hail, which is written as a VCF, or a VDS, as a gVCF for each "
            "sample; needs the extra hail.",
            show_default=False,
        ),
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="More variant files.", show_default=False),
    ] = None,
    ped: Annotated[
        Path | None,
        typer.Option("--ped", metavar="FILE", help="Pedigree: sex, parents, family, affection."),
    ] = None,
    kind: Annotated[
        DeclaredKind, typer.Option("--kind", help="What the files report.")
    ] = "germline",
    callability: Annotated[
        DeclaredCallability | None,
        typer.Option(
            "--callability",
            help="How the files say where they looked; found out where unset: bed if one is given, "
            "blocks for a gVCF, else sites.",
        ),
    ] = None,
    bed: Annotated[
        Path | None, typer.Option("--bed", metavar="FILE", help="BED of what was looked at.")
    ] = None,
    assembly: Annotated[
        Assembly | None,
        typer.Option("--assembly", help="The assembly; read from the headers where unset."),
    ] = None,
    batch_id: Annotated[
        str | None,
        typer.Option("--batch-id", help="The batch's id; platform and checksum where unset."),
    ] = None,
    pipeline: Annotated[
        str, typer.Option("--pipeline", help="Name of what called the variants.")
    ] = "unknown",
    pipeline_version: Annotated[
        str, typer.Option("--pipeline-version", help="Its version.")
    ] = "unknown",
) -> Reply:
    """Write manifest and sample sheet beside variant files, as a batch to complete and push.

    Example: cad batch new --from-vcf child.vcf parents.vcf --platform SEQOIA -o new-batch
    """
    with TemporaryDirectory(prefix="cad-batch-") as folder:
        vcfs = [*(from_vcf or ()), *(more or ()), *_written(from_hail or (), Path(folder))]
        if not vcfs:
            raise typer.BadParameter("name variant files: --from-vcf, --from-hail")
        made = new_batch(
            vcfs,
            platform=platform,
            out=out,
            ped=ped,
            kind=kind,
            callability=callability,
            bed=bed,
            assembly=assembly,
            batch_id=batch_id,
            pipeline=Pipeline(pipeline, pipeline_version),
        )
    document = made.to_json()

    def show(console: Console) -> None:
        console.print(
            Text(
                f"{made.batch_id}: {len(made.files)} file(s), {made.samples:,} samples, "
                f"{made.assembly}, in {out}; complete {out / 'samples.tsv'}, then "
                f"cad validate {out}"
            ),
            soft_wrap=True,
        )

    return Reply(document, show)


def _written(sources: Sequence[Path], folder: Path) -> list[Path]:
    """What lies in Hail as VCF files, of each source below a folder of its own."""
    if not sources:
        return []
    write_vcfs, settings = import_part("cad.from_hail").write_vcfs, Settings()
    files: list[Path] = []
    for at, source in enumerate(sources):
        own = folder / str(at)
        own.mkdir()
        files += write_vcfs(settings, source, own)
    return files
