"""`cad push`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.conduct import attempt
from cad.cli.failure import describe, exit_code, show_failure
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.progress import progress_bar
from cad.cli.reply import Reply, console_on
from cad.cli.show_receipt import show_receipt
from cad.fetched import batch_directory
from cad.push import push_batch
from cad.receipt import Receipt
from cad.warehouse import Warehouse


def push(
    batch_dirs: Annotated[list[str], typer.Argument(metavar="BATCH_DIR...", show_default=False)],
    warehouse: WarehouseOption,
    replace: Annotated[
        bool, typer.Option("--replace", help="Exchange a batch that was accepted before.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse a batch for any defect or warning it could mend."),
    ] = False,
) -> Reply:
    """Push batches; each directory commits on its own.

    What is refused leaves the warehouse as it was and does not keep the others out. A batch may
    also lie in an object store: its URL (s3://BUCKET/FOLDER) then stands for the directory.

    Example: cad push SEQOIA-2026-11-20-001 SEQOIA-2026-11-20-002 -w national
    """
    with Warehouse.open(warehouse) as opened:
        outcomes = [_push_one(opened, place, replace, strict) for place in batch_dirs]
        accepted = [one.document["batch_id"] for one in outcomes if one.error is None]
        if accepted:
            record(opened, "push", "care", {"batches": accepted}, rows=len(accepted))

    def show(console: Console) -> None:
        for place, outcome in zip(batch_dirs, outcomes, strict=True):
            _show(place, outcome.document, console)

    documents = [one.document for one in outcomes]
    codes = [exit_code(one.error) for one in outcomes if one.error is not None]
    return Reply(documents if len(documents) > 1 else documents[0], show, max(codes, default=0))


class _Outcome(NamedTuple):
    """The document of a receipt, or of what a batch was refused for, and that."""

    document: dict[str, Any]
    error: Exception | None = None


def _push_one(warehouse: Warehouse, place: str, replace: bool, strict: bool) -> _Outcome:
    def push_from_there() -> _Outcome:
        with batch_directory(warehouse, place) as directory:
            with progress_bar(directory.name) as progress:
                found = attempt(
                    lambda: push_batch(
                        warehouse, directory, replace=replace, strict=strict, progress=progress
                    )
                )
            if isinstance(found, Receipt):
                return _Outcome(found.to_json())
            batch_id = _declared_id(directory)
            named = {} if batch_id is None else {"batch_id": batch_id}
            return _Outcome({**named, **describe(found)}, found)

    found = attempt(push_from_there)
    return found if isinstance(found, _Outcome) else _Outcome(describe(found), found)


def _declared_id(directory: Path) -> str | None:
    """The batch id that a refused batch gives itself, where its manifest is that readable."""
    try:
        manifest = json.loads((directory / "manifest.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    named = manifest.get("batch_id") if isinstance(manifest, dict) else None
    return named if isinstance(named, str) else None


def _show(place: str, document: Mapping[str, Any], console: Console) -> None:
    if "error" not in document:
        show_receipt(document, console)
        return
    aside = console_on(sys.stderr)
    aside.print(Text(f"{document.get('batch_id', place)}:", style="bold"), soft_wrap=True)
    show_failure(document, aside)
