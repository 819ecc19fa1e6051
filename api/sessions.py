"""Sessions of browsers: who signed in on a page, until they sign out or eight hours have passed.

A session is a cookie that scripts and other sites cannot use, of a random number that means what
was shown in this process alone. It is good for reading pages, for nothing else: what changes
anything, and all of ``/v1``, needs the key itself.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from threading import Lock
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from cad.access.loopback import is_loopback

_SECONDS: Final = 8 * 3600.0
_MOST: Final = 10_000


@dataclass
class Sessions:
    """The sessions of this process; threads share them."""

    _held: OrderedDict[str, tuple[float, str]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def open(self, shown: str) -> str:
        """Begin a session for who showed a key or token that holds; its number."""
        number = secrets.token_urlsafe(32)
        with self._lock:
            self._held[_hashed(number)] = (monotonic() + _SECONDS, shown)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)
        return number

    def shown(self, scope: Scope) -> str | None:
        """What was shown at the beginning of the session that a request belongs to."""
        key = _hashed(_number(scope))
        with self._lock:
            ends, shown = self._held.get(key, (0.0, ""))
            if monotonic() < ends:
                return shown
            self._held.pop(key, None)
            return None

    def close(self, scope: Scope) -> None:
        """End the session that a request belongs to."""
        with self._lock:
            self._held.pop(_hashed(_number(scope)), None)


def is_page(scope: Scope) -> bool:
    """Whether a request reads a page, and so may belong to a session."""
    path = scope["path"]
    return scope["method"] in ("GET", "HEAD") and not path.startswith(("/v1/", "/openapi.json"))


def is_own(scope: Scope) -> bool:
    """Whether a browser sends a request from a page of this service itself."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None:
        # Who sends no Referer sends no Origin either, but this.
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def give_cookie(response: Response, scope: Scope, number: str) -> None:
    """Let a browser keep a session's number until it is closed."""
    response.set_cookie(
        _name(scope), number, path="/", secure=_is_secure(scope), httponly=True, samesite="strict"
    )


def take_cookie(response: Response, scope: Scope) -> None:
    """Let a browser forget a session's number."""
    response.delete_cookie(
        _name(scope), path="/", secure=_is_secure(scope), httponly=True, samesite="strict"
    )


def _number(scope: Scope) -> str:
    try:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return ""
    found = cookies.get(_name(scope))
    return "" if found is None else found.value


def _name(scope: Scope) -> str:
    """A name with this prefix no other host, and nobody without TLS, can set (RFC 6265bis)."""
    return "__Host-cad" if _is_secure(scope) else "cad"


def _is_secure(scope: Scope) -> bool:
    """Everywhere but on this machine itself without TLS."""
    host = urlsplit("//" + Headers(scope=scope).get("host", "")).hostname or ""
    return scope.get("scheme") == "https" or not is_loopback(host)


def _hashed(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()
