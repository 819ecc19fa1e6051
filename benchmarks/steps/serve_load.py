"""The service under questions: ``...steps.serve_load WAREHOUSE KEYS OUT NIGHT SECONDS``.

Starts `cad serve` on the warehouse, with its gate, budget and audit log, and asks as a clinician:
one variant after the other on one connection; 10 000 in one POST; eight connections at once for so
many seconds, while the batch NIGHT is pushed and a build runs. Prints one JSON object: times in
microseconds (`p50_us`, `p99_us`, and those of eight connections while others write,
`busy_p50_us`, `busy_p99_us`), `bulk_s`, and how many requests of the eight were answered and were
not (`requests`, `errors`).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import perf_counter, perf_counter_ns
from typing import Any, Final

from benchmarks.counts_file import Key
from benchmarks.lookups import read_keys, write_found
from benchmarks.measure import cad, run
from benchmarks.stores import build, push
from benchmarks.vcf_files import CONTIG

_BULK: Final = 10_000
_CONNECTIONS: Final = 8
_QUERY: Final = "?stratum=all&annotation=none"
_UNLIMITED: Final = {"CAD_REQUESTS_PER_MINUTE": "1000000000"}


class _Connection:
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

    def _received(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the service closed the connection")
        return data


def main(folder: str, keys_file: str, out: str, night: str, seconds: str) -> None:
    """Ask, print the times, write what was found."""
    warehouse, keys = Path(folder), read_keys(Path(keys_file))
    made = run(
        [*cad("client", "create", "load", "--role", "clinician", "-w", warehouse),
         "--daily-variants", "1000000000", "--format", "json", "-qq"]
    )  # fmt: skip
    key = json.loads(made)["key"]
    with _served(warehouse) as port:
        found, report = _one_by_one(_Connection(port, key), keys)
        write_found(Path(out), keys, found)
        report["bulk_s"] = _bulk(_Connection(port, key), keys)
        report |= _busy(port, key, keys, float(seconds), warehouse, Path(night))
    sys.stdout.write(json.dumps(report))


@contextmanager
def _served(warehouse: Path) -> Iterator[int]:
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
        yield port
    finally:
        server.terminate()
        server.communicate()


def _one_by_one(
    connection: _Connection, keys: Sequence[Key]
) -> tuple[list[tuple[int, int]], dict[str, float]]:
    found = []
    for key in keys:
        status, body = connection.ask("GET", _path(key))
        if status != 200:
            raise RuntimeError(body.decode())
        row = json.loads(body)["frequencies"][0]
        found.append((row["ac"], row["an"]))
    times = [_timed(connection, key) for key in keys]
    return found, {"p50_us": _at(times, 0.5), "p99_us": _at(times, 0.99)}


def _bulk(connection: _Connection, keys: Sequence[Key]) -> float:
    """Seconds for one POST, the best of three."""
    names = [_name(keys[at % len(keys)]) for at in range(_BULK)]
    body = json.dumps({"variants": names}).encode()
    taken = []
    for _ in range(3):
        began = perf_counter()
        status, answer = connection.ask("POST", "/v1/variants", body)
        taken.append(perf_counter() - began)
        if status != 200 or len(json.loads(answer)["variants"]) != _BULK:
            raise RuntimeError(answer[:500].decode())
    return min(taken)


def _busy(
    port: int, key: str, keys: Sequence[Key], seconds: float, warehouse: Path, night: Path
) -> dict[str, float]:
    """Eight connections at once, while a batch is pushed and built."""
    times: list[float] = []
    errors: list[str] = []
    ends = perf_counter() + seconds

    def ask(number: int) -> None:
        try:
            connection, at = _Connection(port, key), number
            while perf_counter() < ends:
                times.append(_timed(connection, keys[at % len(keys)]))
                at += _CONNECTIONS
        except (OSError, RuntimeError, ValueError) as error:
            errors.append(str(error))

    threads = [Thread(target=ask, args=(number,)) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    run(push(warehouse, night))
    run(build(warehouse))
    for thread in threads:
        thread.join()
    for error in errors:
        sys.stderr.write(f"{error}\n")
    return {
        "busy_p50_us": _at(times, 0.5),
        "busy_p99_us": _at(times, 0.99),
        "requests": float(len(times)),
        "errors": float(len(errors)),
    }


def _timed(connection: _Connection, key: Key) -> float:
    began = perf_counter_ns()
    status, body = connection.ask("GET", _path(key))
    taken = (perf_counter_ns() - began) / 1000
    if status != 200:
        raise RuntimeError(body.decode())
    return taken


def _name(key: Key) -> str:
    pos, ref, alt = key
    return f"{CONTIG}-{pos}-{ref}-{alt}"


def _path(key: Key) -> str:
    return f"/v1/variants/{_name(key)}{_QUERY}"


def _at(times: Sequence[float], share: float) -> float:
    ordered: list[Any] = sorted(times)
    return float(ordered[min(int(len(ordered) * share), len(ordered) - 1)])


if __name__ == "__main__":
    main(*sys.argv[1:])
