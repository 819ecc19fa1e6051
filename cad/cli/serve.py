"""`cad serve`."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn
from rich.text import Text

from cad.cli.options import WarehouseOption
from cad.cli.reply import Reply, console_on
from cad.head_in_time import head_in_time
from cad.serving import Listening, check_listening
from cad.warehouse import Warehouse
from schemas.errors import Unavailable

_CONNECTIONS: Final = 1000
"""Connections and requests under way at once; more are answered 503."""
APPLICATION: Final = "api.app:create_app"
"""By name: nothing here may import the layer above."""


def serve(
    warehouse: WarehouseOption,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Answer whoever asks on this machine, of a demo's warehouse."),
    ] = False,
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", metavar="PEM", help="Certificate chain.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="PEM", help="The certificate's private key.")
    ] = None,
) -> Reply:
    """Serve the figures over HTTP, until Ctrl-C.

    Each request shows a key of `cad client create` or a token of the issuer in CAD_OIDC_ISSUER;
    `/v1/status` alone needs none. Beyond this machine TLS is needed, here or at a proxy that
    CAD_PROXY_ADDRESSES names.

    Example: cad serve -w national --host 0.0.0.0 --tls-certificate cad.pem --tls-key cad.key
    """
    how = Listening(host, tls_certificate, tls_key, demo)
    with Warehouse.open(warehouse) as opened:
        check_listening(opened, how)
        folder = opened.path
        proxies, seconds = opened.settings.proxy_addresses, opened.settings.body_seconds
    # The application makes its own settings, in this process.
    os.environ["CAD_WAREHOUSE"] = str(folder)
    os.environ["CAD_DEMO"] = str(int(demo))
    with _listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        scheme = "https" if tls_certificate else "http"
        url = f"{scheme}://{name}:{listener.getsockname()[1]}"
        console_on(sys.stderr).print(Text(f"CAD at {url}/; Ctrl-C ends it"), soft_wrap=True)
        config = uvicorn.Config(
            APPLICATION,
            factory=True,
            http=head_in_time(seconds),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            ssl_certfile=tls_certificate,
            ssl_keyfile=tls_key,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=10,
        )
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
