"""`cad maintain`."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console

from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.sweep import sweep
from cad.warehouse import Warehouse


def maintain(warehouse: WarehouseOption) -> Reply:
    """Delete what nobody needs.

    Example: cad maintain -w national
    """
    with Warehouse.open(warehouse) as opened:
        swept = sweep(opened)
    document = {"sweep": asdict(swept)}

    def show(console: Console) -> None:
        console.print(
            f"Swept: {swept.files_deleted:,} files and {swept.folders_deleted:,} folders of dead "
            f"writers deleted, {swept.bytes_freed / 1e6:,.1f} MB freed; "
            f"{swept.sessions_aborted} writers and {swept.leases_ended} readers given up."
        )

    return Reply(document, show)
