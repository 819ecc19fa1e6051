"""What has arrived of each upload, within a platform's quota."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from uuid import uuid4

from cad.settings import Settings
from schemas.errors import BadQuestion, Conflict, LimitReached, NotFound

FOLDER: Final = "uploads"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BATCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=@-]{0,199}")
_DEPTH: Final = 4


@dataclass(frozen=True)
class Upload:
    """One file of a batch on its way.

    Attributes:
        upload_id: unguessable.
        platform: whose.
        batch: the batch it belongs to, as the platform names it.
        path: in the batch.
        length: bytes in all.
        sha256: of all bytes, as they are sent.
        offset: bytes that have arrived.
    """

    upload_id: str
    platform: str
    batch: str
    path: str
    length: int
    sha256: str
    offset: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all bytes have arrived."""
        return self.offset == self.length


class UploadStore:
    """The uploads of a warehouse; processes may share its folder."""

    def __init__(self, warehouse: Path, settings: Settings) -> None:
        self._folder, self._settings = warehouse / FOLDER, settings

    def create(self, platform: str, batch: str, path: str, length: int, sha256: str) -> Upload:
        """Begin an upload, in place of an earlier one of the same file.

        Raises:
            BadQuestion: `request_malformed`; `path_not_allowed`.
            LimitReached: `quota_reached`.
        """
        if not _BATCH.fullmatch(batch) or not _SHA256.fullmatch(sha256) or length < 0:
            detail = "expected a batch's name, a length and a SHA-256 in hexadecimal"
            raise BadQuestion("request_malformed", detail)
        _check_path(path)
        self.sweep()
        waiting = list(self.uploads(platform))
        same = [one for one in waiting if (one.batch, one.path) == (batch, path)]
        self._check_quota([one for one in waiting if one not in same], length)
        upload = Upload(uuid4().hex, platform, batch, path, length, sha256)
        folder = self.folder(platform, batch)
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.part(upload).touch(mode=0o640)
        # Last and whole: an upload without its description is none.
        partial = folder / f"{upload.upload_id}.new"
        partial.write_text(json.dumps(asdict(upload)), encoding="utf-8")
        partial.rename(folder / f"{upload.upload_id}.json")
        for one in same:
            self.delete(one)
        return upload

    def find(self, platform: str, upload_id: str) -> Upload:
        """An upload of a platform.

        Raises:
            NotFound: `upload_unknown`, another platform's too.
        """
        if _ID.fullmatch(upload_id):
            for upload in self._read(platform, f"*/{upload_id}.json"):
                return upload
        raise NotFound("upload_unknown", "it never was, is too old, or was pushed")

    def uploads(self, platform: str, batch: str | None = None) -> Iterator[Upload]:
        """What waits of a platform, or of one of its batches."""
        return self._read(platform, f"{'*' if batch is None else _hashed(batch)}/*.json")

    def _read(self, platform: str, pattern: str) -> Iterator[Upload]:
        for file in sorted((self._folder / _hashed(platform)).glob(pattern)):
            # Somebody may delete what is being listed.
            with suppress(FileNotFoundError):
                upload = Upload(**json.loads(file.read_text(encoding="utf-8")))
                yield replace(upload, offset=self.part(upload).stat().st_size)

    @contextmanager
    def appending(self, upload: Upload, offset: int) -> Iterator[int]:
        """The file of an upload, locked and at its end, as a descriptor.

        Raises:
            Conflict: `upload_offset`, where it ends elsewhere or somebody else is writing.
        """
        file = os.open(self.part(upload), os.O_WRONLY | os.O_APPEND)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                detail = "another request is adding to the upload"
                raise Conflict("upload_offset", detail) from None
            if os.fstat(file).st_size != offset:
                raise Conflict("upload_offset", "ask with HEAD where the upload ends")
            yield file
        finally:
            os.close(file)

    def delete(self, upload: Upload) -> None:
        """Forget an upload."""
        folder = self.folder(upload.platform, upload.batch)
        (folder / f"{upload.upload_id}.json").unlink(missing_ok=True)
        self.part(upload).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()

    def sweep(self) -> None:
        """Delete uploads that nothing was added to for too long, and leftovers of as old."""
        oldest = time.time() - 3600 * self._settings.upload_hours
        for folder in self._folder.glob("*/*"):
            times = [file.stat().st_mtime for file in folder.iterdir()]
            if not times or max(times) < oldest:
                shutil.rmtree(folder, ignore_errors=True)

    def folder(self, platform: str, batch: str) -> Path:
        """Where the files of a batch wait."""
        return self._folder / _hashed(platform) / _hashed(batch)

    def part(self, upload: Upload) -> Path:
        """Where the bytes of an upload lie."""
        return self.folder(upload.platform, upload.batch) / f"{upload.upload_id}.part"

    def _check_quota(self, waiting: list[Upload], length: int) -> None:
        settings = self._settings
        if len(waiting) >= settings.upload_files:
            detail = f"at most {settings.upload_files:,} files wait for their push"
            raise LimitReached("quota_reached", detail)
        if sum(one.length for one in waiting) + length > settings.upload_bytes:
            detail = f"at most {settings.upload_bytes.human_readable()} wait for their push"
            raise LimitReached("quota_reached", detail)


def _check_path(path: str) -> None:
    """Only plain relative paths, whose steps begin with a letter or digit."""
    steps = path.split("/")
    if len(steps) > _DEPTH or not all(_PART.fullmatch(step) for step in steps):
        detail = "expected plain names with / between, relative, without '..'"
        raise BadQuestion("path_not_allowed", detail)
    if str(PurePosixPath(path)) != path:
        raise BadQuestion("path_not_allowed", "expected the shortest way to write the path")


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]
