"""Withdrawal of a person: hidden at once, taken out by the next build, then erased (DESIGN 5.10).

1. `withdraw` leaves a keyed tombstone and takes the person's samples out of all later commits, so
that
   no answer that selects persons finds them, and a later push drops their columns.
2. The next build subtracts what was folded of them.
3. `erase_withdrawn`, which every build ends with, rewrites each file that holds their rows without
them,
   deletes older bases, ends the pins of readers, and deletes their registry rows and ids.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cad.commit import Session, open_session
from cad.faults import reach
from cad.registry.engine import reading, scrub
from cad.registry.erasure import (
    abort_older_sessions,
    end_leases,
    erase_rows,
    exchange_file,
    files_with,
    hide_person,
    lonely_tracks,
    pending_samples,
)
from cad.sweep import sweep
from cad.warehouse import Warehouse
from loaders.jobs import WrittenFile
from loaders.lake_writer import LakeWriter

log = logging.getLogger(__name__)

_MARKER: Final = "erasing"
"""A file of the warehouse that says an erasure was begun and not brought to its end."""
_OWNER: Final = {"calls": "sample", "callable": "sample", "tracks": "track"}


def withdraw(warehouse: Warehouse, person_id: str) -> int:
    """Withdraw a person, known to the warehouse or not; returns the commit.

    Raises:
        Unavailable: `key_unusable`, `registry_unusable`.
    """
    key = warehouse.key

    def apply(connection: Connection, commit_no: int) -> None:
        hide_person(connection, commit_no, key, person_id)

    with open_session(warehouse, "withdraw") as session:
        commit_no, _ = session.commit(apply)
    # No person is named here, nor how many samples there were.
    log.info("a person was withdrawn at commit %d", commit_no)
    return commit_no


def erase_withdrawn(warehouse: Warehouse) -> int:
    """Erase the withdrawn persons that no base counts any more.

    Returns the number of samples erased.
    """
    with reading(warehouse.engine) as connection:
        pending = pending_samples(connection, warehouse.key)
        files = files_with(connection, pending.keys())
        tracks = lonely_tracks(connection, pending.keys())
    marker = warehouse.path / _MARKER
    if not pending:
        if marker.exists():
            _leave_nothing(warehouse, marker)
        return 0
    marker.touch()
    ids = {name for pair in pending.values() for name in pair}
    with open_session(warehouse, "erase") as session:
        owners = {"sample": pending.keys(), "track": tracks}
        written = {
            # What names no owner is of the batch as a whole, and not needed any more.
            number: _rewrite(warehouse, session, number, table, path, owners[_OWNER[table]])
            if table in _OWNER
            else None
            for number, (table, path) in files.items()
        }

        def apply(connection: Connection, commit_no: int) -> None:
            for number, file in written.items():
                path = None if file is None else session.lake_path(file)
                exchange_file(connection, number, file, path)
            erase_rows(connection, pending.keys(), tracks, ids)
            end_leases(connection, commit_no)
            abort_older_sessions(connection)

        session.commit(apply, [file for file in written.values() if file is not None])
    log.info("erased %d samples from %d files", len(pending), len(files))
    _leave_nothing(warehouse, marker)
    return len(pending)


def _leave_nothing(warehouse: Warehouse, marker: Path) -> None:
    """Delete the files that were replaced, and scrub the registry; the marker has it done again."""
    sweep(warehouse)
    if scrub(warehouse.engine):
        marker.unlink(missing_ok=True)
    else:
        log.warning("the registry is busy; the next build goes on erasing")


def _rewrite(
    warehouse: Warehouse,
    session: Session,
    number: int,
    table: str,
    path: str,
    erased: Collection[int],
) -> WrittenFile | None:
    """A file without the rows of erased samples or tracks, in the same order; None without rows."""
    session.check()
    out = session.staging / f"{number}.parquet"
    with LakeWriter(table, out) as writer:
        for rows in _rows_by_contig(warehouse.lake.local(path), _OWNER[table], erased):
            writer.write(rows)
    reach("erase:file_rewritten")
    return writer.written


def _rows_by_contig(path: Path, owner: str, erased: Collection[int]) -> Iterator[pa.Table]:
    gone = pa.array(sorted(erased), pa.int32())
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            rows = rows.filter(pc.invert(pc.is_in(rows[owner], value_set=gone)))
            contigs = rows["contig"]
            for contig in pc.unique(contigs):
                yield rows.filter(pc.equal(contigs, contig))
