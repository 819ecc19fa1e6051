"""`cad variant` and `cad region`."""

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
from cad.cli.show_variant import show_region, show_variant
from cad.query import find_region, find_variant
from cad.readers import open_reader
from cad.warehouse import Warehouse


def variant(
    variant_id: Annotated[str, typer.Argument(metavar="VARIANT", show_default=False)],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    stratum: StratumOption = None,
    excluding_family: Annotated[
        str | None,
        typer.Option(
            "--excluding-family",
            metavar="FAMILY",
            help="Count as if this family's persons were not there: one's own patient.",
        ),
    ] = None,
    annotation: AnnotationOption = None,
    release: ReleaseOption = None,
) -> Reply:
    """How often, and in whom, one variant is seen.

    Example: cad variant 22-100-A-G -w national --purpose research --stratum all
    """
    with Warehouse.open(warehouse) as opened, open_reader(opened, purpose, release) as reader:
        document = find_variant(reader, variant_id, stratum or (), excluding_family, annotation)
        asked = {"variant": document["variant"], "strata": stratum}
        # That a family was left out is told, not which one.
        asked["without_family"] = excluding_family is not None
        commit = reader.base.commit_no
        record(opened, "frequencies", purpose, asked, commit=commit, release=release, rows=1)
    return Reply(document, lambda console: show_variant(document, console))


def region(
    region_name: Annotated[str, typer.Argument(metavar="CONTIG:START-END", show_default=False)],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    stratum: StratumOption = None,
    annotation: AnnotationOption = None,
    release: ReleaseOption = None,
) -> Reply:
    """The variants seen in a region.

    Example: cad region 22:1-1000 -w national
    """
    with Warehouse.open(warehouse) as opened, open_reader(opened, purpose, release) as reader:
        document = find_region(reader, region_name, stratum or (), annotation)
        asked = {"region": document["region"], "strata": stratum}
        rows = len(document["variants"])
        commit = reader.base.commit_no
        record(opened, "frequencies", purpose, asked, commit=commit, release=release, rows=rows)
    return Reply(document, lambda console: show_region(document, console))
