"""Public keys of an identity provider (JWKS), from a file or by https."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final, NamedTuple
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from cad.access.loopback import is_loopback
from schemas.errors import Unavailable

_SECONDS_BETWEEN: Final = 60.0
"""A token that names an unknown key makes the keys be read again, no more often than so."""
_TIMEOUT: Final = 5.0
_MAX_BYTES: Final = 1024**2


class _NoRedirect(HTTPRedirectHandler):
    """An issuer's keys lie where the operator said, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


class PublicKey(NamedTuple):
    """One key: itself, and what the set says of it, as the fields of a JWK."""

    key: Any
    kind: str
    key_id: str | None
    curve: str | None
    algorithm: str | None
    use: str | None


@dataclass
class KeySet:
    """The keys at one place; threads share one.

    Attributes:
        place: an https address (http on loopback), or a file.
    """

    place: str
    _keys: dict[str | None, PublicKey] = field(default_factory=dict)
    _read_at: float | None = None
    _lock: Lock = field(default_factory=Lock)

    def find(self, key_id: str | None) -> PublicKey | None:
        """The key that a token names; the only one where it names none.

        Raises:
            Unavailable: `identity_unusable`.
        """
        with self._lock:
            if self._missing(key_id) and self._may_read():
                # Also a failed reading counts: a provider that is down is not asked every time.
                self._read_at = monotonic()
                self._keys = _parsed(self._fetch(), self.place)
            if key_id is None:
                return next(iter(self._keys.values())) if len(self._keys) == 1 else None
            return self._keys.get(key_id)

    def _missing(self, key_id: str | None) -> bool:
        return not self._keys or (key_id is not None and key_id not in self._keys)

    def _may_read(self) -> bool:
        return self._read_at is None or monotonic() - self._read_at >= _SECONDS_BETWEEN

    def _fetch(self) -> bytes:
        address = urlsplit(self.place)
        try:
            if address.scheme in ("http", "https"):
                with build_opener(_NoRedirect).open(self.place, timeout=_TIMEOUT) as answer:
                    content: bytes = answer.read(_MAX_BYTES)
                    return content
            return Path(self.place).read_bytes()
        except (OSError, URLError, ValueError):
            detail = "the keys of the identity provider cannot be read"
            raise Unavailable("identity_unusable", detail, self.place) from None


def check_place(place: str) -> None:
    """Refuse keys that would come unprotected over a network.

    Raises:
        Unavailable: `identity_unusable`.
    """
    address = urlsplit(place)
    if address.scheme == "http" and not is_loopback(address.hostname or ""):
        raise Unavailable("identity_unusable", "expected an https address or a file", place)


def _parsed(content: bytes, place: str) -> dict[str | None, PublicKey]:
    try:
        rows = json.loads(content)["keys"]
        # A secret in a key set would make whoever reads it able to sign.
        held = [_public(row) for row in rows if row["kty"] != "oct" and "d" not in row]
    except (PyJWTError, ValueError, KeyError, TypeError):
        detail = "expected a JSON Web Key Set with public keys"
        raise Unavailable("identity_unusable", detail, place) from None
    return {one.key_id: one for one in held if one.use in (None, "sig")}


def _public(row: dict[str, Any]) -> PublicKey:
    said = [row.get(name) for name in ("kid", "crv", "alg", "use")]
    return PublicKey(PyJWK(row).key, row["kty"], *said)
