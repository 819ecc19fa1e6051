"""A VCF's text as its header, then blocks of whole lines; and whether records are in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loaders.bgzf import read_chunks
from schemas.errors import BadQuestion

Progress = Callable[[int, int], None]
"""Told how many bytes of the file have been read, of how many."""


def read_blocks(
    source: Path, progress: Progress | None = None, *, any_gzip: bool = False
) -> Iterator[bytes]:
    """The header with its ``#CHROM`` line, then whole lines, some megabytes at a time.

    Raises:
        BadQuestion: `header_malformed`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`, `bcf_malformed`.
    """
    told = _adding(progress, source.stat().st_size)
    chunks = read_chunks(source, progress=told, any_gzip=any_gzip)
    text, end = b"", -1
    for chunk in chunks:
        text += chunk
        end = _header_end(text)
        if end >= 0:
            break
    if end < 0:
        if not text.rpartition(b"\n")[2].startswith(b"#CHROM"):
            raise BadQuestion("header_malformed", "there is no #CHROM line", source.name)
        text, end = text + b"\n", len(text) + 1
    yield text[:end]
    rest = text[end:]
    for chunk in chunks:
        rest += chunk
        whole = rest.rfind(b"\n") + 1
        if whole:
            yield rest[:whole]
            rest = rest[whole:]
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _header_end(text: bytes) -> int:
    """One past the ``#CHROM`` line, -1 where it is not whole yet."""
    start = 0 if text.startswith(b"#CHROM") else text.find(b"\n#CHROM") + 1
    if start == 0 and not text.startswith(b"#CHROM"):
        return -1
    newline = text.find(b"\n", start)
    return newline + 1 if newline >= 0 else -1


def _adding(progress: Progress | None, size: int) -> Callable[[int], None] | None:
    """Progress that is told how many more bytes were read."""
    if progress is None:
        return None
    done = 0

    def add(more: int) -> None:
        nonlocal done
        done += more
        progress(done, size)

    return add


class OrderCheck:
    """Refuses a file whose records are not sorted by contig and position: no index can serve it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._done: set[str] = set()
        self._contig = ""
        self._pos = 0
        self._records = 0

    def begin(self, name: str) -> None:
        """Go on with another file, whose records follow those of the one before."""
        self._name, self._records = name, 0

    def check(self, contig: str, pos: NDArray[Any]) -> None:
        """Take note of the next records, which all lie on one contig.

        Raises:
            BadQuestion: `file_unsorted`, with the record.
        """
        if contig != self._contig:
            self._done.add(self._contig)
            self._contig, self._pos = contig, 0
            if contig in self._done:
                raise self._unsorted(0, f"{contig} comes once more")
        steps = np.flatnonzero(np.diff(pos, prepend=self._pos) < 0)
        if len(steps):
            raise self._unsorted(int(steps[0]), "a position lies before the one before it")
        self._records += len(pos)
        self._pos = int(pos[-1])

    def _unsorted(self, at: int, found: str) -> BadQuestion:
        where = f"{self._name}, record {self._records + at + 1}"
        return BadQuestion("file_unsorted", f"{found}; sort the file first", where)
