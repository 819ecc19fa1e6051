"""How fast one caller may ask: requests in any minute, counted by this process."""

from __future__ import annotations

from collections import deque
from threading import Lock
from time import monotonic
from typing import Final

from cad.settings import Settings
from schemas.errors import LimitReached

_MINUTE: Final = 60.0


class Pace:
    """So many events a minute by name, in any minute; threads share one.

    Of a name the times of its last `amount` events at most are held, and no name for longer than a
    minute after its last event.

    >>> pace = Pace(2)
    >>> [pace.hit("a", at) for at in (0.0, 1.0, 2.0, 60.5)], pace.is_left("a", 60.7)
    ([True, True, False, True], False)
    """

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self._times: dict[str, deque[float]] = {}
        self._swept_at = 0.0
        self._lock = Lock()

    def hit(self, name: str, now: float) -> bool:
        """Count an event, if one is left."""
        with self._lock:
            times = self._recent(name, now)
            if len(times) >= self.amount:
                return False
            times.append(now)
            return True

    def is_left(self, name: str, now: float) -> bool:
        """Whether an event would be counted."""
        with self._lock:
            return name not in self._times or len(self._recent(name, now)) < self.amount

    def _recent(self, name: str, now: float) -> deque[float]:
        if now - self._swept_at >= _MINUTE:
            self._swept_at = now
            last = ((one, times[-1]) for one, times in self._times.items() if times)
            for one in [one for one, at in last if now - at >= _MINUTE]:
                del self._times[one]
        times = self._times.setdefault(name, deque())
        while times and now - times[0] >= _MINUTE:
            times.popleft()
        return times


class RateLimits:
    """Requests by caller, and refused credentials by address, in any minute."""

    def __init__(self, settings: Settings) -> None:
        self._requests = Pace(settings.requests_per_minute)
        self._failures = Pace(settings.failures_per_minute)

    def count(self, name: str) -> None:
        """Count a request of a caller.

        Raises:
            LimitReached: `rate_limited`.
        """
        if not self._requests.hit(name, monotonic()):
            raise LimitReached("rate_limited", f"at most {self._requests.amount} in a minute")

    def check_address(self, address: str) -> None:
        """Refuse an address from which too many keys or tokens came that do not hold.

        Raises:
            LimitReached: `rate_limited`.
        """
        if not self._failures.is_left(address, monotonic()):
            raise LimitReached("rate_limited", "too many keys or tokens that do not hold")

    def count_failure(self, address: str) -> None:
        """Count a key or token that does not hold."""
        self._failures.hit(address, monotonic())
