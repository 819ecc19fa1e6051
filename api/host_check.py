"""Requests must be meant for this machine: the Host header names it.

Listening on loopback alone does not keep a web page out that a browser on this machine shows: its
owner lets the page's name resolve to 127.0.0.1, and the browser then takes the service for the
page's own. The Host header still bears that name.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem_response
from cad.access.loopback import is_loopback
from schemas.errors import Forbidden


class LoopbackOnly:
    """Middleware that answers requests to any other host with `request_malformed`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not _is_meant_for_us(Headers(scope=scope).get("host", "")):
            error = Forbidden("request_malformed", "the Host header names another machine")
            await problem_response(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_meant_for_us(host: str) -> bool:
    """Whether a Host header names this machine, with any port.

    >>> [_is_meant_for_us(host) for host in ("localhost:8000", "[::1]", "127.0.0.1.evil.example")]
    [True, True, False]
    """
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
