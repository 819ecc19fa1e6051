"""Tokens of identity providers (OIDC access tokens as JWT, RFC 9068) and GA4GH Visas.

A token tells who asks; its claims, under names that settings give, tell role, purposes, platform
and projects. Nothing of it is believed before its signature holds, by a key of the issuer that the
operator named, with an algorithm that the operator listed *and* that is of the key's own kind: what
a token says of its own algorithm only chooses among these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from jwt.exceptions import PyJWTError

from cad.access.clients import checked_scope, make_caller
from cad.access.keys import KeySet, PublicKey, check_place
from cad.gate import Caller
from cad.settings import Settings
from schemas.errors import BadQuestion, Unauthenticated, Unavailable

_VISA_TYPE: Final = "ControlledAccessGrants"
_MAX_BYTES: Final = 16_384
_MAX_VISAS: Final = 100
_KINDS: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""Kind of key by the first letters of an algorithm's name."""
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@dataclass
class TokenReader:
    """Reads tokens by an operator's settings; threads share one.

    Raises:
        Unavailable: `identity_unusable`, where the settings do not go together.
    """

    settings: Settings
    _keys: dict[str, KeySet] = field(default_factory=dict)
    _visa_keys: dict[str, KeySet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        s = self.settings
        told = (s.oidc_issuer, s.oidc_audience, s.oidc_jwks)
        if any(told) and not all(told):
            detail = "an issuer, its keys and an audience belong together"
            raise Unavailable("identity_unusable", detail, "CAD_OIDC_ISSUER")
        if s.oidc_issuer and s.oidc_jwks:
            self._keys[s.oidc_issuer] = KeySet(s.oidc_jwks)
        self._visa_keys = {issuer: KeySet(place) for issuer, place in s.visa_issuers.items()}
        for keys in (*self._keys.values(), *self._visa_keys.values()):
            check_place(keys.place)

    @property
    def is_used(self) -> bool:
        """Whether any issuer is named."""
        return bool(self._keys)

    def read(self, token: str) -> Caller:
        """Who a token stands for.

        Raises:
            Unauthenticated: `credentials_refused`.
            Unavailable: `identity_unusable`, where the issuer's keys cannot be read.
        """
        claims = self._verified(token, self._keys, audience=self.settings.oidc_audience)
        s = self.settings
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise _refused("the token names nobody")
        projects = [*_words(claims, s.oidc_projects_claim), *self._granted(claims, subject)]
        platform = _claim(claims, s.oidc_platform_claim)
        role = self._role(claims)
        try:
            scope = checked_scope(
                role,
                _words(claims, s.oidc_purposes_claim),
                platform if isinstance(platform, str) else None,
                sorted(set(projects)) if role == "researcher" else [],
            )
        except BadQuestion:
            raise _refused("its role, purposes and platform do not go together") from None
        return make_caller(f"{claims['iss']}|{subject}", role, scope)

    def _role(self, claims: Mapping[str, Any]) -> str:
        """The one role: of several none is guessed."""
        said = _words(claims, self.settings.oidc_role_claim)
        names = self.settings.oidc_roles
        roles = {names[one] for one in said if one in names} if names else set(said)
        if len(roles) != 1:
            raise _refused("expected exactly one role")
        return roles.pop()

    def _granted(self, claims: Mapping[str, Any], subject: str) -> list[str]:
        """Projects that Visas grant; a Visa that does not hold grants nothing."""
        passport = claims.get("ga4gh_passport_v1")
        visas = passport if isinstance(passport, list) else []
        found = [self._project(visa, claims, subject) for visa in visas[:_MAX_VISAS]]
        return [name for name in found if name]

    def _project(self, visa: object, claims: Mapping[str, Any], subject: str) -> str | None:
        if not isinstance(visa, str):
            return None
        try:
            said = self._verified(visa, self._visa_keys, audience=None)
        except Unauthenticated:
            return None
        grant = said.get("ga4gh_visa_v1")
        if not isinstance(grant, dict) or grant.get("type") != _VISA_TYPE:
            return None
        # Another issuer's subject is another person, unless the same provider issued both.
        if said.get("sub") != subject or grant.get("conditions"):
            return None
        address, prefix = grant.get("value"), self.settings.visa_prefix
        if not isinstance(address, str) or not address.startswith(prefix):
            return None
        return address[len(prefix) :]

    def _verified(
        self, token: str, issuers: Mapping[str, KeySet], audience: str | None
    ) -> dict[str, Any]:
        """The claims of a token whose signature, issuer, audience and times hold."""
        if len(token) > _MAX_BYTES:
            raise _refused("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
            keys = issuers.get(issuer) if isinstance(issuer, str) else None
            key = keys.find(header.get("kid")) if keys is not None else None
            if key is None or issuer is None:
                raise _refused("no named issuer signed it")
            return jwt.decode(
                token,
                key.key,
                algorithms=_algorithms_of(key, self.settings.oidc_algorithms),
                audience=audience,
                issuer=issuer,
                leeway=self.settings.oidc_leeway_seconds,
                options={
                    "require": ["exp", "iss", "sub", *(["aud"] if audience else [])],
                    "verify_aud": audience is not None,
                },
            )
        except (PyJWTError, ValueError, TypeError):
            # What exactly failed helps only who forges tokens.
            raise _refused(
                "expected a token of a named issuer, for this service, in time"
            ) from None


def _algorithms_of(key: PublicKey, allowed: Sequence[str]) -> list[str]:
    """The allowed algorithms that a key is made for."""
    return [
        name
        for name in allowed
        if _KINDS[name[:2]] == key.kind
        and _CURVES.get(name, key.curve) == key.curve
        and (key.algorithm or name) == name
    ]


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by a way into objects."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _words(claims: Mapping[str, Any], path: str) -> list[str]:
    found = _claim(claims, path)
    if isinstance(found, str):
        return [found]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated("credentials_refused", detail)
