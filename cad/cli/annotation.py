"""`cad annotation`: sources of annotations, loaded beside the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.annotation.compute import annotate_variants
from cad.annotation.load import add_annotation
from cad.annotation.manage import list_sources, remove_version, set_default
from cad.cli.options import WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply
from cad.clinical.default_hpo import default_file
from cad.warehouse import Warehouse

SourceArgument = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="clinvar, gnomad-exomes, cadd, ...", show_default=False),
]
VersionOption = Annotated[
    str, typer.Option("--version", metavar="V", help="Which version it is.", show_default=False)
]


def add(
    source: SourceArgument,
    warehouse: WarehouseOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            exists=True,
            dir_okay=False,
            help="The file, or several that hold a contig each.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option("--version", metavar="V", help="Which version it is.", show_default=False),
    ] = None,
    is_default: Annotated[
        bool, typer.Option("--default", help="Of hpo, the release that comes with CAD.")
    ] = False,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="What the file is, where the source's name does not begin with it.",
            show_default=False,
        ),
    ] = None,
    max_ref_mismatches: Annotated[
        int,
        typer.Option(
            "--max-ref-mismatches",
            min=0,
            metavar="N",
            help="Alleles that may disagree with the reference; they are left out.",
        ),
    ] = 0,
) -> Reply:
    """Load a file as a version of a source, which answers from then on.

    Kinds: clinvar, gnomad, dbsnp, cadd, revel, alphamissense, spliceai, score, gene-list,
    gene-constraint, gene-disease, genes (gencode, ensembl, refseq), hgnc, consequences (vep,
    snpeff), hpo (hp.obo, hp.json), hpo-labels (Babelon). No file of genotypes or figures is
    touched.

    Example: cad annotation add clinvar clinvar.vcf.gz --version 2026-11-15 -w national

    Example: cad annotation add gencode gencode.gff3.gz --version 49 -w national

    Example: cad annotation add hpo hp.obo --version 2025-05-06 -w national

    Example: cad annotation add hpo --default -w national
    """
    if is_default:
        if source != "hpo" or files or version or kind:
            raise typer.BadParameter("--default goes with hpo, without files and version")
        path, version = default_file()
        files = [path]
    if not files or version is None:
        raise typer.BadParameter("name the files, and --version")
    with Warehouse.open(warehouse) as opened, progress_bar("loading") as progress:
        document = add_annotation(
            opened, source, files[0], version, more=files[1:],
            kind=kind, max_ref_mismatches=max_ref_mismatches, progress=progress,
        ).to_json()  # fmt: skip
    return Reply(document, lambda console: _show_added(document, console))


def list_(warehouse: WarehouseOption) -> Reply:
    """List the sources and their versions.

    Example: cad annotation list -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = [row.to_json() for row in list_sources(opened)]
    return Reply(document, lambda console: _show_list(document, console))


def remove(source: SourceArgument, version: VersionOption, warehouse: WarehouseOption) -> Reply:
    """Take a version of a source away.

    Example: cad annotation remove clinvar --version 2026-11-15 -w national
    """
    with Warehouse.open(warehouse) as opened:
        commit = remove_version(opened, source, version)
        annotate_variants(opened)
    document = {"source": source, "version": version, "commit": commit, "removed": True}
    return Reply(document, lambda console: console.print(Text(f"{source} {version} is removed")))


def default(source: SourceArgument, version: VersionOption, warehouse: WarehouseOption) -> Reply:
    """Let a version answer for its source, until a newer one is loaded.

    Example: cad annotation default clinvar --version 2026-11-15 -w national
    """
    with Warehouse.open(warehouse) as opened:
        commit = set_default(opened, source, version)
        annotate_variants(opened)
    document = {"source": source, "version": version, "commit": commit, "default": True}
    return Reply(document, lambda console: console.print(Text(f"{source}: {version} answers")))


def _show_added(document: Mapping[str, Any], console: Console) -> None:
    text = (
        f"{document['source']} {document['version']} ({document['kind']}): "
        f"{document['rows']:,} rows, commit {document['commit']}, {document['seconds']:.1f} s"
    )
    if document["status"] == "unchanged":
        text = f"{document['source']} {document['version']} is loaded already; nothing changes"
    console.print(Text(text), soft_wrap=True)
    for why, count in document["left_out"].items():
        console.print(Text(f"  left out: {count:,} {why.replace('_', ' ')}"), soft_wrap=True)
    if document["ref_mismatches"]:
        console.print(f"  left out: {document['ref_mismatches']:,} whose REF is another")


def _show_list(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "version", "kind", "loaded", "default"):
        table.add_column(name)
    table.add_column("rows", justify="right")
    for row in rows:
        loaded = row["loaded_at"][:16].replace("T", " ")
        words = (row["source"], row["version"], row["kind"], loaded)
        table.add_row(*map(Text, words), "yes" if row["default"] else "", f"{row['rows']:,}")
    if rows:
        console.print(table)
    else:
        console.print("No annotation source has been loaded yet.")
