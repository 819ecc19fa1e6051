"""The committed files of a warehouse: in its folder, or in an object store.

Where a store is given, what is committed lies there; the folder holds copies of what was written or
read on this machine. A committed file never changes, so that a copy is right as long as the
registry names its file. Several machines may share a store and a registry: each has its own folder.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cad.store import Store

FOLDER: Final = "lake"
PARTIAL: Final = ".part"
"""How the name of a file ends that is arriving from the store."""
_KEPT_SECONDS: Final = 86_400
"""A copy used within so many seconds stays, whatever room there is."""
_ARRIVING_SECONDS: Final = 3_600
"""A file that began to arrive within so many seconds may still do so, in a folder just made."""


class Lake:
    """The committed files; those of session ``n`` have paths ``lake/n/...`` in the warehouse.

    Attributes:
        folder: of the files, or of their copies.
        store: where the files lie, unless in the folder.
    """

    def __init__(self, warehouse: Path, store: Store | None = None) -> None:
        self.folder = warehouse / FOLDER
        self.store = store
        self._warehouse = warehouse

    def local(self, path: str | Path) -> Path:
        """A file on this machine, brought from the store where it is not.

        Args:
            path: in the warehouse, as the registry has it; or a whole one, of any file.

        Raises:
            FileNotFoundError: the store has it no more. Without a store, opening it tells.
            Unavailable: `store_unusable`.
        """
        file = self._warehouse / path
        if self.store is not None:
            try:
                os.utime(file)
            except FileNotFoundError:
                self.store.get(file.relative_to(self.folder).as_posix(), file)
            except PermissionError:
                # Another user's copy is read all the same; only its age will be told wrong.
                pass
        return file

    def address(self, path: str | Path) -> str:
        """Where DuckDB reads a file: here, or else in the store, of which it gets what it needs."""
        file = self._warehouse / path
        if self.store is None or file.exists():
            return str(file)
        return self.store.at(file.relative_to(self.folder).as_posix())

    def place(self, session: int, staging: Path, files: Collection[Path]) -> None:
        """Make a session's folder part of the lake: of the store first, then here by one rename.

        Raises:
            Unavailable: `store_unusable`.
        """
        if self.store is not None:
            self.store.put(
                (file, f"{session}/{file.relative_to(staging).as_posix()}") for file in files
            )
        staging.rename(self.folder / str(session))

    def sizes(self, session: int, paths: Sequence[str]) -> dict[str, int]:
        """Bytes of those files of a session that are there, by path in the warehouse.

        Raises:
            Unavailable: `store_unusable`.
        """
        if self.store is not None:
            stored = self.store.sizes(str(session))
            return {f"{FOLDER}/{session}/{path}": size for path, size in stored.items()}
        found = {path: size_of(self._warehouse / path) for path in paths}
        return {path: size for path, size in found.items() if size is not None}

    def found(self) -> dict[int, dict[str, int]]:
        """Bytes of each file by session and path in the warehouse, in the store and here.

        What is in no folder of a session is not ours, and not told.

        Raises:
            Unavailable: `store_unusable`.
        """
        found: dict[int, dict[str, int]] = {}
        for number, folder in session_folders(self.folder):
            own = found.setdefault(number, {})
            for file in folder.rglob("*"):
                if file.is_file() and not (file.suffix == PARTIAL and _is_new(file)):
                    own[file.relative_to(self._warehouse).as_posix()] = size_of(file) or 0
        if self.store is not None:
            for path, size in self.store.sizes().items():
                session = path.partition("/")[0]
                if session.isdecimal():
                    found.setdefault(int(session), {})[f"{FOLDER}/{path}"] = size
        return found

    def delete(self, paths: Collection[str]) -> Iterator[str]:
        """Delete files, in the store and then here; yields the path of each that is gone.

        Raises:
            Unavailable: `store_unusable`.
        """
        if self.store is not None:
            self.store.delete([path.removeprefix(f"{FOLDER}/") for path in paths])
        for path in paths:
            (self._warehouse / path).unlink(missing_ok=True)
            yield path

    def drop(self, session: int) -> None:
        """Delete all files of a session that never committed.

        Raises:
            Unavailable: `store_unusable`.
        """
        if self.store is not None:
            self.store.delete([f"{session}/{path}" for path in self.store.sizes(str(session))])
        shutil.rmtree(self.folder / str(session), ignore_errors=True)

    def remove_empty(self, session: int) -> None:
        """Remove the folders of a session that hold nothing here, and wait for nothing."""
        folder = self.folder / str(session)
        inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
        for path in (*inner, folder):
            if self.store is None or not _is_new(path):
                with suppress(OSError):
                    path.rmdir()

    def shrink(self, limit: int) -> int:
        """Delete the copies unused the longest until the others fit, none that was used of late.

        Args:
            limit: bytes of copies to be kept; without a store there are no copies.

        Returns:
            The bytes deleted.
        """
        if self.store is None:
            return 0
        about = {file: file.stat() for file in self.folder.rglob("*") if file.is_file()}
        held = sorted((one.st_mtime, file, one.st_size) for file, one in about.items())
        over, freed = sum(size for *_, size in held) - limit, 0
        for used, file, size in held:
            if freed >= over or time.time() - used < _KEPT_SECONDS:
                break
            file.unlink(missing_ok=True)
            freed += size
        return freed


def session_folders(parent: Path) -> list[tuple[int, Path]]:
    """Session number and path of each folder; anything else there is not ours to delete."""
    return [(int(path.name), path) for path in parent.iterdir() if path.name.isdecimal()]


def _is_new(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < _ARRIVING_SECONDS
    except FileNotFoundError:
        return False


def size_of(path: Path) -> int | None:
    """Bytes of a file; None where there is none, or no more."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
