"""Files staged and rows committed by hand, to try the commit protocol without reading VCFs."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, update

from cad.commit import Kind, Session, open_session
from cad.registry.engine import reading, writing
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.registry.tables import lease, session
from cad.warehouse import Warehouse
from loaders.jobs import Span, WrittenFile

_LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def stage(writer: Session, name: str, data: bytes = b"rows", table: str = "calls") -> WrittenFile:
    """Write a file into a session's staging folder."""
    path = writer.staging / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return WrittenFile(table, path, 1, len(data), digest, (Span("22", 1, 9, 1),))


def adding(writer: Session, *files: WrittenFile) -> Callable[[Connection, int], None]:
    """What `Session.commit` is to apply, to register files."""

    def apply(connection: Connection, commit_no: int) -> None:
        writer.add_files(connection, commit_no, files)

    return apply


def commit_file(warehouse: Warehouse, name: str, kind: Kind = "push") -> int:
    """Commit one file in a session of its own; returns the commit number."""
    with open_session(warehouse, kind) as writer:
        file = stage(writer, name)
        return writer.commit(adding(writer, file), [file])[0]


def seen(warehouse: Warehouse, commit_no: int | None = None) -> list[str]:
    """Names of the lake's call files at a commit, or at the latest."""
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection) if commit_no is None else commit_no
        return [Path(file.path).name for file in lake_files(connection, commit_no, "calls")]


def on_disk(warehouse: Warehouse) -> list[str]:
    """Every file and folder below lake and staging."""
    found = (*warehouse.lake.folder.rglob("*"), *warehouse.staging.rglob("*"))
    return sorted(path.relative_to(warehouse.path).as_posix() for path in found)


def expire_all(warehouse: Warehouse) -> None:
    """Let the registry believe that nobody was heard of for long."""
    with writing(warehouse.engine) as connection:
        for table in (session, lease):
            connection.execute(update(table).values(expires_at=_LONG_AGO))
