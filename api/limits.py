"""How much one caller may ask for: requests a minute, and distinct variants a day of a clinician.

Both are counted in this process. The day's variants are also written to a small file per caller and
day below ``<warehouse>/service/``, eight bytes a variant, so that a restart forgets none.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final

from cad.access.clients import Identity
from cad.settings import Settings
from schemas.errors import LimitReached

_FOLDER: Final = "service"
_BUDGETED: Final = frozenset({"clinician"})
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


class Budget:
    """Distinct variants by caller and day (UTC); threads share one."""

    def __init__(self, warehouse: Path, default: int) -> None:
        self._folder, self._default = warehouse / _FOLDER, default
        self._day = ""
        self._spent: dict[str, set[int]] = {}
        self._lock = Lock()

    def spend(self, identity: Identity, variants: Iterable[str]) -> None:
        """Count variants a caller asks about; what was asked today already costs nothing.

        Raises:
            LimitReached: `budget_spent`; none of them is counted then.
            OSError: the file cannot be written.
        """
        if identity.caller.role not in _BUDGETED:
            return
        allowed = identity.daily_variants or self._default
        with self._lock:
            spent = self._today(identity.caller.name)
            fresh: set[int] = set()
            for variant in variants:
                number = _number(variant)
                if number not in spent:
                    fresh.add(number)
                    if len(spent) + len(fresh) > allowed:
                        told = f"{len(spent):,} are spent"
                        detail = f"at most {allowed:,} distinct variants a day; {told}"
                        raise LimitReached("budget_spent", detail)
            if fresh:
                self._write(identity.caller.name, fresh)
                spent |= fresh

    def _today(self, name: str) -> set[int]:
        day = datetime.now(UTC).date().isoformat()
        if day != self._day:
            self._day, self._spent = day, {}
            self._sweep()
        if name not in self._spent:
            self._spent[name] = self._read(name)
        return self._spent[name]

    def _file(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        return self._folder / f"{self._day}-{digest}.variants"

    def _read(self, name: str) -> set[int]:
        try:
            data = self._file(name).read_bytes()
        except FileNotFoundError:
            return set()
        # A process that was killed may have left part of a number.
        return set(array("Q", data[: len(data) // 8 * 8]))

    def _write(self, name: str, fresh: set[int]) -> None:
        self._folder.mkdir(mode=0o750, exist_ok=True)
        file = os.open(self._file(name), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o640)
        try:
            os.write(file, array("Q", fresh).tobytes())
        finally:
            os.close(file)

    def _sweep(self) -> None:
        for file in self._folder.glob("*.variants"):
            if not file.name.startswith(self._day):
                file.unlink(missing_ok=True)


def _number(variant: str) -> int:
    """A variant as a number that no two variants are likely to share."""
    return int.from_bytes(hashlib.blake2b(variant.encode(), digest_size=8).digest(), "little")
