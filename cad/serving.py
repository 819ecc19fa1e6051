"""Where the read service may listen: on this machine only, until callers prove who they are."""

from __future__ import annotations

from ipaddress import ip_address

from schemas.errors import Forbidden


def is_loopback(host: str) -> bool:
    """Whether a name or address, without port or brackets, means this machine itself.

    >>> [is_loopback(host) for host in ("localhost", "127.8.9.1", "::1", "0.0.0.0", "cad.example")]
    [True, True, True, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_bind(host: str) -> None:
    """Refuse to listen where others could connect.

    Raises:
        Forbidden: `bind_refused`.
    """
    if not is_loopback(host):
        raise Forbidden("bind_refused", "expected localhost, 127.0.0.1 or ::1", host)
