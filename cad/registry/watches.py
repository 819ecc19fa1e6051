"""Rows of watches: variants and genes that somebody asked to be told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from cad.registry.annotation_tables import watch
from cad.registry.columns import visible
from cad.registry.engine import registry_now

WatchKind = Literal["variant", "gene"]


@dataclass(frozen=True)
class WatchRow:
    """One watch: what of, since when and since which commit."""

    kind: WatchKind
    key: str
    since: datetime
    commit_no: int

    def to_json(self) -> dict[str, Any]:
        """The entry that `cad watch` prints."""
        return {
            "kind": self.kind,
            "watched": self.key,
            "since": self.since.isoformat(),
            "commit": self.commit_no,
        }


def list_watches(connection: Connection, commit_no: int) -> list[WatchRow]:
    """The watches at a commit, in the order in which they were asked for."""
    query = select(watch).where(visible(watch, commit_no)).order_by(watch.c.watch_no)
    return [
        WatchRow(row.kind, row.key, row.since, row.added_at) for row in connection.execute(query)
    ]


def insert_watch(connection: Connection, commit_no: int, kind: WatchKind, key: str) -> None:
    """Watch something from a commit on."""
    connection.execute(
        insert(watch).values(kind=kind, key=key, since=registry_now(connection), added_at=commit_no)
    )


def remove_watch(connection: Connection, commit_no: int, key: str) -> bool:
    """Watch something no more; False where nobody did."""
    done = connection.execute(
        update(watch)
        .where(watch.c.key == key, watch.c.removed_at.is_(None))
        .values(removed_at=commit_no)
    )
    return done.rowcount > 0
