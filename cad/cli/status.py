"""`cad status`, `cad batches` and `cad receipt`: what the registry knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.changes import fired, show_fired
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.cli.show_receipt import show_receipt
from cad.registry.batches import find_batch, list_batches
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.status import read_status
from cad.warehouse import Warehouse
from schemas.errors import NotFound
from schemas.reasons import REASONS

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def status(warehouse: WarehouseOption) -> Reply:
    """Show what the warehouse holds.

    Example: cad status -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = read_status(opened).to_json()
        document["watched"] = [] if document["base"] is None else fired(opened)
    return Reply(document, lambda console: _show_status(document, console))


def batches(warehouse: WarehouseOption) -> Reply:
    """List the batches of the warehouse.

    Example: cad batches -w national
    """
    with Warehouse.open(warehouse) as opened:
        with reading(opened.engine) as connection:
            rows = list_batches(connection, latest_commit(connection))
        record(opened, "batches", "care", {}, rows=len(rows))
    document = [row.to_json() for row in rows]
    return Reply(document, lambda console: _show_batches(document, console))


def receipt(
    batch_id: Annotated[str, typer.Argument(metavar="BATCH_ID", show_default=False)],
    warehouse: WarehouseOption,
) -> Reply:
    """Show the receipt of a batch that was pushed.

    Example: cad receipt SEQOIA-2026-11-20-001 -w national
    """
    with Warehouse.open(warehouse) as opened:
        with reading(opened.engine) as connection:
            row = find_batch(connection, batch_id)
        if row is None:
            raise NotFound("batch_unknown", "no live batch has this id", batch_id)
        record(opened, "batches", "care", {"batch": batch_id}, commit=row.commit_no, rows=1)
    document = dict(row.receipt)
    return Reply(document, lambda console: show_receipt(document, console))


def _show_batches(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("batch", "platform"):
        table.add_column(name)
    for name in ("samples", "commit"):
        table.add_column(name, justify="right")
    for name in ("status", "pushed"):
        table.add_column(name)
    for row in rows:
        counts = (f"{row['samples']:,}", str(row["commit"]))
        ids = (Text(row["batch_id"]), Text(row["platform"]))
        table.add_row(*ids, *counts, row["status"], row["pushed_at"][:16].replace("T", " "))
    if rows:
        console.print(table)
    else:
        console.print("No batch has been pushed yet.")


def _show_status(document: Mapping[str, Any], console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column()
    aligned = "with a reference" if document["reference"] else "without reference"
    table.add_row("assembly", f"{document['assembly']}, {aligned}")
    table.add_row("registry", document["registry"])
    table.add_row("commit", f"{document['commit']} {_minute(document['committed_at'])}".strip())
    table.add_row("batches", f"{document['batches']:,}, {document['samples']:,} samples")
    table.add_row("base", _base_text(document))
    for name, one in document["purposes"].items():
        table.add_row(f"  {name}", _purpose_text(one))
    waiting = document["batches_not_built"]
    table.add_row("not built", _waiting_text(waiting, is_built=document["is_built"]))
    _show_clinical(document["clinical"], table)
    lake = document["lake"]
    place = "" if lake["url"] is None else f", in {lake['url']}"
    table.add_row("lake", f"{lake['files']:,} files, {_size(lake['bytes'])}{place}")
    if lake["removed_files"]:
        text = f"{lake['removed_files']:,} files, {_size(lake['removed_bytes'])}"
        table.add_row("  removed", text)
    for one in document["sessions"]:
        state = "dead, waits for cad maintain" if one["expired"] else "writing"
        text = f"{one['kind']} since {_minute(one['opened_at'])}, {state}"
        table.add_row(f"session {one['session']}", text)
    table.add_row("readers", str(document["readers"]))
    for one in document["findings"]:
        text = f"{one['batch_id']}, {one['samples']:,} samples: {REASONS[one['kind']].en}"
        table.add_row("finding", Text(text))
    console.print(table)
    show_fired(document["watched"], console)


def _show_clinical(clinical: Mapping[str, Any], table: Table) -> None:
    if not clinical["documents"]:
        return
    text = f"{clinical['documents']:,} documents, {clinical['persons']:,} persons"
    if clinical["persons_without_sample"]:
        text += f", {clinical['persons_without_sample']:,} without a sample yet"
    table.add_row("clinical", text)
    hpo = clinical["hpo"]
    if hpo is not None and hpo["terms_newer"]:
        terms = hpo["terms_newer"]
        shown = ", ".join(terms[:3]) + (" ..." if len(terms) > 3 else "")
        text = f"{hpo['version']} does not know {len(terms):,} recorded term(s): {shown}"
        table.add_row(f"  {hpo['source']}", Text(text))


def _base_text(document: Mapping[str, Any]) -> str:
    base = document["base"]
    if base is None:
        return "none yet: cad build makes it"
    return (
        f"of commit {base['commit']}, built {_minute(base['built_at'])} "
        f"by {base['engine']} in {base['seconds']:.1f} s"
    )


def _purpose_text(one: Mapping[str, int]) -> str:
    text = f"{one['persons']:,} persons, {one['variants']:,} variants"
    if one["persons_next"] != one["persons"]:
        text += f"; {one['persons_next']:,} persons after the next build"
    return text


def _waiting_text(batches: Sequence[str], *, is_built: bool) -> str:
    if is_built:
        return "nothing"
    if not batches:
        return "changes to persons or samples"
    shown = ", ".join(batches[:3])
    return f"{len(batches):,} batch(es): {shown}{' ...' if len(batches) > 3 else ''}"


def _minute(moment: str | None) -> str:
    return "" if moment is None else moment[:16].replace("T", " ")


def _size(count: float) -> str:
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError("the units are exhausted")
