"""A real browser, driven through a pipe by its own protocol (chrome devtools)."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--remote-debugging-pipe",
)  # fmt: skip


class Tab:
    """One page of the browser."""

    def __init__(self, to: int, come_from: int) -> None:
        self._to, self._from = to, come_from
        self._held, self._count = b"", 0
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What the browser answers to a command."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            pass
        assert "error" not in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def go(self, address: str) -> None:
        """Open a page, and wait until it is there."""
        self.call("Page.navigate", url=address)
        self.wait()

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"].get("value")

    def submit(self, script: str) -> None:
        """Run what leads to another page, and wait until that is there."""
        self.call("Runtime.evaluate", expression=script)
        self.wait()

    def wait(self) -> None:
        """Until a page has been loaded."""
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            ready, _, _ = select([self._from], [], [], 60)
            data = os.read(self._from, 1 << 16) if ready else b""
            assert data, "the browser ended, or says nothing more"
            self._held += data
        message, _, self._held = self._held.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def opened(browser: str, profile: Path) -> Iterator[Tab]:
    """A tab of a browser that is ended with the block."""
    for_browser, to = os.pipe()
    come_from, by_browser = os.pipe()
    # The protocol takes these two numbers.
    run = f'exec "$@" 3<&{for_browser} 4>&{by_browser}'
    process = subprocess.Popen(
        ["bash", "-c", run, "bash", browser, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(for_browser, by_browser),
        stderr=subprocess.DEVNULL,
    )
    os.close(for_browser)
    os.close(by_browser)
    try:
        yield Tab(to, come_from)
    finally:
        process.terminate()
        process.wait(30)
        os.close(to)
        os.close(come_from)
