"""`cad upgrade`."""

from __future__ import annotations

from rich.console import Console

from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.registry.migrate import REVISION
from cad.warehouse import Warehouse


def upgrade(warehouse: WarehouseOption) -> Reply:
    """Bring the registry of a warehouse to the version of this program.

    Everything happens in one transaction: cut short, it leaves the registry as it was. Other
    programs of an older version must not work on the warehouse meanwhile.

    Example: cad upgrade -w national
    """
    found = Warehouse.upgrade(warehouse)
    document = {"from": found, "to": REVISION}

    def show(console: Console) -> None:
        if found == REVISION:
            console.print(f"The registry is of version {REVISION} already.")
        else:
            console.print(f"Upgraded the registry from version {found} to {REVISION}.")

    return Reply(document, show)
