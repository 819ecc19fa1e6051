"""The directory of a batch, made of its uploads: checked, decrypted, not swollen beyond reason."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import uuid4

from crypt4gh.keys import get_private_key
from crypt4gh.lib import decrypt

from cad.settings import Settings
from cad.uploads.store import Upload, UploadStore
from schemas.errors import BatchRefused, Conflict, Unavailable

_CRYPT4GH: Final = ".c4gh"
_PLAIN_DOCUMENTS: Final = (".json", ".tsv", ".ped")
_CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b\x08\x04"

# It tells its session keys to whoever logs at DEBUG.
logging.getLogger("crypt4gh").setLevel(logging.WARNING)


@contextmanager
def assembled(
    store: UploadStore, platform: str, batch: str, settings: Settings
) -> Iterator[tuple[Path, list[Upload]]]:
    """The directory of a batch, deleted when the block ends, and its uploads.

    Raises:
        Conflict: `upload_incomplete`.
        BatchRefused: `checksum_mismatch`, `crypt4gh_unusable`, `body_too_large`, and
            `path_not_allowed` where two files would have one path.
        Unavailable: `crypt4gh_unusable`, where the service has no key.
    """
    uploads = list(store.uploads(platform, batch))
    if not uploads or not all(one.is_whole for one in uploads):
        waiting = sum(not one.is_whole for one in uploads)
        detail = f"{waiting} of {len(uploads)} files are not whole" if uploads else "nothing came"
        raise Conflict("upload_incomplete", detail, batch)
    folder = store.folder(platform, batch) / f"whole-{uuid4().hex}"
    folder.mkdir(mode=0o750)
    try:
        for upload in uploads:
            _place(store, upload, folder, settings)
        yield folder, uploads
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(store: UploadStore, upload: Upload, folder: Path, settings: Settings) -> None:
    part = store.part(upload)
    if _sha256(part) != upload.sha256:
        raise BatchRefused("checksum_mismatch", "the upload has another SHA-256", upload.path)
    is_encrypted = upload.path.endswith(_CRYPT4GH)
    path = upload.path.removesuffix(_CRYPT4GH)
    target = folder / path
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    if target.exists():
        raise BatchRefused("path_not_allowed", "two files of the batch have one path", path)
    if is_encrypted:
        _decrypt(part, target, path, settings)
    else:
        os.link(part, target)
    _check_growth(target, path, settings)


def _decrypt(source: Path, target: Path, path: str, settings: Settings) -> None:
    if settings.crypt4gh_key is None:
        raise Unavailable("crypt4gh_unusable", "no key is set: CAD_CRYPT4GH_KEY")
    secret = settings.crypt4gh_passphrase
    try:
        key = get_private_key(
            settings.crypt4gh_key, lambda: secret.get_secret_value() if secret else ""
        )
    except Exception:
        # The library raises whatever its parts do; what they say may hold the passphrase.
        raise Unavailable("crypt4gh_unusable", "the key or its passphrase is wrong") from None
    try:
        with source.open("rb") as infile, target.open("xb") as outfile:
            decrypt([(0, key, None)], _Loud(infile), _Loud(outfile))
    except _FailedError as failed:
        raise failed.error from None
    except OSError:
        # A disk that is full says nothing of the file.
        raise
    except Exception:
        detail = "expected a whole Crypt4GH file for the warehouse's key"
        raise BatchRefused("crypt4gh_unusable", detail, path) from None


class _FailedError(Exception):
    """Reading or writing a file failed."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.errno)
        self.error = error


class _Loud:
    """A file whose failures are heard: the library takes any for its end, and says nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._file, name)
        if not callable(attribute):
            return attribute

        def call(*words: Any) -> Any:
            try:
                return attribute(*words)
            except OSError as error:
                raise _FailedError(error) from error

        return call


def _check_growth(file: Path, path: str, settings: Settings) -> None:
    """Refuse what would fill memory or disk out of all proportion to its size."""
    size = file.stat().st_size
    if file.name.endswith(_PLAIN_DOCUMENTS) and size > settings.document_bytes:
        detail = f"at most {settings.document_bytes.human_readable()}: CAD_DOCUMENT_BYTES"
        raise BatchRefused("body_too_large", detail, path)
    with file.open("rb") as opened:
        if opened.read(4) == _GZIP and sum(_block_sizes(file)) > settings.expansion * size:
            detail = f"it grows more than {settings.expansion} times: CAD_EXPANSION"
            raise BatchRefused("body_too_large", detail, path)


def _block_sizes(file: Path) -> Iterator[int]:
    """Decompressed bytes of each BGZF block, as the blocks say (SAM specification, 4.1).

    Reading the batch finds out blocks that lie; no block can hold more than 64 KiB.
    """
    with file.open("rb") as opened:
        while len(header := opened.read(18)) == 18 and header[:4] == _GZIP:
            length = struct.unpack_from("<H", header, 16)[0] + 1
            opened.seek(length - 22, os.SEEK_CUR)
            tail = opened.read(4)
            if length < 26 or len(tail) < 4:
                return
            yield struct.unpack("<I", tail)[0]


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def forget(store: UploadStore, uploads: Sequence[Upload]) -> None:
    """Delete uploads that were pushed."""
    for upload in uploads:
        store.delete(upload)
