"""Paths and bytes of a batch.

A path stays inside the batch's directory and leads to a plain file whose bytes have the declared
SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Final

from loaders.intake.batch import Refuse
from schemas.errors import BatchRefused

_CHUNK: Final = 1 << 20
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def canonical_path(path: str) -> str:
    """A declared path without empty and ``.`` steps, so that one file has one name.

    >>> canonical_path("./wgs//trio.vcf.gz")
    'wgs/trio.vcf.gz'
    """
    return str(PurePosixPath(path))


def resolve_path(directory: Path, path: str, where: str) -> Path:
    """The plain file a path of the batch means.

    Args:
        directory: the batch.
        path: as declared.
        where: what names the path, for the message.

    Returns:
        The absolute path, links followed.

    Raises:
        BatchRefused: `path_not_allowed` where the path leaves the directory by itself or by a link,
            `file_missing` where it leads to no plain file.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or _CONTROL.search(path):
        raise BatchRefused("path_not_allowed", "a path must be relative, without '..'", where)
    try:
        resolved = (directory / pure).resolve()
        inside = resolved.is_relative_to(directory.resolve())
    except (OSError, RuntimeError) as error:
        raise BatchRefused("path_not_allowed", "a link leads in a circle", where) from error
    if not inside:
        raise BatchRefused("path_not_allowed", "a link leads out of the batch directory", where)
    try:
        mode = resolved.stat().st_mode
    except OSError as error:
        raise BatchRefused("file_missing", f"{path} is not there", where) from error
    if not stat.S_ISREG(mode):
        raise BatchRefused("file_missing", f"{path} is not a plain file", where)
    return resolved


def read_bytes(path: Path, name: str) -> bytes:
    """The bytes of a small file of the batch; `file_missing` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BatchRefused("file_missing", f"{name} cannot be read", name) from error


def file_sha256(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file in lower-case hexadecimal.

    `progress` gets the bytes read since its last call.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if progress is not None:
                progress(len(chunk))
    return digest.hexdigest()


def check_checksums(
    files: Mapping[str, Path],
    declared: Iterable[tuple[str, str, str]],
    refuse: Refuse,
    progress: Callable[[int], None] | None = None,
) -> dict[str, str]:
    """Hash every file of a batch and compare with what is declared.

    Args:
        files: absolute path by path within the batch.
        declared: path, SHA-256 and the place that declares it.
        refuse: gets `checksum_mismatch` for each that differs.
        progress: gets the bytes hashed since its last call, from several threads.

    Returns:
        SHA-256 by path, of all files.
    """
    found: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        jobs = {
            path: pool.submit(file_sha256, absolute, progress) for path, absolute in files.items()
        }
        for path, job in jobs.items():
            try:
                found[path] = job.result()
            except OSError:
                refuse(BatchRefused("file_missing", f"{path} cannot be read", path))
    for path, expected, where in declared:
        if path in found and found[path] != expected.lower():
            detail = f"{path}: declared {expected.lower()}, found {found[path]}"
            refuse(BatchRefused("checksum_mismatch", detail, where))
    return found
