"""`cad client`: keys for those who ask the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.access.clients import clients, create_client, revoke_client
from cad.cli.operator import record
from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply
from cad.registry.clients import ClientRow
from cad.warehouse import Warehouse

ClientRole = Literal["platform", "clinician", "researcher", "industry", "steward"]


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    warehouse: WarehouseOption,
    role: Annotated[
        ClientRole, typer.Option("--role", help="Decides what may be asked.", show_default=False)
    ],
    purpose: Annotated[
        list[str] | None,
        typer.Option("--purpose", help="Only this purpose; may be given several times."),
    ] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="Whose batches a platform's client pushes.")
    ] = None,
    project: Annotated[
        list[str] | None,
        typer.Option("--project", help="An approved project of a researcher; several times."),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3650, help="How long the key holds.")
    ] = 365,
    daily_variants: Annotated[
        int | None,
        typer.Option(
            "--daily-variants",
            min=1,
            help="Distinct variants a day, of a clinician; CAD_DAILY_VARIANTS where unset.",
        ),
    ] = None,
) -> Reply:
    """Give a client of the service a key, which is shown this once.

    A second key under the same name belongs to the same client: give the new one, then revoke the
    old one by its number.

    Example: cad client create chu-lille --role clinician -w national
    """
    with Warehouse.open(warehouse) as opened:
        row, key = create_client(
            opened,
            name,
            role,
            purposes=purpose or (),
            platform=platform,
            projects=project or (),
            days=days,
            daily_variants=daily_variants,
        )
        record(opened, "clients", "care", {"act": "create", "client": row.client_no, "role": role})
    document = _json(row) | {"key": key}

    def show(console: Console) -> None:
        console.print(Text(f"{name}, {role}, until {row.expires_at:%Y-%m-%d}; kept nowhere:"))
        console.print(Text(key, style="bold"), soft_wrap=True)

    return Reply(document, show)


def list_(warehouse: WarehouseOption) -> Reply:
    """List the clients, one line a key; the keys themselves are kept nowhere.

    Example: cad client list -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = [_json(row) for row in clients(opened)]
        record(opened, "clients", "care", {"act": "list"}, rows=len(document))
    return Reply(document, lambda console: _show(document, console))


def revoke(
    client: Annotated[str, typer.Argument(metavar="NAME|NUMBER", show_default=False)],
    warehouse: WarehouseOption,
) -> Reply:
    """Let all keys of a client hold no more, or one by its number.

    Example: cad client revoke chu-lille -w national
    """
    with Warehouse.open(warehouse) as opened:
        revoked = revoke_client(opened, client)
        record(opened, "clients", "care", {"act": "revoke", "client": client}, rows=revoked)
    document = {"client": client, "revoked": revoked}
    return Reply(document, lambda console: console.print(f"{revoked} key(s) revoked"))


def _json(row: ClientRow) -> dict[str, Any]:
    return {
        "client": row.client_no,
        "name": row.name,
        "role": row.role,
        **row.scope,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
    }


def _show(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("no", justify="right")
    for name in ("client", "role", "scope", "until", "revoked"):
        table.add_column(name)
    for row in rows:
        scope = [*row["purposes"], *row["projects"], *filter(None, [row["platform"]])]
        table.add_row(
            str(row["client"]),
            Text(row["name"]),
            row["role"],
            Text(", ".join(scope)),
            row["expires_at"][:10],
            (row["revoked_at"] or "")[:10],
        )
    console.print(table if rows else "No client has a key yet.")
