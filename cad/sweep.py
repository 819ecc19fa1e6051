"""The sweep: deletes what no commit names and nobody needs any more.

A dead writer is first marked aborted, in its own transaction; only then is its folder deleted. So a
writer that was merely slow finds its session ended when it comes to commit, and never misses files
unawares. Deleting by age would take files from under it.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cad.faults import reach
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
        Unavailable: `registry_unusable`.
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
    folders, folder_bytes = _delete_orphan_folders(warehouse)
    files, file_bytes = _delete_unregistered(warehouse)
    report = SweepReport(aborted, leases, folders, files, folder_bytes + file_bytes)
    log.info("swept: %s", report)
    return report


def _delete_orphan_folders(warehouse: Warehouse) -> tuple[int, int]:
    """Delete each session's folder that no open session writes and no committed one owns."""
    # Listed before the states are read: a folder seen here has its session's row already.
    staged, placed = _session_folders(warehouse.staging), _session_folders(warehouse.lake)
    with reading(warehouse.engine) as connection:
        states = session_states(connection)
    orphans = [path for number, path in staged if states.get(number) in ("aborted", "committed")]
    orphans += [path for number, path in placed if states.get(number) == "aborted"]
    freed = 0
    for folder in orphans:
        freed += sum(_size(path) for path in folder.rglob("*"))
        shutil.rmtree(folder, ignore_errors=True)
        reach("sweep:file_deleted")
    return len(orphans), freed


def _delete_unregistered(warehouse: Warehouse) -> tuple[int, int]:
    """Delete files of committed sessions that the registry knows no more, and emptied folders."""
    folders = _session_folders(warehouse.lake)
    found = [
        (number, path) for number, folder in folders for path in folder.rglob("*") if path.is_file()
    ]
    with reading(warehouse.engine) as connection:
        states, known = session_states(connection), registered_paths(connection)
    deleted = freed = 0
    for number, path in found:
        if states.get(number) == "committed" and _inside(warehouse, path) not in known:
            freed += _size(path)
            path.unlink(missing_ok=True)
            deleted += 1
            reach("sweep:file_deleted")
    for number, folder in folders:
        if states.get(number) == "committed":
            _remove_empty(folder)
    return deleted, freed


def _session_folders(parent: Path) -> list[tuple[int, Path]]:
    """Session number and path of each folder; anything else there is not ours to delete."""
    return [(int(path.name), path) for path in parent.iterdir() if path.name.isdecimal()]


def _inside(warehouse: Warehouse, path: Path) -> str:
    return path.relative_to(warehouse.path).as_posix()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those in it, from the inside out, as far as they are empty."""
    inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    for path in (*inner, folder):
        with suppress(OSError):
            path.rmdir()
