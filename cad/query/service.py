"""The latest bases for a service: one pin for many questions, a new one after each build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Lock

from cad.annotation.reader import TableFiles
from cad.build.people import PURPOSES
from cad.index import IndexCache
from cad.leases import pin
from cad.query.added import AddedCache
from cad.query.base import Base, OvertakenError, check_purpose, read_base
from cad.query.depth import DepthCache
from cad.query.reader import BaseReader
from cad.registry.annotations import annotations_changed_at
from cad.registry.bases import latest_base
from cad.registry.engine import reading
from cad.registry.watch_head import HeadWatch
from cad.warehouse import Warehouse
from schemas.errors import Conflict, NotFound


@dataclass
class _Pinned:
    """The bases of all purposes under one pin, which ends when the last question is answered.

    `commit_no` is that of the build or of the annotations, whichever changed last; up to
    `checked_no` neither changed again.
    """

    commit_no: int
    pinned_no: int
    bases: Mapping[str, Base]
    lease: ExitStack
    checked_no: int = 0
    users: int = 0
    retired: bool = False


@dataclass
class BaseService:
    """Gives each question a reader of the latest base; threads share one service.

    What a build or a loaded annotation leaves is seen by every question that begins after it.
    """

    warehouse: Warehouse
    _indexes: IndexCache = field(default_factory=IndexCache)
    _depths: DepthCache = field(default_factory=DepthCache)
    _tables: TableFiles = field(default_factory=TableFiles)
    _added: AddedCache = field(default_factory=AddedCache)
    _lock: Lock = field(default_factory=Lock)
    _current: _Pinned | None = None
    _head: HeadWatch = field(init=False)

    def __post_init__(self) -> None:
        self._head = HeadWatch(self.warehouse.engine)

    @contextmanager
    def read(self, purpose: str, *, at_latest: bool = False) -> Iterator[BaseReader]:
        """A reader of the latest base of a purpose, for one question.

        Args:
            purpose: whose consents and cohorts let them count.
            at_latest: whether the pin must be the latest commit: for questions that select persons
                by what the registry says now, not by what the base counts.

        Raises:
            BadQuestion: `purpose_unknown`.
            NotFound: `base_missing`.
            Conflict: `snapshot_erased`, where a withdrawal took the pinned base away meanwhile.
            Unavailable: `registry_unusable`.
        """
        check_purpose(purpose)
        pinned = self._acquire(at_latest)
        try:
            base = pinned.bases[purpose]
            yield BaseReader(
                self.warehouse, base, self._indexes, self._depths, self._tables, self._added
            )
        except FileNotFoundError:
            self._forget(pinned)
            raise Conflict("snapshot_erased", "the base was erased meanwhile; ask again") from None
        finally:
            self._release(pinned)

    def latest_commit(self) -> int:
        """The latest commit of the warehouse.

        Raises:
            Unavailable: `registry_unusable`.
        """
        return self._head.commit_no()

    def close(self) -> None:
        """Let go of the pin and of all files; no question may be under way."""
        with self._lock:
            if self._current is not None:
                self._current.lease.close()
                self._current = None
        self._indexes.close()
        self._head.close()

    def _acquire(self, at_latest: bool) -> _Pinned:
        commit_no = self._head.commit_no()
        with self._lock:
            if self._current is None or self._current.checked_no != commit_no:
                self._refresh(commit_no)
            if at_latest and self._current is not None and self._current.pinned_no < commit_no:
                self._renew()
            assert self._current is not None
            self._current.users += 1
            return self._current

    def _refresh(self, commit_no: int) -> None:
        """Pin anew where the base or the annotations changed up to a commit."""
        with reading(self.warehouse.engine) as connection:
            latest = latest_base(connection, commit_no)
            changed = annotations_changed_at(connection, commit_no)
        if latest is None:
            raise NotFound("base_missing", "build the base first")
        if self._current is None or self._current.commit_no < max(latest.commit_no, changed):
            self._renew()
        assert self._current is not None
        self._current.checked_no = commit_no

    def _renew(self) -> None:
        """Pin the latest commit in place of the pin so far."""
        fresh = self._pin()
        fresh.checked_no = fresh.pinned_no
        self._retire()
        self._current = fresh

    def _pin(self) -> _Pinned:
        while True:
            lease = ExitStack()
            try:
                commit_no = lease.enter_context(pin(self.warehouse))
                with reading(self.warehouse.engine) as connection:
                    bases = {
                        purpose: read_base(connection, self.warehouse, commit_no, purpose)
                        for purpose in PURPOSES
                    }
                    changed = annotations_changed_at(connection, commit_no)
            except OvertakenError:
                lease.close()
                continue
            except BaseException:
                lease.close()
                raise
            built = next(iter(bases.values())).commit_no
            return _Pinned(max(built, changed), commit_no, bases, lease)

    def _forget(self, pinned: _Pinned) -> None:
        """Let the next question pin anew."""
        with self._lock:
            if self._current is pinned:
                self._retire()
                self._current = None

    def _retire(self) -> None:
        old = self._current
        if old is not None:
            old.retired = True
            if old.users == 0:
                old.lease.close()

    def _release(self, pinned: _Pinned) -> None:
        with self._lock:
            pinned.users -= 1
            if pinned.retired and pinned.users == 0:
                pinned.lease.close()
