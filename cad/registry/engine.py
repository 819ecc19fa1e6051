"""Opening the registry: SQLite on a local disk, or PostgreSQL.

SQLite is set to lose nothing (WAL, `synchronous=FULL`), to keep no deleted rows in free pages
(`secure_delete`), and to take the write lock when a write transaction begins: one that begins as a
reader fails with "database is locked" as soon as another writer came in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import DatabaseError
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from schemas.errors import Unavailable

NETWORK_FILESYSTEMS: Final = frozenset(
    "9p afpfs afs beegfs ceph cifs davfs fuse.ceph fuse.cephfs fuse.davfs fuse.gcsfuse "
    "fuse.glusterfs fuse.goofys fuse.juicefs fuse.rclone fuse.s3fs fuse.smbnetfs fuse.sshfs gfs2 "
    "glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs panfs pvfs2 smb3 smbfs wekafs".split()
)
"""File systems on which SQLite's locks or its shared memory cannot be relied on."""

_WRITES: Final = "cad_writes"


def registry_url(written: str, folder: Path) -> URL:
    """The URL of a registry as SQLAlchemy takes it; a relative SQLite path starts at `folder`.

    Raises:
        Unavailable: `registry_unusable`, where it names neither SQLite nor PostgreSQL.
    """
    try:
        url = make_url(written)
    except ArgumentError:
        raise Unavailable("registry_unusable", "this is not a database URL") from None
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not url.database or url.database == ":memory:":
        raise Unavailable(
            "registry_unusable", "expected sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        )
    return url.set(drivername="sqlite", database=str(folder / url.database))


def without_password(url: URL) -> str:
    """The URL as it may be written down."""
    bare = URL.create(
        url.drivername,
        url.username,
        None,
        url.host,
        url.port,
        url.database,
        url.query,
    )
    return bare.difference_update_query(["password"]).render_as_string(hide_password=False)


def filesystem_of(path: Path, mounts: str) -> str:
    """The type of the file system a path lies on; `mounts` is the text of /proc/mounts.

    >>> filesystem_of(Path("/data/w"), "host:/export /data nfs4 rw 0 0")
    'nfs4'
    """
    best, kind = -1, "unknown"
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # The kernel writes spaces and the like in octal.
        place = fields[1].encode().decode("unicode_escape")
        inside = path.is_relative_to(place)
        if inside and len(place) >= best:
            best, kind = len(place), fields[2]
    return kind


def refuse_network_filesystem(folder: Path, mounts: str | None = None) -> None:
    """Refuse a folder for SQLite that is not on a local disk.

    Raises:
        Unavailable: `network_filesystem`.
    """
    table = Path("/proc/mounts")
    if mounts is None:
        mounts = table.read_text(encoding="utf-8") if table.exists() else ""
    kind = filesystem_of(folder.resolve(), mounts)
    if kind in NETWORK_FILESYSTEMS:
        raise Unavailable(
            "network_filesystem",
            f"the registry would lie on {kind}; name a PostgreSQL registry, or use a local disk",
        )


def open_engine(url: URL, busy_seconds: int) -> Engine:
    """An engine over the registry; the database must exist, its tables need not.

    Raises:
        Unavailable: `network_filesystem` for SQLite on a network file system.
    """
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, busy_seconds)
    wait = busy_seconds * 1000
    options = f"-c timezone=UTC -c lock_timeout={wait} -c synchronous_commit=on"
    return create_engine(url, connect_args={"options": options}, pool_pre_ping=True)


def _open_sqlite(url: URL, busy_seconds: int) -> Engine:
    refuse_network_filesystem(Path(url.database or "").parent)
    engine = create_engine(url, connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def prepare(connection: SqliteConnection, _record: Any) -> None:
        # The driver must not begin transactions of its own; `begin` below does.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only transaction: everything read in it is of one moment.

    Raises:
        Unavailable: `registry_unusable`, where the registry does not answer.
    """
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _transaction(engine.execution_options(**options)) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed where the block ends well, else rolled back.

    Raises:
        Unavailable: `registry_unusable`, where the registry does not answer or others keep it
            locked.
    """
    with _transaction(engine.execution_options(**{_WRITES: True})) as connection:
        yield connection


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except OperationalError as error:
        raise Unavailable("registry_unusable", str(error.orig).strip()) from error


def scrub(engine: Engine) -> bool:
    """Write SQLite's file anew and empty its log, so that no deleted row is left in either.

    On PostgreSQL, VACUUM FULL and the retention of the write-ahead log are its operator's.

    Returns:
        Whether it was done; another reader may hold the log open.
    """
    if engine.dialect.name != "sqlite":
        return True
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        # Outside any transaction, which VACUUM refuses to run in.
        cursor.execute("VACUUM")
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
        return not busy
    except DatabaseError:
        return False
    finally:
        raw.close()


def registry_now(connection: Connection) -> datetime:
    """The moment by the registry's clock, in UTC: hosts that share a registry agree on it alone."""
    if connection.dialect.name == "sqlite":
        written = connection.scalar(text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"))
        return datetime.fromisoformat(str(written)).replace(tzinfo=UTC)
    moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def make_private(url: URL) -> None:
    """Create a SQLite registry's file readable by its owner alone; it holds pseudonyms."""
    if url.get_backend_name() == "sqlite":
        os.close(os.open(url.database or "", os.O_CREAT | os.O_WRONLY, 0o600))
