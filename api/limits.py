"""How much one caller may ask for: requests a minute, and distinct variants a day of a clinician.

Both are counted in this process. The day's variants are also written to a small file per caller and
day below ``<warehouse>/service/``, eight bytes a variant, so that a restart forgets none.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from cad.access.clients import Identity
from cad.settings import Settings
from schemas.errors import LimitReached

_FOLDER: Final = "service"
_BUDGETED: Final = frozenset({"clinician"})


class RateLimits:
    """Requests by caller, and refused credentials by address, in a moving minute."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._requests = RateLimitItemPerMinute(settings.requests_per_minute)
        self._failures = RateLimitItemPerMinute(settings.failures_per_minute)

    def count(self, name: str) -> None:
        """Count a request of a caller.

        Raises:
            LimitReached: `rate_limited`.
        """
        if not self._limiter.hit(self._requests, "caller", name):
            raise LimitReached("rate_limited", f"at most {self._requests.amount} in a minute")

    def check_address(self, address: str) -> None:
        """Refuse an address from which too many keys or tokens came that do not hold.

        Raises:
            LimitReached: `rate_limited`.
        """
        if not self._limiter.test(self._failures, "address", address):
            raise LimitReached("rate_limited", "too many keys or tokens that do not hold")

    def count_failure(self, address: str) -> None:
        """Count a key or token that does not hold."""
        self._limiter.hit(self._failures, "address", address)


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
