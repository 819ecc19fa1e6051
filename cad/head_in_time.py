"""HTTP connections whose sender has to come to the point.

uvicorn waits for ever for the head of a request that does not arrive, and one of its parsers holds
a head of any size. Here both have a limit, and whoever breaks it is cut off.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any, Final

from uvicorn.protocols.http.auto import AutoHTTPProtocol

MAX_HEAD: Final = 64 * 1024


def head_in_time(seconds: float) -> type[Any]:
    """A protocol for uvicorn that waits so long for the head of a request."""

    class HeadInTime(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """One connection."""

        _timer: TimerHandle | None = None
        _held = 0

        def connection_made(self, transport: Transport) -> None:
            """Begin to wait for the first request."""
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            """Wait on for a head that is not whole, and no longer for one that is."""
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._held += len(data)
                if self._held > MAX_HEAD:
                    self.transport.close()
                elif self._timer is None:
                    self._wait()
            else:
                self._stop()

        def connection_lost(self, exc: Exception | None) -> None:
            """Wait no more."""
            self._stop()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._timer = self.loop.call_later(seconds, self.transport.close)

        def _stop(self) -> None:
            self._held = 0
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return HeadInTime
