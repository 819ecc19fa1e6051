"""What an operator may set of the read service: identity, limits, what it stands behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field, SecretStr
from pydantic_settings import BaseSettings

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
"""Signatures by a private key: neither `none` nor HMAC, whose key a verifier could sign with."""


class ServiceSettings(BaseSettings):
    """The part of `cad.settings.Settings` that `cad serve` alone reads."""

    demo: bool = Field(
        default=False,
        description="Serve a demo's warehouse, on this machine, to whoever asks; set by "
        "`cad serve --demo`.",
    )
    oidc_issuer: str | None = Field(
        default=None, description="`iss` of tokens that the service takes; none where unset."
    )
    oidc_audience: str | None = Field(
        default=None, description="`aud` of tokens that the service takes; needed with an issuer."
    )
    oidc_jwks: str | None = Field(
        default=None,
        description="The issuer's public keys (JWKS): an https address, read again where a token "
        "names a key that is not among them, or a file.",
    )
    oidc_algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256", "PS256", "ES256"), description="Signatures of tokens that are taken."
    )
    oidc_leeway_seconds: int = Field(
        default=30, ge=0, le=300, description="How far the clocks of issuer and service may differ."
    )
    oidc_role_claim: str = Field(
        default="cad_role",
        description="Claim with the role, or a list with exactly one; dots lead into objects, as "
        "in `realm_access.roles`.",
    )
    oidc_roles: Mapping[str, str] = Field(
        default={}, description="Roles by value of that claim, where its values are no roles."
    )
    oidc_purposes_claim: str = Field(
        default="cad_purposes",
        description="Claim with a list of purposes; absent, those that the role may have.",
    )
    oidc_platform_claim: str = Field(
        default="cad_platform", description="Claim with the platform of a `platform` caller."
    )
    oidc_projects_claim: str = Field(
        default="cad_projects", description="Claim with a list of names of approved projects."
    )
    visa_issuers: Mapping[str, str] = Field(
        default={},
        description="JWKS, as in `CAD_OIDC_JWKS`, by issuer of GA4GH Visas that are taken; a Visa "
        "`ControlledAccessGrants` names a project by its address.",
    )
    visa_prefix: str = Field(
        default="https://cad/projects/",
        description="What the address of a project begins with in a Visa; its name follows.",
    )
    requests_per_minute: int = Field(
        default=1200, ge=1, description="Requests that one caller may send in a minute."
    )
    failures_per_minute: int = Field(
        default=60,
        ge=1,
        description="Refused keys and tokens in a minute after which an address is not heard.",
    )
    daily_variants: int = Field(
        default=100_000,
        ge=1,
        description="Distinct variants that one clinician may ask about in a day (UTC); a client "
        "may be given another number.",
    )
    body_bytes: ByteSize = Field(
        default=ByteSize(4 * 1024**2), description="Bytes of a question sent in a request's body."
    )
    vcf_bytes: ByteSize = Field(
        default=ByteSize(4 * 1024**3), description="Bytes of a VCF sent up to be annotated."
    )
    body_seconds: int = Field(
        default=30,
        ge=1,
        description="How long the service waits for the head of a request, and for the next part "
        "of its body.",
    )
    answer_seconds: int = Field(
        default=60, ge=1, description="How long a question may take; streamed ones are not timed."
    )
    page_size: int = Field(
        default=1000, ge=1, le=100_000, description="Rows of one page of an answer at most."
    )
    upload_chunk_bytes: ByteSize = Field(
        default=ByteSize(64 * 1024**2), description="Bytes of one part of an upload at most."
    )
    upload_bytes: ByteSize = Field(
        default=ByteSize(200 * 1024**3),
        description="Bytes of uploads that wait for their push, by platform.",
    )
    upload_files: int = Field(
        default=10_000, ge=1, description="Files of uploads that wait for their push, by platform."
    )
    upload_hours: int = Field(
        default=72, ge=1, description="Uploads that nothing was added to for so long are deleted."
    )
    document_bytes: ByteSize = Field(
        default=ByteSize(256 * 1024**2),
        description="Bytes of an uploaded manifest, table or clinical document.",
    )
    expansion: int = Field(
        default=200,
        ge=2,
        description="A compressed upload that grows by more than this factor is refused.",
    )
    crypt4gh_key: Path | None = Field(
        default=None,
        description="Private key of the warehouse, for uploads encrypted with Crypt4GH.",
    )
    crypt4gh_passphrase: SecretStr | None = Field(
        default=None, description="Passphrase of that key, where it has one."
    )
    proxy_addresses: tuple[str, ...] = Field(
        default=(),
        description="Addresses of proxies that end TLS before the service, whose `Forwarded` "
        "headers are believed.",
    )
    public_url: str | None = Field(
        default=None,
        description="Address under which callers know the service; in citations and pages.",
    )
