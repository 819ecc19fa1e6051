"""A build from plan to commit."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection

from cad.annotation.compute import annotate_variants
from cad.build.added import has_room, write_added
from cad.build.bins import write_bin
from cad.build.crossings import Upon
from cad.build.depth_kernel import Changes
from cad.build.differences import (
    Asked,
    BinDifference,
    CountDifferences,
    Engine,
    Progress,
    count_differences,
)
from cad.build.held import HeldBin
from cad.build.members import MemberTable, of_purpose_counts, of_purpose_depth
from cad.build.place import Place
from cad.build.plan import BuildPlan, make_plan
from cad.build.sources import VARIANT_TABLES, BinFiles, Sources
from cad.commit import Session, open_session
from cad.extras import import_part
from cad.faults import reach
from cad.leases import pin
from cad.registry.bases import PurposeSize, check_parent, insert_base
from cad.registry.engine import reading
from cad.registry.files import lake_files, remove_held
from cad.registry.folded import exchange_folded, exchange_strata
from cad.registry.people import withdrawn_persons
from cad.warehouse import Warehouse
from cad.watch import watched_places
from cad.withdraw import erase_withdrawn
from loaders.jobs import WrittenFile

log = logging.getLogger(__name__)

_TOLD: Final = "base_changes"


@dataclass(frozen=True)
class BuildReport:
    """What a build did. `variants` are those of the care base.

    `purposes` give persons and variants of each.
    """

    commit: int
    persons_added: int
    persons_removed: int
    variants: int
    seconds: float
    purposes: dict[str, PurposeSize] = field(default_factory=dict)
    files_read: tuple[str, ...] = ()
    """Calls, callable and tracks files that were opened, by path in the warehouse."""
    counting_cpu: float = 0.0
    """CPU seconds for counting what changed; grows with the night."""
    merging_cpu: float = 0.0
    """CPU seconds for adding it to the bins; grows with the base's bins it touches."""

    def to_json(self) -> dict[str, Any]:
        """The document `cad build` prints."""
        return {
            "commit": self.commit,
            "persons_added": self.persons_added,
            "persons_removed": self.persons_removed,
            "variants": self.variants,
            "seconds": round(self.seconds, 3),
            "purposes": {
                name: {"persons": size.persons, "variants": size.variants}
                for name, size in self.purposes.items()
            },
        }


def build_base(
    warehouse: Warehouse,
    progress: Progress | None = None,
    engine: Engine = "duckdb",
    *,
    recount: bool = False,
) -> BuildReport:
    """Bring the base of each purpose to what the latest commit says it should hold.

    Args:
        warehouse: whose base.
        progress: is told how many bins are done, of how many.
        engine: what counts; the base is the same whichever does.
        recount: count everybody anew, not only what changed; no figure the base holds is read.

    Raises:
        Unavailable: `extra_missing`, where Hail is to count and is not installed.
        Conflict: `base_conflict`, another build committed first; this one's files are discarded.
        Unavailable: `consequences_failed`, after the base was committed.
    """
    started = perf_counter()
    count = _counting(engine)
    with pin(warehouse) as commit_no, _small_pages():
        with reading(warehouse.engine) as connection:
            plan = make_plan(connection, warehouse.config, commit_no, recount=recount)
        report = _build_at(warehouse, plan, progress or _silent, engine, count, started)
    try:
        annotate_variants(warehouse)
    finally:
        # Whoever was withdrawn leaves, whatever the annotations' tools say.
        erase_withdrawn(warehouse)
    return report


@contextmanager
def _small_pages() -> Iterator[None]:
    """Have Arrow take its memory from the system's allocator while bins are merged.

    Its own hands out huge pages that the kernel clears one by one, for tables that live for a
    moment: half of the CPU of merging a bin was the system's.
    """
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def _counting(engine: Engine) -> CountDifferences:
    """What counts; Hail's module is imported by those who ask for it alone."""
    if engine == "duckdb":
        return count_differences
    count: CountDifferences = import_part("cad.base_hail").count_differences
    return count


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def _build_at(
    warehouse: Warehouse,
    plan: BuildPlan,
    progress: Progress,
    engine: Engine,
    count: CountDifferences,
    started: float,
) -> BuildReport:
    """Build upon a pinned commit, whose files stay on disk should a compaction replace them."""
    commit_no = plan.commit_no
    with reading(warehouse.engine) as connection:
        if not plan.changes:
            return _nothing_to_do(connection, plan, started)
        sources = Sources.find(connection, warehouse, plan)
        removed = {person for one in plan.purposes.values() for person in one.removed}
        upon = Upon(
            None if plan.recount else plan.parent_commit,
            watched_places(connection, warehouse, commit_no),
            bool(removed and withdrawn_persons(connection, warehouse.key, removed)),
        )
    reach("build:planned")
    with open_session(warehouse, "build") as session:
        work = _Work(warehouse, plan, sources, session, upon, count, progress)
        written, replaced = work.fold()

        def apply(connection: Connection, commit_no: int) -> dict[str, PurposeSize]:
            check_parent(connection, commit_no, plan.parent_commit)
            remove_held(connection, commit_no, replaced)
            for purpose, files in written.items():
                session.add_files(connection, commit_no, files, purpose=purpose)
            _exchange_rows(connection, plan)
            sizes = _sizes(connection, commit_no, plan)
            seconds = perf_counter() - started
            insert_base(connection, commit_no, plan.parent_commit, engine, seconds, sizes)
            return sizes

        files = [file for some in written.values() for file in some]
        commit_no, sizes = session.commit(apply, files)
    report = BuildReport(
        commit_no, plan.persons_added, plan.persons_removed, sizes["care"].variants,
        perf_counter() - started, sizes, sources.paths(), work.counting_cpu, work.merging_cpu,
    )  # fmt: skip
    log.info("built: %s", report.to_json())
    return report


