"""Decompressed bytes of a VCF, as a stream of chunks, whatever it is packed in.

Plain text, BGZF and BCF are told apart by their first bytes, never by their name. A BGZF file must
end with the 28-byte empty block that the SAM specification (section 4.1.2) defines, or it is
truncated.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import pysam
from isal import igzip, isal_zlib

from schemas.errors import BatchRefused

EOF_BLOCK: Final = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
CHUNK_BYTES: Final = 4 << 20
Packing = Literal["text", "bgzf", "gzip", "bcf"]

_BAD_STREAM: Final[tuple[Any, ...]] = (
    gzip.BadGzipFile,
    EOFError,
    zlib.error,
    isal_zlib.error,
)


def packing_of(path: Path, *, any_gzip: bool = False) -> Packing:
    """Tell how a file is packed, after checking that a BGZF file is whole.

    With `any_gzip`, gzip without BGZF blocks will do: what its end tells is checked when it is
    read.

    Raises:
        BatchRefused: `bgzf_truncated` without the closing block, `bgzf_corrupt` for other gzip.
    """
    with path.open("rb") as file:
        head = file.read(18)
        if head[:2] != b"\x1f\x8b":
            return "bcf" if head[:3] == b"BCF" else "text"
        if len(head) < 18 or not head[3] & 4 or head[12:14] != b"BC":
            if any_gzip:
                return "gzip"
            raise BatchRefused(
                "bgzf_corrupt", "gzip without BGZF blocks; pack with bgzip", path.name
            )
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - len(EOF_BLOCK)))
        if file.read() != EOF_BLOCK:
            raise BatchRefused(
                "bgzf_truncated", "the closing 28-byte BGZF block is not at the end", path.name
            )
    return "bcf" if _first_bytes(path) == b"BCF" else "bgzf"


def _first_bytes(path: Path) -> bytes:
    try:
        with igzip.open(path, "rb") as file:
            return bytes(file.read(3))
    except _BAD_STREAM as error:
        raise BatchRefused("bgzf_corrupt", f"cannot be decompressed: {error}", path.name) from None


def read_chunks(
    path: Path,
    chunk_bytes: int = CHUNK_BYTES,
    progress: Callable[[int], None] | None = None,
    *,
    any_gzip: bool = False,
) -> Iterator[bytes]:
    """Yield the file's text in chunks; BCF comes as the VCF text it stands for.

    `progress` is told, chunk by chunk, how many more bytes of the file on disk have been read (of
    BCF: all, at the end).

    Raises:
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`, `bcf_malformed`.
    """
    packing = packing_of(path, any_gzip=any_gzip)
    told = 0
    if packing == "bcf":
        yield from _read_bcf(path, chunk_bytes)
    else:
        with path.open("rb") as file:
            for chunk in _read_packed(file, packing, path.name, chunk_bytes):
                if progress is not None:
                    at = file.tell()
                    progress(at - told)
                    told = at
                yield chunk
    if progress is not None:
        progress(path.stat().st_size - told)


def _read_packed(file: BinaryIO, packing: Packing, name: str, chunk_bytes: int) -> Iterator[bytes]:
    try:
        is_packed = packing in ("bgzf", "gzip")
        with igzip.IGzipFile(fileobj=file) if is_packed else nullcontext(file) as text:
            while chunk := text.read(chunk_bytes):
                yield chunk
    except _BAD_STREAM as error:
        raise BatchRefused("bgzf_corrupt", f"cannot be decompressed: {error}", name) from None


def _read_bcf(path: Path, chunk_bytes: int) -> Iterator[bytes]:
    try:
        with _open_bcf(path) as file:
            yield str(file.header).encode()
            lines: list[str] = []
            size = 0
            for record in file:
                line = str(record)
                lines.append(line)
                size += len(line)
                if size >= chunk_bytes:
                    yield "".join(lines).encode()
                    lines, size = [], 0
            yield "".join(lines).encode()
    except (OSError, ValueError) as error:
        raise BatchRefused("bcf_malformed", f"cannot be decoded: {error}", path.name) from None


def _open_bcf(path: Path) -> pysam.VariantFile:
    """Open a BCF without htslib's word on stderr that it has no index, which is not needed."""
    told = pysam.set_verbosity(0)
    try:
        return pysam.VariantFile(str(path))
    finally:
        pysam.set_verbosity(told)
