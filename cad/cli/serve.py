"""`cad serve`."""

from __future__ import annotations

import os
import socket
import sys
from typing import Annotated

import typer
import uvicorn
from rich.text import Text

from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply, console_on
from cad.serving import check_bind
from cad.warehouse import Warehouse
from schemas.errors import Unavailable

APPLICATION = "api.app:create_app"
"""By name: nothing here may import the layer above."""


def serve(
    warehouse: WarehouseOption,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; of this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
) -> Reply:
    """Serve the figures on this machine, until Ctrl-C.

    Example: cad serve -w national --port 8000
    """
    check_bind(host)
    with Warehouse.open(warehouse) as opened:
        folder = opened.path
    # The application makes its own settings, in this process.
    os.environ["CAD_WAREHOUSE"] = str(folder)
    with _listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        url = f"http://{name}:{listener.getsockname()[1]}"
        console_on(sys.stderr).print(
            Text(f"CAD at {url}/v1/status, its description at {url}/openapi.json; Ctrl-C ends it"),
            soft_wrap=True,
        )
        config = uvicorn.Config(APPLICATION, factory=True, log_config=None, access_log=False)
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:
            # The server has shut down in order; an interrupt is how it is ended.
            pass
    return Reply({"served": url}, lambda console: console.print("Ended."))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        detail = f"{error.strerror or 'cannot listen'}; name another with --port"
        raise Unavailable("port_unusable", detail, f"{host}:{port}") from None
