"""What a warehouse holds, what waits to be built, and who is writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from cad.build.plan import BuildPlan, make_plan
from cad.clinical.status import clinical_status
from cad.lake import Lake
from cad.registry.bases import BaseRow, latest_base
from cad.registry.batches import list_batches
from cad.registry.engine import reading, registry_now
from cad.registry.findings import FindingCount, count_findings
from cad.registry.numbers import latest_commit
from cad.registry.tables import commit, lake_file, lease, sample, session, visible
from cad.warehouse import Warehouse


@dataclass(frozen=True)
class PurposeStatus:
    """One purpose: what its base counts, and how many persons the next build will have counted."""

    persons: int
    variants: int
    persons_next: int


@dataclass(frozen=True)
class LakeSize:
    """Files of the lake and their bytes; `removed` ones wait for the sweep or for a build.

    `url` is of the object store they lie in, None for the warehouse's directory.
    """

    url: str | None
    files: int
    bytes: int
    removed_files: int
    removed_bytes: int


@dataclass(frozen=True)
class OpenSession:
    """A writer that has not committed yet; an expired one is dead and waits for the sweep."""

    session: int
    kind: str
    opened_at: datetime
    expired: bool


@dataclass(frozen=True)
class WarehouseStatus:
    """A warehouse at its latest commit.

    Attributes:
        warehouse_id: given when it was made.
        assembly: of everything in it.
        reference: whether a reference is registered.
        registry: `sqlite` or `postgresql`.
        commit: the latest commit; 0 before the first.
        committed_at: when that was.
        batches: live batches.
        samples: live samples.
        base: the latest build, None before the first.
        purposes: by purpose.
        batches_not_built: live batches that came after the latest build, in order.
        is_built: whether a build would find nothing to do.
        lake: files and bytes.
        sessions: writers that have not committed.
        readers: readers that keep removed files alive.
        clinical: as `cad.clinical.status.clinical_status` says.
        findings: where genotypes contradict sample sheets, by kind and batch.
    """

    warehouse_id: str
    assembly: str
    reference: bool
    registry: str
    commit: int
    committed_at: datetime | None
    batches: int
    samples: int
    base: BaseRow | None
    purposes: Mapping[str, PurposeStatus]
    batches_not_built: Sequence[str]
    is_built: bool
    lake: LakeSize
    sessions: Sequence[OpenSession]
    readers: int
    clinical: Mapping[str, Any]
    findings: Sequence[FindingCount] = ()

    def to_json(self) -> dict[str, Any]:
        """The document that `cad status` prints; times are ISO 8601."""
        document = {
            name: value for name, value in vars(self).items() if name not in ("base", "sessions")
        }
        return {
            **document,
            "committed_at": _iso(self.committed_at),
            "base": None if self.base is None else _base_json(self.base),
            "purposes": {name: asdict(one) for name, one in self.purposes.items()},
            "batches_not_built": list(self.batches_not_built),
            "lake": asdict(self.lake),
            "sessions": [
                {**asdict(one), "opened_at": _iso(one.opened_at)} for one in self.sessions
            ],
            "findings": [one.to_json() for one in self.findings],
        }


def read_status(warehouse: Warehouse) -> WarehouseStatus:
    """Read a warehouse's status, all of one moment.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        base = latest_base(connection, commit_no)
        plan = make_plan(connection, warehouse.config, commit_no)
        batches = list_batches(connection, commit_no)
        built = base.commit_no if base else 0
        return WarehouseStatus(
            warehouse_id=warehouse.warehouse_id,
            assembly=warehouse.assembly,
            reference=warehouse.has_reference,
            registry=warehouse.engine.dialect.name,
            commit=commit_no,
            committed_at=connection.scalar(
                select(commit.c.at).where(commit.c.commit_no == commit_no)
            ),
            batches=len(batches),
            samples=_count_samples(connection, commit_no),
            base=base,
            purposes=_purposes(plan, base),
            batches_not_built=[one.batch_id for one in batches if one.commit_no > built],
            is_built=not plan.changes,
            lake=_lake_size(connection, warehouse.lake),
            sessions=_open_sessions(connection),
            readers=_count_readers(connection),
            clinical=clinical_status(connection, warehouse, commit_no),
            findings=count_findings(connection),
        )


def _purposes(plan: BuildPlan, base: BaseRow | None) -> dict[str, PurposeStatus]:
    sizes = base.purposes if base else {}
    return {
        name: PurposeStatus(
            persons=one.persons_before,
            variants=sizes[name].variants if name in sizes else 0,
            persons_next=one.persons_after,
        )
        for name, one in plan.purposes.items()
    }


def _count_samples(connection: Connection, commit_no: int) -> int:
    query = select(func.count()).select_from(sample).where(visible(sample, commit_no))
    return connection.execute(query).scalar_one()


def _lake_size(connection: Connection, lake: Lake) -> LakeSize:
    query = select(
        lake_file.c.removed_at.is_(None),
        func.count(),
        func.coalesce(func.sum(lake_file.c.bytes), 0),
    ).group_by(lake_file.c.removed_at.is_(None))
    sizes = {bool(live): (count, int(size)) for live, count, size in connection.execute(query)}
    url = None if lake.store is None else lake.store.url
    return LakeSize(url, *sizes.get(True, (0, 0)), *sizes.get(False, (0, 0)))


def _open_sessions(connection: Connection) -> list[OpenSession]:
    now = registry_now(connection)
    query = (
        select(session.c.session_no, session.c.kind, session.c.opened_at, session.c.expires_at)
        .where(session.c.state == "open")
        .order_by(session.c.session_no)
    )
    return [
        OpenSession(number, kind, opened, expires <= now)
        for number, kind, opened, expires in connection.execute(query)
    ]


def _count_readers(connection: Connection) -> int:
    query = select(func.count()).where(lease.c.expires_at > registry_now(connection))
    return connection.execute(query).scalar_one()


def _base_json(base: BaseRow) -> dict[str, Any]:
    return {
        "commit": base.commit_no,
        "built_at": _iso(base.built_at),
        "engine": base.engine,
        "seconds": base.seconds,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
