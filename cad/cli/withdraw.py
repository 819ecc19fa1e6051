"""`cad withdraw`."""

from __future__ import annotations

from typing import Annotated

import typer

from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.warehouse import Warehouse
from cad.withdraw import withdraw as withdraw_person


def withdraw(
    person_id: Annotated[str, typer.Argument(metavar="PERSON_ID", show_default=False)],
    warehouse: WarehouseOption,
) -> Reply:
    """Withdraw a person: hidden at once, taken out of the figures by the next build.

    Whether the warehouse knew the person is not told.

    Example: cad withdraw P-0042 -w national
    """
    with Warehouse.open(warehouse) as opened:
        withdraw_person(opened, person_id)
        # Nothing of the person, nor whether the warehouse knew them: no commit, no hash, no count.
        record(opened, "withdraw", "care", {})
    return Reply(
        {"withdrawn": True},
        lambda console: console.print("Withdrawn; cad build takes the person out of the figures."),
    )
