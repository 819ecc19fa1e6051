"""Who asks: every request but one for the status shows a key or a token, or is refused.

A key that held is taken to hold for another second, and so a revoked one too.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.limits import RateLimits
from api.pages.signin import own_path, sign_in_page
from api.problems import RETRY_SECONDS, problem_response
from api.sessions import Sessions, is_page
from cad.access.clients import KEY_PREFIX, Identity, identity_of_key
from cad.access.tokens import TokenReader
from cad.gate import Caller
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import CadError, LimitReached, Unauthenticated

PUBLIC: Final = frozenset({"/v1/status", "/style.css", "/signin", "/signout"})
"""Addresses that anybody may read."""
DEMO: Final = Identity(Caller("demo", "clinician"), daily_variants=1_000_000_000)
"""Whoever asks a demo's warehouse, where all persons are simulated."""
_HELD_SECONDS: Final = 1.0
_HELD_KEYS: Final = 10_000


@dataclass
class Doorkeeper:
    """Tells who shows a key or token; made once, when the application starts."""

    warehouse: Warehouse
    settings: Settings
    limits: RateLimits
    _tokens: TokenReader = field(init=False)
    _held: OrderedDict[str, tuple[float, Identity]] = field(default_factory=OrderedDict)
    sessions: Sessions = field(default_factory=Sessions)

    def __post_init__(self) -> None:
        self._tokens = TokenReader(self.settings)

    async def identify(self, authorization: str, address: str) -> Identity:
        """Who asks.

        Raises:
            Unauthenticated: `credentials_missing`, `credentials_refused`.
            LimitReached: `rate_limited`.
            Unavailable: `identity_unusable`, `registry_unusable`.
        """
        if self.settings.demo:
            return DEMO
        scheme, _, shown = authorization.partition(" ")
        if scheme.lower() != "bearer" or not shown:
            detail = "expected Authorization: Bearer with a key or a token"
            raise Unauthenticated("credentials_missing", detail)
        self.limits.check_address(address)
        try:
            identity = await self._of(shown.strip())
        except Unauthenticated:
            self.limits.count_failure(address)
            raise
        self.limits.count(identity.caller.name)
        return identity

    async def _of(self, shown: str) -> Identity:
        if not shown.startswith(KEY_PREFIX):
            return Identity(await run_in_threadpool(self._tokens.read, shown))
        held = self._held.get(shown)
        if held is not None and monotonic() - held[0] < _HELD_SECONDS:
            return held[1]
        found = await run_in_threadpool(identity_of_key, self.warehouse, shown)
        if found is None:
            self._held.pop(shown, None)
            detail = "the key is unknown, has expired or was revoked"
            raise Unauthenticated("credentials_refused", detail)
        self._held[shown] = (monotonic(), found)
        while len(self._held) > _HELD_KEYS:
            self._held.popitem(last=False)
        return found


@dataclass(frozen=True)
class Authenticate:
    """Middleware that puts who asks into the request's state, or refuses it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `state.identity`."""
        if scope["type"] == "http":
            doorkeeper: Doorkeeper = scope["app"].state.doorkeeper
            address, _ = scope.get("client") or ("", 0)
            try:
                if scope["path"] in PUBLIC:
                    doorkeeper.limits.count(f"address {address}")
                else:
                    state = scope.setdefault("state", {})
                    shown, state["has_session"] = _shown(scope, doorkeeper.sessions)
                    state["identity"] = await doorkeeper.identify(shown, address)
            except CadError as error:
                await _refuse(error, scope, receive, send)
                return
        await self.app(scope, receive, send)


def _shown(scope: Scope, sessions: Sessions) -> tuple[str, bool]:
    """What a request shows, and whether it is its session that does."""
    shown = Headers(scope=scope).get("authorization", "")
    if not shown and is_page(scope):
        held = sessions.shown(scope)
        if held is not None:
            return f"Bearer {held}", True
    return shown, False


async def _refuse(error: CadError, scope: Scope, receive: Receive, send: Send) -> None:
    if isinstance(error, Unauthenticated) and is_page(scope):
        query = scope["query_string"].decode("latin-1")
        asked = parse_qs(query).get("lang", [""])[0]
        where = quote(scope["path"]) + (f"?{query}" if query else "")
        await sign_in_page(asked, own_path(where), error)(scope, receive, send)
        return
    response = problem_response(error)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="CAD"'
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = RETRY_SECONDS
    await response(scope, receive, send)
