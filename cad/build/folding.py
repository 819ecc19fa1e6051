"""Bins and what builds added to them, written as a whole again: nothing that anybody reads changes.

Builds do so where too much was added, and where somebody is taken out. `fold_base` does it for the
rest, so that whoever reads whole bins (`cad sql`, exports) finds them so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection

from cad.build.added import ADDED_TABLES
from cad.build.bins import write_bin
from cad.build.crossings import Upon
from cad.build.depth_kernel import no_changes
from cad.build.held import HeldBin
from cad.build.people import PURPOSES
from cad.build.sources import BinFiles, bins_held, place_of
from cad.commit import open_session
from cad.faults import reach
from cad.leases import pin
from cad.query.base import Base
from cad.query.base import Place as BinPlace
from cad.registry.engine import reading
from cad.registry.files import remove_held
from cad.registry.folded import stratum_numbers
from cad.warehouse import Warehouse
from cad.watch import WATCHED_PLACES
from loaders.jobs import WrittenFile
from schemas.contigs import Assembly
from schemas.tables import BASE_COUNTS

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FoldReport:
    """What was folded: bins, of all purposes, and the files that held them before."""

    bins: int
    files_replaced: int


def write_folded(assembly: Assembly, base: Base, place: BinPlace, out: Path) -> list[WrittenFile]:
    """Write a bin of a pinned base as a whole, under `out`.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    whole = {table: base.path(table, place) for table in base.files}
    files = {table: [path] for table, path in whole.items() if path is not None}
    for table in base.added:
        files[table] = list(base.paths_added(table, place))
    strata = {stratum.name: stratum.number for stratum in base.strata}
    return _write(HeldBin(files), strata, (place.contig, place.bin), assembly, out)


def _write(
    held: HeldBin, strata: Mapping[str, int], place: tuple[str, int], assembly: Assembly, out: Path
) -> list[WrittenFile]:
    nothing = BASE_COUNTS.empty_table()
    upon = Upon(None, pa.Table.from_pylist([], WATCHED_PLACES))
    where = place_of(*place, assembly)
    return write_bin(held, nothing, no_changes(), strata, where, assembly, out, upon)


def fold_base(warehouse: Warehouse, progress: Progress | None = None) -> FoldReport:
    """Write every bin as a whole to which builds added; one commit.

    Raises:
        Conflict: `base_conflict`, a build wrote one of the bins anew meanwhile.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    with pin(warehouse) as commit_no:
        with reading(warehouse.engine) as connection:
            todo = [
                (purpose, place, files, strata)
                for purpose in PURPOSES
                for strata in [stratum_numbers(connection, purpose)]
                for place, files in bins_held(connection, commit_no, purpose).items()
                if any(files.get(table) for table in ADDED_TABLES)
            ]
        if not todo:
            return FoldReport(0, 0)
        written: list[tuple[str, list[WrittenFile]]] = []
        replaced: list[int] = []
        with open_session(warehouse, "compact") as session:
            for done, (purpose, place, files, strata) in enumerate(todo):
                session.check()
                out = session.staging / purpose / place[0] / str(place[1])
                held = HeldBin.of(warehouse.lake, files)
                made = _write(held, strata, place, warehouse.assembly, out)
                written.append((purpose, made))
                replaced += _numbers(files)
                reach("compact:bin_written")
                if progress is not None:
                    progress(done + 1, len(todo))

            def apply(connection: Connection, number: int) -> None:
                remove_held(connection, number, replaced)
                for purpose, made in written:
                    session.add_files(connection, number, made, purpose=purpose)

            session.commit(apply, [file for _, made in written for file in made])
    report = FoldReport(len(todo), len(replaced))
    log.info("folded: %s", report)
    return report


def _numbers(files: BinFiles) -> list[int]:
    return [file.file_no for some in files.values() for file in some]
