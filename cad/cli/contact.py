"""`cad contact`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.operator import operator, record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.contacts import read_messages, relay_message
from cad.warehouse import Warehouse


def contact(
    context: typer.Context,
    warehouse: WarehouseOption,
    variant: Annotated[
        str | None, typer.Argument(metavar="[VARIANT]", show_default=False)
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="TEXT", help="What the platforms are to relay."),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="The messages that a platform is to relay.")
    ] = False,
    platform: Annotated[
        str | None, typer.Option("--platform", metavar="NAME", help="Whose, with --list.")
    ] = None,
) -> Reply:  # fmt: skip
    """Have a message relayed to carriers of a variant who agreed to be contacted again.

    It is left for the platforms that have such carriers; whether there is any, who and how many, is
    not told. A platform reads its messages with --list.

    Example: cad contact 22-100-A-G --message "Please write to the study's office" -w national
    """
    if list_:
        if platform is None or variant is not None or message is not None:
            raise typer.BadParameter("--list takes --platform, and nothing else", context)
        return _inbox(warehouse, platform)
    if variant is None or message is None or platform is not None:
        raise typer.BadParameter("name a variant and a --message, or --list", context)
    with Warehouse.open(warehouse) as opened:
        asked = relay_message(opened, variant, message, operator().name)
        record(opened, "contact", "care", {"variant": str(asked)})
    document = {"variant": str(asked), "relayed": True}
    told = f"{asked}: the message is left for the platforms whose carriers agreed, if there are any"
    return Reply(document, lambda console: console.print(Text(told), soft_wrap=True))


def _inbox(warehouse: WarehouseOption, platform: str) -> Reply:
    with Warehouse.open(warehouse) as opened:
        found = [one.to_json() for one in read_messages(opened, platform)]
        record(opened, "contact_inbox", "care", {"platform": platform}, rows=len(found))
    return Reply(found, lambda console: _show(found, console))


def _show(found: list[dict[str, Any]], console: Console) -> None:
    for one in found:
        new = "" if one["read_at"] else " (new)"
        head = f"{one['number']}{new}: {one['variant']}, {one['asked_at'][:10]}"
        console.print(Text(f"{head}, from {one['asked_by']}"), soft_wrap=True)
        console.print(Text(f"  {one['message']}"), soft_wrap=True)
    if not found:
        console.print("No message is to be relayed.")
