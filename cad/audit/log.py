"""Writing the audit log: one chain per process, in the file before the answer leaves.

`AuditLog.enter` hands the line to the operating system, which outlives the process; a thread brings
the lines of a second together to disk and seals them in the registry. `close` does so at once.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final
from uuid import uuid4

from cad.audit.entry import GENESIS, Entry, sealed_line
from cad.registry.audit import open_chain, seal_chain
from cad.registry.engine import writing
from cad.warehouse import Warehouse
from schemas.errors import CadError

log = logging.getLogger(__name__)

GROUP_SECONDS: Final = 1.0
"""The longest that an entry may wait for the disk."""
FOLDER: Final = "audit"


class AuditLog:
    """The chain of this process; threads may share it. Made by `open_log`.

    Attributes:
        chain_id: the chain, which names its file.
        path: the file.
    """

    def __init__(self, warehouse: Warehouse, group_seconds: float = GROUP_SECONDS) -> None:
        """Open a chain of its own.

        Raises:
            Unavailable: `registry_unusable`.
            OSError: the file cannot be made.
        """
        self._warehouse = warehouse
        self.chain_id = uuid4().hex
        # A crash from here on leaves a row of no entries and at most a file of none sealed.
        with writing(warehouse.engine) as connection:
            before = open_chain(connection, self.chain_id, GENESIS)
        self.path = chain_path(warehouse, self.chain_id)
        self._file = _make_file(self.path)
        self._lock, self._sealing = Lock(), Lock()
        self._entries, self._head, self._sealed = 0, GENESIS, 0
        after = before and {"chain": before.chain_id, "n": before.entries, "hash": before.head}
        self._append({"chain": self.chain_id, "after": after})
        self._done = Event()
        self._thread: Thread | None = None
        self._group_seconds = group_seconds

    def enter(self, entry: Entry) -> None:
        """Write an entry; call it before the answer leaves.

        Raises:
            OSError: it could not be written; the answer must not leave.
        """
        self._append(entry.to_json())
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Bring to disk, and seal in the registry, whatever was entered so far.

        Raises:
            Unavailable: `registry_unusable`.
            OSError: the disk refused.
        """
        with self._sealing:
            with self._lock:
                entries, head = self._entries, self._head
            if entries == self._sealed:
                return
            os.fsync(self._file)
            with writing(self._warehouse.engine) as connection:
                seal_chain(connection, self.chain_id, entries, head)
            self._sealed = entries

    def close(self) -> None:
        """Seal the chain to its end, and let go of the file."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.flush()
        finally:
            os.close(self._file)

    def _append(self, document: dict[str, object]) -> None:
        with self._lock:
            told = {
                **document,
                "n": self._entries + 1,
                "at": datetime.now(UTC).isoformat(timespec="microseconds"),
                "prev": self._head,
            }
            line, digest = sealed_line(told)
            if os.write(self._file, line) != len(line):
                raise OSError(errno.ENOSPC, "the disk is full")
            self._entries, self._head = self._entries + 1, digest

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._seal_in_groups, name="audit", daemon=True)
                self._thread.start()

    def _seal_in_groups(self) -> None:
        while not self._done.wait(self._group_seconds):
            try:
                self.flush()
            except (CadError, OSError) as error:
                log.warning("the audit log could not be sealed, trying again: %s", error)


@contextmanager
def open_log(warehouse: Warehouse) -> Iterator[AuditLog]:
    """A chain for this process, sealed to its end when the block ends.

    Raises:
        Unavailable: `registry_unusable`.
    """
    made = AuditLog(warehouse)
    try:
        yield made
    finally:
        made.close()


def chain_path(warehouse: Warehouse, chain_id: str) -> Path:
    """The file of a chain."""
    return warehouse.path / FOLDER / f"{chain_id}.jsonl"


def _make_file(path: Path) -> int:
    """Make a file that only grows, and its name durable; returns its descriptor."""
    path.parent.mkdir(mode=0o750, exist_ok=True)
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o640)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return file
