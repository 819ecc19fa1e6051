"""Tokens for tests: an issuer with its keys, and what it signs."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cad.settings import Settings

ISSUER = "https://login.example"
AUDIENCE = "cad"


def rsa_key() -> rsa.RSAPrivateKey:
    """A private key."""
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Issuer:
    """An identity provider with one key, whose public part lies in a file."""

    folder: Path
    name: str = ISSUER
    key: Any = field(default_factory=rsa_key)
    algorithm: str = "RS256"

    @property
    def jwks(self) -> Path:
        """The file of its public keys, written anew."""
        maker = RSAAlgorithm if self.algorithm[:2] in ("RS", "PS") else ECAlgorithm
        public = json.loads(maker.to_jwk(self.key.public_key()))
        file = self.folder / f"{self.name.rpartition('/')[2]}.json"
        file.write_text(json.dumps({"keys": [{**public, "kid": "k1", "use": "sig"}]}))
        return file

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Claims that hold, some of them changed; None leaves one out."""
        now = int(time.time())
        said = {
            "iss": self.name, "aud": AUDIENCE, "sub": "u1", "iat": now, "exp": now + 300,
            "cad_role": "clinician",
        }  # fmt: skip
        return {name: value for name, value in (said | changed).items() if value is not None}

    def sign(self, claims: dict[str, Any], kid: str | None = "k1", **how: Any) -> str:
        """A token of claims; `how` may name another key or algorithm."""
        key, algorithm = how.get("key", self.key), how.get("algorithm", self.algorithm)
        return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else None)

    def token(self, **changed: Any) -> str:
        """A token of `claims`."""
        return self.sign(self.claims(**changed))

    def settings(self, **more: Any) -> Settings:
        """Settings that take its tokens."""
        known = {"oidc_issuer": self.name, "oidc_audience": AUDIENCE, "oidc_jwks": str(self.jwks)}
        return Settings(**{**known, **more})


def curve_key() -> ec.EllipticCurvePrivateKey:
    """A private key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())
