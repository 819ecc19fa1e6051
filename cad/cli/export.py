"""`cad export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.frequency import ProjectOption, WhereOption, project_of
from cad.cli.operator import record
from cad.cli.options import FieldsOption, PurposeOption, ReleaseOption, WarehouseOption
from cad.cli.reply import Reply
from cad.cohort.filter import parse_filter
from cad.cohort.select import latest_cohort
from cad.export.names import Naming
from cad.export.parquet import export_parquet
from cad.export.vcf import export_vcf
from cad.extras import import_part
from cad.warehouse import Warehouse


def vcf(
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="FILE.vcf.gz", help="File to write.", show_default=False
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    names: Annotated[
        Naming, typer.Option("--names", help="Field names: ours, or gnomAD's where it has one.")
    ] = "cad",
    all_: Annotated[
        bool, typer.Option("--all", help="Write variants that only raw counts show, too.")
    ] = False,
    annotation: FieldsOption = None,
    release: ReleaseOption = None,
) -> Reply:
    """Write a sites VCF and its index, one biallelic line per variant.

    Example: cad export vcf -o national.vcf.gz -w national
    """
    with Warehouse.open(warehouse) as opened:
        record(opened, "export", purpose, {"format": "vcf", "all": all_}, release=release)
        made = export_vcf(
            opened,
            out,
            purpose=purpose,
            names=names,
            raw_only=all_,
            annotation=annotation or (),
            release=release,
        )
    return _reply(made.to_json(), f"{made.variants:,} variants")


def parquet(
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="DIR", help="Directory to make.", show_default=False),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    annotation: FieldsOption = None,
    release: ReleaseOption = None,
) -> Reply:
    """Write one row per variant and stratum as Parquet, a file per contig.

    Example: cad export parquet -o national-parquet -w national
    """
    with Warehouse.open(warehouse) as opened:
        record(opened, "export", purpose, {"format": "parquet"}, release=release)
        made = export_parquet(
            opened, out, purpose=purpose, annotation=annotation or (), release=release
        )
    document = made.to_json()
    return _reply(document, f"{document['rows']:,} rows in {document['files']:,} files")


def hail(
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="DIR", help="DIR.ht or DIR.mt, to be made.", show_default=False
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    genotypes: Annotated[
        bool,
        typer.Option(
            "--genotypes",
            help="A MatrixTable: genotypes of the persons who count for the purpose.",
        ),
    ] = False,
    where: WhereOption = None,
    project: ProjectOption = None,
    release: ReleaseOption = None,
) -> Reply:
    """Write the base or a release as a Hail Table, or genotypes as a MatrixTable.

    Needs the extra hail. --where and --project choose persons, whose genotypes are written.

    Example: cad export hail -o national.ht -w national
    """
    if genotypes and release is not None:
        raise typer.BadParameter("a release has figures, no genotypes; give one of both")
    if not genotypes and (where or project):
        raise typer.BadParameter("--where and --project choose persons; give --genotypes too")
    exporting, chosen = import_part("cad.export.hail"), parse_filter(where or ())
    with Warehouse.open(warehouse) as opened:
        if genotypes:
            with latest_cohort(opened) as cohort:
                members = cohort.members(purpose, chosen, project_of(opened, project))
                told = {"format": "hail", "genotypes": True, "where": chosen.without_ids().texts()}
                persons = members.person_ids
                record(opened, "export", purpose, told, project=project, persons=persons)
                made = exporting.export_matrix(opened, out, members)
        else:
            record(opened, "export", purpose, {"format": "hail"}, release=release)
            made = exporting.export_table(opened, out, purpose=purpose, release=release)
    what = f"{made.variants:,} variants of {made.persons:,} persons"
    return _reply(made.to_json(), what)


def _reply(document: dict[str, Any], what: str) -> Reply:
    def show(console: Console) -> None:
        text = f"{document['path']}: {what}, {document['purpose']}, commit {document['commit']}"
        console.print(Text(text), soft_wrap=True)

    return Reply(document, show)
