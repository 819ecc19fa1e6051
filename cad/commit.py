"""A writer's session: from an empty staging folder to one commit, or to nothing.

What happens, in this order (DESIGN 2), with n the session's number:

1. the session is opened in the registry, with a lease that a thread renews, and ``staging/n`` is
made; 2. the writer writes its files there; `commit` brings them to disk (fsync of files and
folders);
3. one rename moves ``staging/n`` to ``lake/n``: no reader knows of it yet; where the lake lies in a
store (`cad.lake`), the files are put there first;
4. one registry transaction locks the head row until it ends, checks that the session is still open
and each
   file is there with its size, takes the next commit number, and writes all rows under it.

A crash before 4 leaves a folder that bears the number of a session that never committed: an orphan,
which the sweep deletes. As the head row stays locked from the taking of the number to the end of
the
transaction, whoever reads number c finds all of c and of every commit before.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final, Literal, TypeVar

from sqlalchemy import Connection

from cad.faults import reach
from cad.lake import FOLDER, size_of
from cad.leases import kept_alive
from cad.registry.engine import writing
from cad.registry.files import add_files
from cad.registry.numbers import Counter, lock_head, set_commit, take
from cad.registry.sessions import close_session, insert_commit, insert_session, renew_session
from cad.warehouse import Warehouse
from loaders.jobs import WrittenFile
from schemas.errors import CadError, Conflict

log = logging.getLogger(__name__)

Kind = Literal[
    "push",
    "build",
    "compact",
    "correct",
    "consent",
    "withdraw",
    "erase",
    "annotate",
    "watch",
    "release",
    "codes",
    "clinical",
    "analyse",
]
T = TypeVar("T")

_FSYNC_THREADS: Final = 8
"""A disk brings several files to rest at once faster than one after the other."""


class Session:
    """An open session; made by `open_session`.

    Attributes:
        number: its number, never given twice.
        staging: the folder to write under; it exists.
    """

    def __init__(self, warehouse: Warehouse, kind: Kind, number: int, lost: Event) -> None:
        self.warehouse = warehouse
        self.kind = kind
        self.number = number
        self.staging = warehouse.staging / str(number)
        self._lost = lost
        self._committed = False

    def check(self) -> None:
        """Tell a writer that its session was ended, before it writes on in vain.

        Raises:
            Conflict: `session_expired`.
        """
        if self._lost.is_set():
            raise _expired(self.number)

    def reserve(self, counter: Counter, count: int) -> int:
        """The first of `count` numbers of a kind, given to nobody else, whether used or not."""
        with writing(self.warehouse.engine) as connection:
            return take(connection, counter, count)

    def lake_path(self, file: WrittenFile) -> str:
        """The path, within the warehouse, that a staged file has once it is committed."""
        return f"{FOLDER}/{self.number}/{file.path.relative_to(self.staging).as_posix()}"

    def add_files(
        self,
        connection: Connection,
        commit_no: int,
        files: Iterable[WrittenFile],
        *,
        bucket_no: int | None = None,
        purpose: str | None = None,
    ) -> None:
        """Register staged files; for the function that `commit` applies."""
        pairs = [(file, self.lake_path(file)) for file in files]
        add_files(connection, commit_no, pairs, bucket_no=bucket_no, purpose=purpose)

    def commit(
        self, apply: Callable[[Connection, int], T], files: Sequence[WrittenFile] = ()
    ) -> tuple[int, T]:
        """Commit once; the session is over then.

        Args:
            apply: writes all rows under the commit number it is given; what it raises undoes
                everything.
            files: what the session wrote; anything else in the staging folder is deleted.

        Returns:
            The commit number, and what `apply` returned.

        Raises:
            Conflict: `session_expired`, `staged_file_lost`.
        """
        self.check()
        _check_sizes((file, size_of(file.path)) for file in files)
        self._bring_to_rest(files)
        with writing(self.warehouse.engine) as connection:
            commit_no = lock_head(connection) + 1
            reach(f"{self.kind}:locked")
            if not close_session(connection, self.number, "committed"):
                raise _expired(self.number)
            self._check_placed(files)
            result = apply(connection, commit_no)
            insert_commit(connection, commit_no, self.kind, self.number)
            set_commit(connection, commit_no)
            reach(f"{self.kind}:applied")
        self._committed = True
        reach(f"{self.kind}:committed")
        return commit_no, result

    def _bring_to_rest(self, files: Sequence[WrittenFile]) -> None:
        """Delete strays, fsync everything, and make the folder part of the lake."""
        kept = {file.path for file in files}
        folders = {self.staging}
        for path in sorted(self.staging.rglob("*"), reverse=True):
            if path.is_dir():
                folders.add(path)
            elif path not in kept:
                path.unlink()
        with ThreadPoolExecutor(min(_FSYNC_THREADS, len(kept) + 1)) as pool:
            list(pool.map(_fsync, (*kept, *folders)))
        reach(f"{self.kind}:staged")
        if kept:
            self.warehouse.lake.place(self.number, self.staging, kept)
            for folder in (self.warehouse.lake.folder, self.warehouse.staging):
                _fsync(folder)
        reach(f"{self.kind}:moved")

    def _check_placed(self, files: Sequence[WrittenFile]) -> None:
        paths = [self.lake_path(file) for file in files]
        found = self.warehouse.lake.sizes(self.number, paths) if files else {}
        _check_sizes((file, found.get(path)) for file, path in zip(files, paths, strict=True))

    def discard(self) -> None:
        """End the session without a commit and delete what it wrote; after a commit, tidy up."""
        if not self._committed:
            # The registry decides: a commit whose answer was lost on the way may have succeeded.
            with writing(self.warehouse.engine) as connection:
                if close_session(connection, self.number, "aborted"):
                    self.warehouse.lake.drop(self.number)
        shutil.rmtree(self.staging, ignore_errors=True)


@contextmanager
def open_session(warehouse: Warehouse, kind: Kind) -> Iterator[Session]:
    """Open a session; what was not committed when the block ends never was.

    Raises:
        Unavailable: `registry_unusable`.
    """
    seconds = warehouse.settings.session_seconds
    with writing(warehouse.engine) as connection:
        number = insert_session(connection, kind, seconds)

    def renew() -> bool:
        with writing(warehouse.engine) as connection:
            return renew_session(connection, number, seconds)

    with kept_alive(renew, seconds) as lost:
        session = Session(warehouse, kind, number, lost)
        try:
            session.staging.mkdir()
            reach(f"{kind}:opened")
            yield session
            reach(f"{kind}:finished")
        finally:
            _discard_quietly(session)


def _discard_quietly(session: Session) -> None:
    """Tidy up without hiding the error that ended the session; the sweep deletes what is left."""
    try:
        session.discard()
    except (CadError, OSError) as error:
        log.warning("session %d could not be tidied up: %s", session.number, error)


def _check_sizes(files: Iterable[tuple[WrittenFile, int | None]]) -> None:
    """Refuse to commit files of which there are not the bytes written, or, None, which are gone."""
    for file, found in files:
        if found != file.bytes:
            detail = f"expected {file.bytes} bytes, found {found}"
            raise Conflict("staged_file_lost", detail, file.path.name)


def _expired(number: int) -> Conflict:
    return Conflict("session_expired", f"session {number} was ended before its commit")


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
