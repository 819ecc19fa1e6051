"""`cad push`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

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
from cad.push import push_batch
from cad.receipt import Receipt
from cad.warehouse import Warehouse


def push(
    batch_dirs: Annotated[list[Path], typer.Argument(metavar="BATCH_DIR...", show_default=False)],
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

    What is refused leaves the warehouse as it was and does not keep the others out.

    Example: cad push SEQOIA-2026-11-20-001 SEQOIA-2026-11-20-002 -w national
    """
    with Warehouse.open(warehouse) as opened:
        outcomes = [_push_one(opened, directory, replace, strict) for directory in batch_dirs]
        accepted = [one for one in outcomes if isinstance(one, Receipt)]
        if accepted:
            named = [one.batch_id for one in accepted]
            record(opened, "push", "care", {"batches": named}, rows=len(named))
    documents = [
        _document(directory, outcome)
        for directory, outcome in zip(batch_dirs, outcomes, strict=True)
    ]

    def show(console: Console) -> None:
        for directory, document in zip(batch_dirs, documents, strict=True):
            _show(directory, document, console)

    codes = [exit_code(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    return Reply(documents if len(documents) > 1 else documents[0], show, max(codes, default=0))


def _push_one(
    warehouse: Warehouse, directory: Path, replace: bool, strict: bool
) -> Receipt | Exception:
    with progress_bar(directory.name) as progress:
        return attempt(
            lambda: push_batch(
                warehouse, directory, replace=replace, strict=strict, progress=progress
            )
        )


def _document(directory: Path, outcome: Receipt | Exception) -> dict[str, Any]:
    if isinstance(outcome, Receipt):
        return outcome.to_json()
    batch_id = _declared_id(directory)
    return {**({} if batch_id is None else {"batch_id": batch_id}), **describe(outcome)}


def _declared_id(directory: Path) -> str | None:
    """The batch id that a refused batch gives itself, where its manifest is that readable."""
    try:
        manifest = json.loads((directory / "manifest.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    named = manifest.get("batch_id") if isinstance(manifest, dict) else None
    return named if isinstance(named, str) else None


def _show(directory: Path, document: Mapping[str, Any], console: Console) -> None:
    if "error" not in document:
        show_receipt(document, console)
        return
    aside = console_on(sys.stderr)
    aside.print(Text(f"{document.get('batch_id', directory)}:", style="bold"), soft_wrap=True)
    show_failure(document, aside)
