"""A service in a process of its own, and a connection to it that stays open."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import cad

_UNLIMITED: Final = {"CAD_REQUESTS_PER_MINUTE": "1000000000"}


@dataclass(frozen=True)
class Server:
    """A running service; `process` is its number."""

    port: int
    process: int

    def cpu_s(self) -> float:
        """User and system seconds it has used so far."""
        text = Path(f"/proc/{self.process}/stat").read_text(encoding="utf-8")
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(warehouse: Path) -> Iterator[Server]:
    """A service over a warehouse, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [str(word) for word in cad("serve", "-w", warehouse, "--port", str(port))]
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **_UNLIMITED}
    )
    assert server.stderr is not None
    try:
        for line in server.stderr:
            if "startup complete" in line:
                break
        yield Server(port, server.pid)
    finally:
        server.terminate()
        server.communicate()


class Connection:
    """One connection that stays open."""

    def __init__(self, port: int, key: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: localhost\r\nAuthorization: Bearer {key}\r\n"

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of an answer."""
        more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{more}\r\n"
        self._socket.sendall(head.encode() + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        told, _, answer = data.partition(b"\r\n\r\n")
        status, *lines = told.decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines)
        parts, left = [answer], int(fields["content-length"]) - len(answer)
        while left > 0:
            parts.append(self._received())
            left -= len(parts[-1])
        return int(status.split()[1]), b"".join(parts)

    def expect(self, status: int, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of an answer that has to have a status.

        Raises:
            RuntimeError: it has another; with its body.
        """
        found, answer = self.ask(method, path, body)
        if found != status:
            raise RuntimeError(answer[:500].decode())
        return answer

    def _received(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the service closed the connection")
        return data
