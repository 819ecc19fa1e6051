"""`cad depth`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.operator import record
from cad.cli.options import PurposeOption, ReleaseOption, StratumOption, WarehouseOption
from cad.cli.reply import Reply
from cad.query.depth_runs import find_depth
from cad.readers import open_reader
from cad.warehouse import Warehouse

_FIGURES: Final = ("start", "end", "an", "an_raw", "persons", "assayed")
_HEADER: Final = ("start", "end", "AN", "AN raw", "persons", "assayed")


def depth(
    region_name: Annotated[str, typer.Argument(metavar="CONTIG:START-END", show_default=False)],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    stratum: StratumOption = None,
    release: ReleaseOption = None,
) -> Reply:
    """In how many alleles a variant could have been seen, at each position of a region.

    Runs of positions with the same figures follow one another; a region has at most a million
    positions. Outside care a release tells those of `all`, on X without persons.

    Example: cad depth 22:1-1000 -w national --stratum all --stratum sex=XX
    """
    with Warehouse.open(warehouse) as opened, open_reader(opened, purpose, release) as reader:
        document = find_depth(reader, region_name, stratum or ())
        asked = {"region": document["region"], "depth": True, "strata": stratum}
        record(opened, "frequencies", purpose, asked, commit=reader.base.commit_no, release=release)
    return Reply(document, lambda console: _show(document, console, bool(stratum)))


def _show(document: Mapping[str, Any], console: Console, were_named: bool) -> None:
    """Print a line per run; of all strata the first, `all`, where none was named."""
    built = document["built_at"][:16].replace("T", " ")
    release = "" if document["release"] is None else f"release {document['release']}, "
    release += f"commit {document['commit']}"
    source = f"{document['assembly']}, {document['purpose']}, {release}"
    console.print(
        Text.assemble((document["region"], "bold"), f" ({source}, built {built})"), soft_wrap=True
    )
    table = Table("stratum", box=None, pad_edge=False, header_style="bold")
    for name in _HEADER:
        table.add_column(name, justify="right")
    for one in document["strata"] if were_named else document["strata"][:1]:
        for run in one["runs"]:
            cells = ("" if run[name] is None else f"{run[name]:,}" for name in _FIGURES)
            table.add_row(Text(one["stratum"]), *cells)
        if one["hidden"] and not one["runs"]:
            table.add_row(Text(one["stratum"]), "hidden")
    console.print(table)
