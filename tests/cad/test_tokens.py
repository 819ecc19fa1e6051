"""Tokens: who holds, and every way in which one that does not is refused."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import RSAAlgorithm

from cad.access.keys import KeySet, check_place
from cad.access.tokens import TokenReader
from cad.gate import Caller
from cad.settings import Settings
from schemas.errors import Unauthenticated, Unavailable
from tests.cad.access_tokens import ISSUER, Issuer, curve_key, rsa_key


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
def reader(issuer: Issuer) -> TokenReader:
    return TokenReader(issuer.settings())


def test_claims_become_a_caller(issuer: Issuer, reader: TokenReader) -> None:
    everything = frozenset({"care", "research", "industry"})
    who = f"{ISSUER}|u1"
    assert reader.read(issuer.token()) == Caller(who, "clinician", purposes=everything)
    assert reader.read(issuer.token(cad_role="platform", cad_platform="SEQOIA")) == Caller(
        who, "platform", "SEQOIA", purposes=everything
    )
    asked = issuer.token(cad_role=["researcher"], cad_projects=["P1"], cad_purposes=["research"])
    assert reader.read(asked) == Caller(
        who, "researcher", None, frozenset({"P1"}), frozenset({"research"})
    )


def test_claims_under_other_names(issuer: Issuer) -> None:
    settings = issuer.settings(
        oidc_role_claim="realm_access.roles", oidc_roles={"cad-medecin": "clinician"}
    )
    said = issuer.token(cad_role=None, realm_access={"roles": ["offline", "cad-medecin"]})
    assert TokenReader(settings).read(said).role == "clinician"
    with pytest.raises(Unauthenticated):
        TokenReader(settings).read(issuer.token(cad_role="clinician"))


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
def test_other_signatures(tmp_path: Path, algorithm: str) -> None:
    key = curve_key() if algorithm == "ES256" else rsa_key()
    other = Issuer(tmp_path, key=key, algorithm=algorithm)
    assert TokenReader(other.settings()).read(other.token()).role == "clinician"
    only_rs = TokenReader(other.settings(oidc_algorithms=("RS256",)))
    with pytest.raises(Unauthenticated):
        only_rs.read(other.token())


def _unsigned(issuer: Issuer) -> str:
    return jwt.encode(issuer.claims(), None, "none", headers={"kid": "k1"})


def _with_public_key_as_secret(issuer: Issuer) -> str:
    """HS256, signed with the issuer's public key: what a verifier that trusts `alg` takes."""
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, body = ({"alg": "HS256", "kid": "k1"}, issuer.claims())
    parts = [_b64(json.dumps(part).encode()) for part in (header, body)]

    signature = hmac.new(public, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join((*parts, _b64(signature)))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _altered(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    body = _b64(json.dumps(issuer.claims(cad_role="steward")).encode())
    return f"{header}.{body}.{signature}"


ATTACKS: dict[str, Callable[[Issuer], str]] = {
    "alg none": _unsigned,
    "alg none, signature cut off": lambda one: one.token().rpartition(".")[0] + ".",
    "public key as a secret": _with_public_key_as_secret,
    "altered claims": _altered,
    "another key": lambda one: one.sign(one.claims(), key=rsa_key()),
    "unknown key id": lambda one: one.sign(one.claims(), kid="k2"),
    "another algorithm of the key": lambda one: one.sign(one.claims(), algorithm="RS512"),
    "another audience": lambda one: one.token(aud="other"),
    "no audience": lambda one: one.token(aud=None),
    "another issuer": lambda one: one.token(iss="https://evil.example"),
    "no issuer": lambda one: one.token(iss=None),
    "expired": lambda one: one.token(exp=int(time.time()) - 60),
    "no end": lambda one: one.token(exp=None),
    "not yet": lambda one: one.token(nbf=int(time.time()) + 300),
    "nobody": lambda one: one.token(sub=None),
    "no role": lambda one: one.token(cad_role=None),
    "unknown role": lambda one: one.token(cad_role="admin"),
    "the operator's role": lambda one: one.token(cad_role="operator"),
    "two roles": lambda one: one.token(cad_role=["clinician", "steward"]),
    "a role that is no word": lambda one: one.token(cad_role={"clinician": True}),
    "a platform without platform": lambda one: one.token(cad_role="platform"),
    "a clinician with platform": lambda one: one.token(cad_platform="SEQOIA"),
    "unknown purpose": lambda one: one.token(cad_purposes=["fun"]),
    "no token": lambda _: "",
    "no JSON": lambda _: "a.b.c",
    "too long": lambda one: one.token(filler="x" * 20_000),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused(issuer: Issuer, reader: TokenReader, name: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        reader.read(ATTACKS[name](issuer))
    assert refused.value.reason == "credentials_refused"
    assert "u1" not in str(refused.value)


def test_clocks_may_differ_a_little(issuer: Issuer, reader: TokenReader) -> None:
    now = int(time.time())
    assert reader.read(issuer.token(exp=now - 10, nbf=now + 10)).name


class TestVisas:
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Issuer:
        return Issuer(tmp_path, name="https://visas.example/dac")

    @pytest.fixture
    def trusting(self, issuer: Issuer, broker: Issuer) -> TokenReader:
        return TokenReader(issuer.settings(visa_issuers={broker.name: str(broker.jwks)}))

    def visa(self, broker: Issuer, sub: str = "u1", **grant: Any) -> dict[str, Any]:
        said = {
            "type": "ControlledAccessGrants", "value": "https://cad/projects/P7",
            "source": "https://dac.example", "by": "dac", "asserted": int(time.time()),
        }  # fmt: skip
        return broker.claims(sub=sub, aud=None, ga4gh_visa_v1=said | grant)

    def projects(self, issuer: Issuer, reader: TokenReader, visas: list[Any]) -> frozenset[str]:
        token = issuer.token(cad_role="researcher", ga4gh_passport_v1=visas)
        return reader.read(token).projects

    def test_grants_a_project(self, issuer: Issuer, broker: Issuer, trusting: TokenReader) -> None:
        visa = broker.sign(self.visa(broker))
        assert self.projects(issuer, trusting, [visa, 7, "x"]) == {"P7"}

    def test_what_grants_nothing(
        self, issuer: Issuer, broker: Issuer, trusting: TokenReader
    ) -> None:
        for visa in (
            broker.sign(self.visa(broker, sub="u2")),
            broker.sign(self.visa(broker, type="AffiliationAndRole")),
            broker.sign(self.visa(broker, value="https://other/projects/P7")),
            broker.sign(self.visa(broker, conditions=[[{"type": "AffiliationAndRole"}]])),
            broker.sign(self.visa(broker), key=rsa_key()),
            broker.sign({**self.visa(broker), "exp": int(time.time()) - 999}),
            issuer.sign({**self.visa(broker), "iss": issuer.name}),
        ):
            assert self.projects(issuer, trusting, [visa]) == frozenset()
        untrusting = TokenReader(issuer.settings())
        assert self.projects(issuer, untrusting, [broker.sign(self.visa(broker))]) == frozenset()


class TestKeys:
    @pytest.fixture
    def server(self, issuer: Issuer) -> Iterator[tuple[str, list[str], list[bytes]]]:
        """An address that serves what the list holds last, and notes what it was asked."""
        asked: list[str] = []
        served = [issuer.jwks.read_bytes()]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                asked.append(self.path)
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/keys")
                    self.end_headers()
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(served[-1])

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as made:
            thread = threading.Thread(target=made.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{made.server_port}", asked, served
            made.shutdown()
            thread.join()

    def test_by_address_read_once(
        self, issuer: Issuer, server: tuple[str, list[str], list[bytes]]
    ) -> None:
        address, asked, _ = server
        reader = TokenReader(issuer.settings(oidc_jwks=f"{address}/keys"))
        for _ in range(3):
            assert reader.read(issuer.token()).role == "clinician"
            # An unknown key id makes the keys be read again, but not for every such token.
            with pytest.raises(Unauthenticated):
                reader.read(issuer.sign(issuer.claims(), kid="k9"))
        assert asked == ["/keys"]

    def test_address_that_leads_elsewhere(self, server: tuple[str, list[str], list[bytes]]) -> None:
        with pytest.raises(Unavailable, match="identity_unusable"):
            KeySet(f"{server[0]}/moved").find("k1")

    def test_address_without_tls(self) -> None:
        check_place("https://login.example/keys")
        with pytest.raises(Unavailable, match="identity_unusable"):
            check_place("http://login.example/keys")

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"keys": 7}', '{"keys": [{"kty": "RSA"}]}'])
    def test_file_that_holds_no_keys(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "keys.json"
        file.write_text(text)
        with pytest.raises(Unavailable, match="identity_unusable"):
            KeySet(str(file)).find("k1")

    def test_secrets_and_private_keys_are_no_keys(self, tmp_path: Path) -> None:

        private = json.loads(RSAAlgorithm.to_jwk(rsa_key()))
        secret = {"kty": "oct", "k": _b64(b"s" * 32), "kid": "k1", "alg": "HS256"}
        file = tmp_path / "keys.json"
        file.write_text(json.dumps({"keys": [secret, {**private, "kid": "k2"}]}))
        assert KeySet(str(file)).find("k1") is None
        assert KeySet(str(file)).find("k2") is None


def test_settings_that_do_not_go_together() -> None:
    with pytest.raises(Unavailable, match="identity_unusable"):
        TokenReader(Settings(oidc_issuer=ISSUER))
    with pytest.raises(ValueError, match="oidc_algorithms"):
        Settings(oidc_algorithms=("HS256",))  # type: ignore[arg-type]
    assert not TokenReader(Settings()).is_used
