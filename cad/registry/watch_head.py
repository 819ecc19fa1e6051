"""The latest commit number, asked for thousands of times a second: on a connection kept open.

A transaction through the pool takes milliseconds of a busy service; here it is one statement.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import Any, Final

from sqlalchemy import Engine

from schemas.errors import Unavailable

_LATEST: Final = "SELECT commit_no FROM head"
_VERSION: Final = "PRAGMA data_version"


class HeadWatch:
    """Reads the latest commit; threads share one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._failures = engine.dialect.loaded_dbapi.Error
        self._lock = Lock()
        self._connection: Any = None
        self._version: int | None = None
        self._commit_no = 0

    def commit_no(self) -> int:
        """The latest commit.

        Raises:
            Unavailable: `registry_unusable`.
        """
        with self._lock:
            # The registry may have closed a connection meanwhile; a fresh one tells for good.
            with suppress(self._failures):
                return self._read()
            self._drop()
            try:
                return self._read()
            except self._failures as error:
                self._drop()
                raise Unavailable("registry_unusable", str(error).strip()) from error

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()

    def _read(self) -> int:
        if self._connection is None:
            self._connection = self._open()
        if not self._is_sqlite:
            return self._one(_LATEST)
        # SQLite tells in microseconds whether any other connection has changed the file.
        version = self._one(_VERSION)
        if version != self._version:
            self._commit_no = self._one(_LATEST)
            self._version = version
        return self._commit_no

    def _open(self) -> Any:
        pooled = self._engine.raw_connection()
        pooled.detach()
        connection: Any = pooled.dbapi_connection
        if not self._is_sqlite:
            connection.autocommit = True
        return connection

    def _one(self, statement: str) -> int:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
            return int(cursor.fetchone()[0])
        finally:
            cursor.close()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(self._failures):
                self._connection.close()
            self._connection = self._version = None
