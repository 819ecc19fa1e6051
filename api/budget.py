"""How many distinct variants a clinician may ask about in a day.

The day's variants are in a small file per caller and day below ``<warehouse>/service/``, eight
bytes a variant. Processes that serve one warehouse share it, and a restart forgets none.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from cad.access.clients import Identity
from schemas.errors import LimitReached

_FOLDER: Final = "service"
_BUDGETED: Final = frozenset({"clinician"})
_WIDTH: Final = 8


@dataclass
class _Spent:
    """What one caller's file was seen to hold, up to some byte of it."""

    numbers: set[int] = field(default_factory=set)
    read_to: int = 0


class Budget:
    """Distinct variants by caller and day (UTC); threads share one, and processes its files."""

    def __init__(self, warehouse: Path, default: int) -> None:
        self._folder, self._default = warehouse / _FOLDER, default
        self._day = ""
        self._spent: dict[str, _Spent] = {}
        self._lock = Lock()

    def spend(self, identity: Identity, variants: Iterable[int]) -> None:
        """Count variants a caller asks about; what was asked today already costs nothing.

        Args:
            identity: who asks.
            variants: by their numbers (`cad.variant_numbers`).

        Raises:
            LimitReached: `budget_spent`; none of them is counted then.
            OSError: the file cannot be written.
        """
        if identity.caller.role not in _BUDGETED:
            return
        with self._lock:
            spent = self._today(identity.caller.name)
            fresh = set(variants) - spent.numbers
            if fresh:
                allowed = identity.daily_variants or self._default
                self._add(identity.caller.name, spent, fresh, allowed)

    def _today(self, name: str) -> _Spent:
        day = datetime.now(UTC).date().isoformat()
        if day != self._day:
            self._day, self._spent = day, {}
            for file in self._folder.glob("*.variants"):
                if not file.name.startswith(day):
                    file.unlink(missing_ok=True)
        return self._spent.setdefault(name, _Spent())

    def _add(self, name: str, spent: _Spent, fresh: set[int], allowed: int) -> None:
        """Write what is new, once what other processes wrote is known."""
        self._folder.mkdir(mode=0o750, exist_ok=True)
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        path = self._folder / f"{self._day}-{digest}.variants"
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            _catch_up(file, spent)
            fresh -= spent.numbers
            if len(spent.numbers) + len(fresh) > allowed:
                told = f"{len(spent.numbers):,} are spent"
                detail = f"at most {allowed:,} distinct variants a day; {told}"
                raise LimitReached("budget_spent", detail)
            data = array("Q", fresh).tobytes()
            if os.write(file, data) != len(data):
                raise OSError(errno.ENOSPC, "the disk is full")
            spent.numbers |= fresh
            spent.read_to += len(data)
        finally:
            os.close(file)


def _catch_up(file: int, spent: _Spent) -> None:
    """Read what was added to a locked file; a writer that was killed may have left part of one."""
    size = os.fstat(file).st_size
    if size % _WIDTH:
        size -= size % _WIDTH
        os.ftruncate(file, size)
    if size > spent.read_to:
        spent.numbers.update(array("Q", os.pread(file, size - spent.read_to, spent.read_to)))
        spent.read_to = size
