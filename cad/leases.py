"""A reader's pin: a commit it sees, and a lease that keeps the commit's files on disk."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from cad.registry.engine import writing
from cad.registry.numbers import lock_head
from cad.registry.sessions import end_lease, insert_lease, renew_lease
from cad.warehouse import Warehouse
from schemas.errors import CadError, Conflict

log = logging.getLogger(__name__)


@contextmanager
def pin(warehouse: Warehouse) -> Iterator[int]:
    """Pin the latest commit; nothing younger is to be read within the block.

    A service that answers many questions keeps one pin for all of them and takes a new one now and
    then: taking it costs two small write transactions.

    Raises:
        Unavailable: `registry_unusable`.
        Conflict: `snapshot_erased`, where a withdrawal ended the pin and its files are gone.
    """
    seconds = warehouse.settings.lease_seconds
    with writing(warehouse.engine) as connection:
        # Shared, so that no commit removes files between the number's reading and the lease.
        commit_no = lock_head(connection, share=True)
        lease = insert_lease(connection, commit_no, seconds)

    def renew() -> bool:
        with writing(warehouse.engine) as connection:
            return renew_lease(connection, lease, seconds)

    try:
        with kept_alive(renew, seconds):
            yield commit_no
    except _missing_file_errors():
        # A file that a lease protects is gone only where an erasure ended the lease.
        if renew():
            raise
        raise Conflict("snapshot_erased", f"commit {commit_no} was erased; read anew") from None
    finally:
        # Where the registry is gone the lease runs out by itself.
        with suppress(CadError), writing(warehouse.engine) as connection:
            end_lease(connection, lease)


def _missing_file_errors() -> tuple[type[Exception], ...]:
    """What reading a file that is gone raises; DuckDB's own only where the process loaded it."""
    duckdb = sys.modules.get("duckdb")
    return (FileNotFoundError,) if duckdb is None else (FileNotFoundError, duckdb.IOException)


@contextmanager
def kept_alive(renew: Callable[[], bool], seconds: int) -> Iterator[Event]:
    """Call `renew` every third of `seconds` from a thread, until the block ends or it says False.

    Yields:
        An event that is set once `renew` has said False: somebody ended what was to be kept.
    """
    done, lost = Event(), Event()

    def work() -> None:
        while not done.wait(seconds / 3):
            try:
                if not renew():
                    lost.set()
                    return
            except CadError as error:
                log.warning("a lease could not be renewed, trying again: %s", error)

    thread = Thread(target=work, name="lease", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()
