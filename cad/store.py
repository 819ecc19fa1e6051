"""An object store such as S3, through fsspec: files put whole, got whole, listed and deleted.

Where it lies and with which credentials it is reached is said the store's usual way, in the
environment (``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID``, a profile, an instance's role): a
warehouse keeps the URL and nothing secret.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from fsspec.core import url_to_fs

from cad.extras import extra_missing
from cad.lake import PARTIAL
from schemas.errors import BatchRefused, Unavailable

_TRANSFERS: Final = 8
"""Files put or got at once; each may hold some 50 MB in memory."""


class Store:
    """The files under one URL; threads may share it.

    Attributes:
        url: of the folder, without a slash at its end.
        filesystem: as fsspec gives it, for those that read files where they are.
    """

    def __init__(self, url: str, filesystem: Any, root: str) -> None:
        self.url = url
        self.filesystem = filesystem
        self._root = root.rstrip("/")

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at a URL such as ``s3://bucket/national``; nothing is asked of it yet.

        Raises:
            Unavailable: `store_unusable` for a URL that fsspec does not know, `extra_missing` where
                what reads it is not installed.
        """
        try:
            filesystem, root = url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise extra_missing(_library(error)) from None
        except ValueError as error:
            raise Unavailable("store_unusable", str(error), url) from None
        return cls(url.rstrip("/"), filesystem, root)

    def at(self, path: str) -> str:
        """The URL of a file, for those that read it where it is."""
        return f"{self.url}/{path}"

    def put(self, files: Iterable[tuple[Path, str]]) -> None:
        """Put files there, several at once; a file is there whole or not at all.

        Args:
            files: pairs of the file here and its path there.

        Raises:
            Unavailable: `store_unusable`.
        """

        def put_one(pair: tuple[Path, str]) -> None:
            self.filesystem.put_file(str(pair[0]), self._of(pair[1]))

        with self._told(), ThreadPoolExecutor(_TRANSFERS) as pool:
            list(pool.map(put_one, files))

    def get(self, path: str, file: Path) -> None:
        """Get a file, which is there whole or not at all, whoever else gets it at the same time.

        Raises:
            FileNotFoundError: there is none.
            Unavailable: `store_unusable`.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{uuid.uuid4().hex}{PARTIAL}")
        try:
            with self._told(path, gone=(FileNotFoundError,)):
                self.filesystem.get_file(self._of(path), str(partial))
            os.replace(partial, file)
        finally:
            partial.unlink(missing_ok=True)

    def get_all(self, folder: Path) -> None:
        """Get every file into a folder, under its path.

        Raises:
            BatchRefused: `path_not_allowed`, where a path leads out of the folder.
            Unavailable: `store_unusable`.
        """
        paths = list(self.sizes())
        for path in paths:
            if not (folder / path).resolve().is_relative_to(folder.resolve()):
                raise BatchRefused("path_not_allowed", "it leaves its folder in the store", path)
        with ThreadPoolExecutor(_TRANSFERS) as pool:
            list(pool.map(lambda path: self.get(path, folder / path), paths))

    def sizes(self, below: str = "") -> dict[str, int]:
        """Path and bytes of each file below the URL, or below a folder there; asked anew.

        Raises:
            Unavailable: `store_unusable`.
        """
        with self._told(below):
            found = self.filesystem.find(self._of(below), detail=True)
        cut = len(self._of(below)) + 1
        return {path[cut:]: int(about["size"]) for path, about in found.items()}

    def delete(self, paths: Sequence[str]) -> None:
        """Delete files; one that is gone already is no error.

        Raises:
            Unavailable: `store_unusable`.
        """
        if paths:
            with self._told(), suppress(FileNotFoundError):
                self.filesystem.rm([self._of(path) for path in paths])

    def keeps_versions(self) -> bool:
        """Whether the store keeps what is deleted, as a versioned S3 bucket does.

        Raises:
            Unavailable: `store_unusable`.
        """
        ask = getattr(self.filesystem, "is_bucket_versioned", None)
        if ask is None:
            return False
        with self._told():
            return bool(ask(self._root.partition("/")[0]))

    def _of(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    @contextmanager
    def _told(self, path: str = "", gone: tuple[type[Exception], ...] = ()) -> Iterator[None]:
        """Tell any failure as ours: a store's driver raises what its protocol's library raises.

        But for `gone`, which the caller's caller knows what to make of.
        """
        try:
            yield
        except gone:
            raise
        except Exception as error:
            raise Unavailable(
                "store_unusable", f"{type(error).__name__}: {error}", path or self.url
            ) from error


def _library(error: BaseException) -> str:
    """The library that is missing: fsspec tells in words, and names it in what it was raised by."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (getattr(error, "name", None) or str(error)).partition(".")[0]
