"""Releases that were asked for, kept open from question to question."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime
from threading import Lock
from typing import Final

from cad.query import BaseReader, BaseService
from cad.registry.engine import reading
from cad.registry.releases import list_releases
from cad.releases.read import open_release
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound

_KEPT: Final = 16


class Shelf:
    """Readers of releases; threads share one.

    A release's own files never leave; what annotates them does, and so a reader is opened anew
    after each commit.
    """

    def __init__(self, warehouse: Warehouse, service: BaseService) -> None:
        self._warehouse, self._service = warehouse, service
        self._held: OrderedDict[tuple[str, str], tuple[int, BaseReader]] = OrderedDict()
        self._lock = Lock()

    def reader(self, name: str, purpose: str) -> BaseReader:
        """What a release tells for a purpose.

        Raises:
            BadQuestion: `purpose_unknown`.
            NotFound: `release_unknown`.
            Unavailable: `registry_unusable`.
        """
        latest = self._service.latest_commit()
        with self._lock:
            held = self._held.get((name, purpose))
        if held is not None and held[0] == latest:
            return held[1]
        with open_release(self._warehouse, name, purpose) as reader:
            with self._lock:
                self._held[name, purpose] = (latest, reader)
                while len(self._held) > _KEPT:
                    self._held.popitem(last=False)
            return reader

    def as_of(self, text: str) -> str:
        """The release that was the newest at a commit, or at the end of a day (UTC).

        Raises:
            BadQuestion: `as_of_malformed`.
            NotFound: `release_unknown`, there was none yet.
            Unavailable: `registry_unusable`.
        """
        with reading(self._warehouse.engine) as connection:
            rows = list_releases(connection)
        old = [row.name for row in rows if is_as_old(row.commit_no, row.created_at, text)]
        if not old:
            raise NotFound("release_unknown", "no base or release that old is kept", text)
        return old[-1]


def is_as_old(commit_no: int, made_at: datetime, text: str) -> bool:
    """Whether something was there at a commit, or at the end of a day (UTC).

    Raises:
        BadQuestion: `as_of_malformed`.

    >>> is_as_old(7, datetime(2026, 3, 4, 22, tzinfo=UTC), "7")
    True
    >>> is_as_old(7, datetime(2026, 3, 4, 22, tzinfo=UTC), "2026-03-03")
    False
    """
    if text.isdecimal() and len(text) < 16:
        return commit_no <= int(text)
    try:
        return made_at.astimezone(UTC).date() <= date.fromisoformat(text)
    except ValueError:
        detail = "expected a commit's number or a day, as 2026-11-20"
        raise BadQuestion("as_of_malformed", detail, text) from None
