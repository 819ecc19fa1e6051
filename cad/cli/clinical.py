"""`cad clinical push`: clinical documents that come by themselves."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.conduct import attempt
from cad.cli.failure import describe, exit_code, show_failure
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply, console_on
from cad.clinical.push import push_clinical
from cad.clinical.receipt import DeliveryReceipt
from cad.warehouse import Warehouse
from schemas.reasons import REASONS


def push(
    directories: Annotated[list[Path], typer.Argument(metavar="DIR...", show_default=False)],
    warehouse: WarehouseOption,
    person_from: Annotated[
        Literal["subject", "packet-id"],
        typer.Option("--person-from", help="Which id of a phenopacket is the person's pseudonym."),
    ] = "subject",
    mapping: Annotated[
        list[Path] | None,
        typer.Option(
            "--mapping",
            metavar="FILE",
            help="Table of codes to be said in another system too; may be given several times.",
            show_default=False,
        ),
    ] = None,
) -> Reply:
    """Push clinical documents; each directory commits on its own.

    Read are phenopackets, FHIR bundles, OMOP tables, PED files, and tables like a batch's
    phenotypes.tsv and consents.tsv, told apart by what they hold. A later version of a document
    replaces the earlier one.

    Example: cad clinical push hospital-2026-11 -w national
    """

    def push_one(opened: Warehouse, directory: Path) -> DeliveryReceipt | Exception:
        with progress_bar(directory.name):
            return attempt(
                lambda: push_clinical(
                    opened, directory, person_from=person_from, mappings=mapping or ()
                )
            )

    with Warehouse.open(warehouse) as opened:
        outcomes = [push_one(opened, directory) for directory in directories]
        receipts = [one for one in outcomes if isinstance(one, DeliveryReceipt)]
        if receipts:
            told = [one.delivery for one in receipts if one.delivery is not None]
            record(opened, "push", "care", {"deliveries": told}, rows=len(receipts))
    documents = [
        one.to_json() if isinstance(one, DeliveryReceipt) else describe(one) for one in outcomes
    ]

    def show(console: Console) -> None:
        for directory, document in zip(directories, documents, strict=True):
            _show(directory, document, console)

    codes = [exit_code(one) for one in outcomes if isinstance(one, Exception)]
    return Reply(documents if len(documents) > 1 else documents[0], show, max(codes, default=0))


def _show(directory: Path, document: Mapping[str, Any], console: Console) -> None:
    if "error" in document:
        aside = console_on(sys.stderr)
        aside.print(Text(f"{directory.name}:", style="bold"), soft_wrap=True)
        show_failure(document, aside)
        return
    ignored = document["persons_ignored"]
    tail = f", {ignored:,} withdrawn ignored" if ignored else ""
    console.print(
        Text.assemble(
            (directory.name, "bold"),
            f": {document['status']} at commit {document['commit']}, {document['persons']:,} "
            f"persons, {document['persons_without_sample']:,} without a sample yet{tail}",
        ),
        soft_wrap=True,
    )
    show_documents(document["documents"], console)
    for one in document["warnings"]:
        text = f"  {one['records']:,} {one['reason']}: {REASONS[one['reason']].en}"
        console.print(Text(text), soft_wrap=True)


def show_documents(entries: list[Mapping[str, Any]], console: Console) -> None:
    """Print what became of documents, by file: values, and rows that were made of them."""
    if not entries:
        return
    table = Table("file", "kind", box=None, pad_edge=False, header_style="bold")
    for name in ("documents", "persons", "values", "= kept", "+ set aside", "rows"):
        table.add_column(name, justify="right")
    for one in entries:
        aside = sum(entry["records"] for entry in one["set_aside"])
        # What is told of rows, as that a feature is excluded, is not another row.
        rows = sum(count for name, count in one["rows"].items() if "_" not in name)
        counts = (one["documents"], one["persons"], one["records"], one["kept"], aside, rows)
        words = (Text(one["path"]), one["kind"])
        table.add_row(*words, *(f"{count:,}" for count in counts))
    console.print(table)
    for one in entries:
        for entry in (*one["set_aside"], *one["flags"]):
            text = f"  {one['path']}: {entry['records']:,} {entry['reason']}: "
            console.print(Text(text + REASONS[entry["reason"]].en), soft_wrap=True)
