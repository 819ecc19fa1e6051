"""A service in a process of its own, as `cad serve` starts it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def served(warehouse: Path, *options: str, **settings: str) -> Iterator[str]:
    """The address of a service over a warehouse, with settings by the names of their variables."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cad", "serve", *options, "--port", str(port)]
    server = subprocess.Popen(
        [*command, "-w", str(warehouse)], stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, **settings},
    )  # fmt: skip
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if "startup complete" in line:
                break
        else:
            raise AssertionError("the service did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=60)
