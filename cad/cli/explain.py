"""`cad explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.operator import record
from cad.cli.options import PurposeOption, WarehouseOption
from cad.cli.reply import Reply
from cad.query import BaseReader, open_base
from cad.query.explain import explain_variant
from cad.warehouse import Warehouse

_WALK: Final = (
    ("persons", "persons who count"),
    ("not_assayed", "  - not looked at here by any file"),
    ("assayed", "  = looked at here"),
    ("off_target", "  + outside what was looked at, but a record reaches here"),
    ("no_copy", "  - no copy that is counted, by declared sex"),
    ("unknown", "  - no allele known"),
    ("failing", "  - alleles known, but below the thresholds"),
    ("callable", "  = persons who could have shown it"),
    ("two_alleles", "    with two alleles known"),
    ("one_allele", "    with one allele known"),
    ("an", "AN = 2 x two + one"),
    ("an_raw", "AN raw, whatever the thresholds say"),
    ("further_samples", "further samples of these persons, not counted"),
)
_CRITERIA: Final = {
    "filter": "FILTER",
    "quality": "genotype quality",
    "depth": "depth",
    "balance": "allele balance",
    "outside_bed": "a record outside the BED",
}
"""What `schemas.known.CRITERIA` are called here."""


def explain(
    variant_id: Annotated[str, typer.Argument(metavar="VARIANT", show_default=False)],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    stratum: Annotated[
        str, typer.Option("--stratum", metavar="NAME", help="Whose AN: all, sex=XX, ...")
    ] = "all",
) -> Reply:
    """Walk the AN of a variant to its terms, by platform.

    Each person who counts stands under one term, and who fails under the criteria that fail; the
    terms are summed from the samples' own rows and must come to the figures of the base, else the
    command ends with an error.

    Example: cad explain 22-100-A-G -w national
    """
    with Warehouse.open(warehouse) as opened, open_base(opened, purpose) as base:
        document = explain_variant(BaseReader(opened, base), variant_id, stratum)
        asked = {"variant": document["variant"], "stratum": stratum}
        record(opened, "explain", purpose, asked, commit=base.commit_no, rows=1)
    return Reply(document, lambda console: _show(document, console))


def _criteria_rows(columns: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """A row for each set of criteria that fail, in the order of the last column, the total."""
    counts = [
        {tuple(one["criteria"]): one["persons"] for one in column["failing_by"]}
        for column in columns
    ]
    for criteria in counts[-1]:
        words = " and ".join(_CRITERIA[name] for name in criteria)
        yield [f"      by {words}", *(f"{one.get(criteria, 0):,}" for one in counts)]


def _show(document: Mapping[str, Any], console: Console) -> None:
    built = document["built_at"][:16].replace("T", " ")
    source = f"{document['assembly']}, {document['purpose']}, {document['stratum']}"
    console.print(
        Text.assemble(
            (document["variant"], "bold"),
            f" ({source}, commit {document['commit']}, built {built})",
        ),
        soft_wrap=True,
    )
    if document["normalised_from"] is not None:
        console.print(Text(f"asked as {document['normalised_from']}"), soft_wrap=True)
    columns = [*document["platforms"], document["total"]]
    table = Table(f"at {document['position']}", box=None, pad_edge=False, header_style="bold")
    for one in columns:
        table.add_column(Text(one.get("platform", "all")), justify="right")
    for name, words in _WALK:
        style = "bold" if name == "an" else ""
        table.add_row(words, *(f"{one[name]:,}" for one in columns), style=style)
        if name == "failing":
            for row in _criteria_rows(columns):
                table.add_row(*row)
    console.print(table)
    copies = ", ".join(
        f"{one['sex']} {one['copies']} ({one['persons']:,} persons)" for one in document["copies"]
    )
    console.print(f"copies counted here, by declared sex: {copies or 'nobody'}", soft_wrap=True)
