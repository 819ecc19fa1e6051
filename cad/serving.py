"""Where and how the read service may listen.

On this machine itself, or beyond it with TLS, its own or that of a proxy that the operator names,
and with somebody who could prove who they are. A demo is open to all, and so to this machine alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cad.access.clients import clients
from cad.access.loopback import is_loopback
from cad.access.tokens import TokenReader
from cad.demo.folder import is_demo
from cad.warehouse import Warehouse
from schemas.errors import Forbidden


@dataclass(frozen=True)
class Listening:
    """How a service is to listen.

    Attributes:
        host: name or address.
        certificate: with `key`, ends TLS in the service itself.
        is_demo: whether whoever asks is answered.
    """

    host: str
    certificate: Path | None = None
    key: Path | None = None
    is_demo: bool = False


def check_listening(warehouse: Warehouse, how: Listening) -> None:
    """Refuse to listen where others could read along, or ask without proving who they are.

    Raises:
        Forbidden: `demo_only`, `bind_refused`.
        Unavailable: `identity_unusable`, `registry_unusable`.
    """
    if how.is_demo:
        if not is_demo(warehouse.path):
            raise Forbidden("demo_only", "cad demo did not make this warehouse")
        if not is_loopback(how.host):
            raise Forbidden(
                "bind_refused", "a demo listens on localhost, 127.0.0.1 or ::1", how.host
            )
        return
    if (how.certificate is None) != (how.key is None):
        raise Forbidden("bind_refused", "a certificate and its key belong together", "--tls-key")
    has_tokens = TokenReader(warehouse.settings).is_used
    if is_loopback(how.host):
        return
    if how.certificate is None and not warehouse.settings.proxy_addresses:
        detail = "expected --tls-certificate and --tls-key, or the proxy in CAD_PROXY_ADDRESSES"
        raise Forbidden("bind_refused", detail, how.host)
    if not has_tokens and all(one.revoked_at for one in clients(warehouse)):
        detail = "nobody could ask: cad client create makes a key, CAD_OIDC_ISSUER names an issuer"
        raise Forbidden("bind_refused", detail, how.host)