def _nothing_to_do(connection: Connection, plan: BuildPlan, started: float) -> BuildReport:
    commit = plan.parent_commit or 0
    sizes = _sizes(connection, commit, plan)
    return BuildReport(commit, 0, 0, sizes["care"].variants, perf_counter() - started, sizes)


def _sizes(connection: Connection, commit_no: int, plan: BuildPlan) -> dict[str, PurposeSize]:
    return {
        name: PurposeSize(
            purpose.persons_after,
            sum(
                one.rows for one in lake_files(connection, commit_no, VARIANT_TABLES, purpose=name)
            ),
        )
        for name, purpose in plan.purposes.items()
    }


def _exchange_rows(connection: Connection, plan: BuildPlan) -> None:
    for name, purpose in plan.purposes.items():
        exchange_folded(connection, name, purpose.removed, purpose.added)
        exchange_strata(connection, name, purpose.empty_strata, purpose.new_strata)


@dataclass
class _Work:
    """Folding, bin by bin."""

    warehouse: Warehouse
    plan: BuildPlan
    sources: Sources
    session: Session
    upon: Upon
    count: CountDifferences
    progress: Progress
    counting_cpu: float = 0.0
    merging_cpu: float = 0.0

    def fold(self) -> tuple[dict[str, list[WrittenFile]], list[int]]:
        """Write every bin that changes.

        Returns the files by purpose, and the files they replace.
        """
        members = MemberTable(self.plan)
        written: dict[str, list[WrittenFile]] = {purpose: [] for purpose in members.purposes}
        replaced = self._all_held() if self.plan.recount else []
        asked = Asked(
            self.sources, members, self.warehouse.assembly, self.warehouse.settings,
            self.session.staging / "counting", self.progress,
        )  # fmt: skip
        differences = self.count(asked)
        while (found := self._next(differences)) is not None:
            self.session.check()
            self._fold_bin(found, members, written, replaced)
        return written, replaced

    def _next(self, differences: Iterator[BinDifference]) -> BinDifference | None:
        """Count the next bin, and the time it takes."""
        began = process_time()
        found = next(differences, None)
        self.counting_cpu += process_time() - began
        return found

    def _fold_bin(
        self,
        found: BinDifference,
        members: MemberTable,
        written: dict[str, list[WrittenFile]],
        replaced: list[int],
    ) -> None:
        began = process_time()
        for index, purpose in enumerate(members.purposes):
            own_depth = of_purpose_depth(found.depth, index, members.stride)
            own_counts = of_purpose_counts(found.counts, index, members.stride)
            if len(own_depth.page) or own_counts.num_rows:
                files, old = self._write(purpose, own_counts, own_depth, found.place)
                written[purpose] += files
                replaced += old
                reach("build:bin_written")
        self.merging_cpu += process_time() - began

    def _write(
        self, purpose: str, counts: pa.Table, depth: Changes, place: Place
    ) -> tuple[list[WrittenFile], list[int]]:
        """Bring a difference to a bin; returns the files, and the numbers of those they replace."""
        plan = self.plan.purposes[purpose]
        files = self._held(purpose, place)
        held = HeldBin.of(self.warehouse.lake, files)
        out = self.session.staging / purpose / place.contig / str(place.bin)
        share = self.warehouse.settings.added_share
        if not plan.removed and has_room(files, counts, depth, share):
            return write_added(held, counts, depth, plan.strata, place, out, self.upon), []
        assembly = self.warehouse.assembly
        written = write_bin(held, counts, depth, plan.strata, place, assembly, out, self.upon)
        return written, [] if self.plan.recount else _numbers(files)

    def _held(self, purpose: str, place: Place) -> BinFiles:
        """The files that a bin is written upon; of a recount what was told of changes alone.

        And not even that where somebody is erased: which variants were theirs is not known.
        """
        files = self.sources.held[purpose].get((place.contig, place.bin), {})
        if not self.plan.recount:
            return files
        return {} if self.upon.is_erasing else {_TOLD: files.get(_TOLD, [])}

    def _all_held(self) -> list[int]:
        bins = (files for held in self.sources.held.values() for files in held.values())
        return [number for files in bins for number in _numbers(files)]


def _numbers(files: BinFiles) -> list[int]:
    return [file.file_no for some in files.values() for file in some]
