"""What every request meets first: its size, its pace, and headers on every answer.

Nothing here looks at what is asked. A body is counted as it arrives, whatever `Content-Length`
says; a sender that pauses too long, and an answer that takes too long to begin, end in a problem
document. A thread that still works on such an answer ends at its next step (`cad.deadline`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from math import inf
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response
from cad.deadline import deadline
from cad.settings import Settings
from schemas.errors import BadQuestion, CadError, TooLarge, Unavailable

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TLS_HEADER: Final = ("Strict-Transport-Security", "max-age=31536000")
_UPLOAD: Final = re.compile(r"/v1/uploads/[^/]+")
_STREAMED: Final = frozenset({"/v1/annotate"})


@dataclass(frozen=True)
class Guard:
    """Middleware that bounds what a request may send, and for how long it may take."""

    app: ASGIApp
    settings: Settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its limits."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = _Passage(self.settings, scope, receive, send)
        await passage.run(self.app)


class _StoppedError(Exception):
    """The request broke a limit while its body was being read."""

    def __init__(self, error: CadError, status: int | None = None) -> None:
        super().__init__(error.reason)
        self.error, self.status = error, status


class _Passage:
    """One request on its way."""

    def __init__(self, settings: Settings, scope: Scope, receive: Receive, send: Send) -> None:
        self._settings, self._scope = settings, scope
        self._receive, self._send = receive, send
        self._left, self._is_streamed = _room(settings, scope)
        self._is_whole = self._has_begun = self._is_late = False
        self._stopped: _StoppedError | None = None
        self._refusal: asyncio.Future[None] | None = None

    async def run(self, app: ASGIApp) -> None:
        if "\0" in self._scope["path"] or b"%00" in self._scope["query_string"]:
            # PostgreSQL knows no such character.
            await self._refuse(BadQuestion("request_malformed", "there is a NUL in the address"))
            return
        said = Headers(scope=self._scope).get("content-length", "")
        if said.isdecimal() and int(said) > self._left:
            await self._refuse(_too_large())
            return
        timer = None
        if not self._is_streamed:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self._settings.answer_seconds, self._be_late)
        try:
            with deadline(inf if self._is_streamed else self._settings.answer_seconds):
                await app(self._scope, self.receive, self.send)
        except _StoppedError:
            pass
        finally:
            if timer is not None:
                timer.cancel()
            if self._refusal is not None:
                # The connection is let go of once the application has ended.
                await self._refusal
        if self._stopped is not None and not self._has_begun:
            await self._refuse(self._stopped.error, self._stopped.status)

    async def receive(self) -> Message:
        """The next part of the body, counted and timed; what follows the body is neither."""
        if self._is_whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._settings.body_seconds)
        except TimeoutError:
            error = BadQuestion("body_too_slow", "the next part of the request did not arrive")
            raise self._stop(error, HTTPStatus.REQUEST_TIMEOUT) from None
        if message["type"] == "http.request":
            self._is_whole = not message.get("more_body", False)
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise self._stop(_too_large())
        return message

    def _stop(self, error: CadError, status: int | None = None) -> _StoppedError:
        """What ends the reading of a body, whatever whoever reads it makes of that."""
        self._stopped = _StoppedError(error, status)
        return self._stopped

    async def send(self, message: Message) -> None:
        """Pass a message of the answer on, its headers completed; a late answer is dropped."""
        if self._is_late or (self._stopped is not None and not self._has_begun):
            return
        if message["type"] == "http.response.start":
            self._has_begun = True
            self._complete(message)
        await self._send(message)

    def _be_late(self) -> None:
        if not self._has_begun:
            self._is_late = True
            error = Unavailable("answer_too_slow", "ask for less, or ask again later")
            self._refusal = asyncio.ensure_future(self._refuse(error))

    async def _refuse(self, error: CadError, status: int | None = None) -> None:
        self._has_begun = True

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(message)
                # The rest of a body that nobody reads must not be taken for the next request.
                MutableHeaders(raw=message["headers"])["Connection"] = "close"
            await self._send(message)

        await problem_response(error, status)(self._scope, self._receive, send)

    def _complete(self, message: MutableMapping[str, Any]) -> None:
        headers = MutableHeaders(raw=message["headers"])
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if self._scope.get("scheme") == "https":
            headers.setdefault(*_TLS_HEADER)


def _room(settings: Settings, scope: Scope) -> tuple[int, bool]:
    """Bytes that a request's body may have, and whether it takes as long as it takes."""
    path = scope["path"]
    if path in _STREAMED:
        return settings.vcf_bytes, True
    if _UPLOAD.match(path):
        return max(settings.upload_chunk_bytes, settings.body_bytes), True
    return settings.body_bytes, False


def _too_large() -> CadError:
    return TooLarge("body_too_large", "see CAD_BODY_BYTES, CAD_VCF_BYTES, CAD_UPLOAD_CHUNK_BYTES")
