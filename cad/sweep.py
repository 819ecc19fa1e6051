"""The sweep: deletes what no commit names and nobody needs any more.

A dead writer is first marked aborted, in its own transaction; only then is its folder deleted. So a
writer that was merely slow finds its session ended when it comes to commit, and never misses files
unawares. Deleting by age would take files from under it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cad.faults import reach
from cad.lake import session_folders, size_of
from cad.registry.engine import reading, writing
from cad.registry.files import forget_unneeded, registered_paths
from cad.registry.numbers import lock_head
from cad.registry.past import forget_past
from cad.registry.sessions import abort_expired, end_expired_leases, session_states
from cad.warehouse import Warehouse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepReport:
    """What a sweep did.

    Attributes:
        sessions_aborted: writers not heard of in time.
        leases_ended: readers not heard of in time.
        folders_deleted: folders of writers that never committed.
        files_deleted: files that were removed from the warehouse and are needed no more.
        bytes_freed: size of all that was deleted.
    """

    sessions_aborted: int
    leases_ended: int
    folders_deleted: int
    files_deleted: int
    bytes_freed: int


def sweep(warehouse: Warehouse) -> SweepReport:
    """Delete dead writers' leftovers, and removed files that no lease and no folded person needs.

    Safe beside any number of writers, readers and other sweeps; a sweep cut short is completed by
    the next.

    Raises:
        Unavailable: `registry_unusable`, `store_unusable`.
    """
    with writing(warehouse.engine) as connection:
        aborted = abort_expired(connection)
        leases = end_expired_leases(connection)
    reach("sweep:aborted")
    with writing(warehouse.engine) as connection:
        # No commit and no pin may come between the question who needs a file and its answer.
        lock_head(connection)
        forget_unneeded(connection)
        forget_past(connection)
    reach("sweep:forgotten")
    # Listed before the states are read: what is seen here has its session's row already.
    staged, placed = session_folders(warehouse.staging), warehouse.lake.found()
    with reading(warehouse.engine) as connection:
        states, known = session_states(connection), registered_paths(connection)
    folders, folder_bytes = _delete_orphans(warehouse, staged, placed, states)
    files, file_bytes = _delete_unregistered(warehouse, placed, states, known)
    if warehouse.settings.cache_bytes is not None:
        file_bytes += warehouse.lake.shrink(warehouse.settings.cache_bytes)
    report = SweepReport(aborted, leases, folders, files, folder_bytes + file_bytes)
    log.info("swept: %s", report)
    return report


def _delete_orphans(
    warehouse: Warehouse,
    staged: Sequence[tuple[int, Path]],
    placed: Mapping[int, Mapping[str, int]],
    states: Mapping[int, str],
) -> tuple[int, int]:
    """Delete each session's files that no open session writes and no committed one owns."""
    deleted = freed = 0
    for number, folder in staged:
        if states.get(number) in ("aborted", "committed"):
            freed += sum(size_of(path) or 0 for path in folder.rglob("*") if path.is_file())
            shutil.rmtree(folder, ignore_errors=True)
            deleted += 1
            reach("sweep:file_deleted")
    for number, files in placed.items():
        if states.get(number) == "aborted":
            warehouse.lake.drop(number)
            freed += sum(files.values())
            deleted += 1
            reach("sweep:file_deleted")
    return deleted, freed


def _delete_unregistered(
    warehouse: Warehouse,
    placed: Mapping[int, Mapping[str, int]],
    states: Mapping[int, str],
    known: Collection[str],
) -> tuple[int, int]:
    """Delete files of committed sessions that the registry knows no more, and emptied folders."""
    committed = [number for number in placed if states.get(number) == "committed"]
    gone = {
        path: size
        for number in committed
        for path, size in placed[number].items()
        if path not in known
    }
    for _ in warehouse.lake.delete(gone):
        reach("sweep:file_deleted")
    for number in committed:
        warehouse.lake.remove_empty(number)
    return len(gone), sum(gone.values())
