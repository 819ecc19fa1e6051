"""Tables of text, parted by tabs or commas, as streams of columns found by their names.

Lines that begin with ``#`` come first; the last of them names the columns where it has as many as
the first row, else the first row does. A dot, ``NA`` and nothing at all are missing values.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from loaders.annotation.job import SourceJob
from loaders.bgzf import read_chunks
from loaders.sites.header import check_named_assembly
from schemas.errors import BadQuestion

_BLOCK_BYTES: Final = 4 << 20
_MISSING: Final = ("", ".", "NA", "NaN", "nan", "-")
_SHORT: Final = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")

Names = Mapping[str, Sequence[str]]
"""By column, the header names that may stand for it, in small letters; the first found is read."""


class TextTable:
    """A table of text; `columns` are the names found, `first_line` the line of the first row.

    Raises:
        BadQuestion: `annotation_malformed` without the required columns, `annotation_empty`,
            `assembly_mismatch`.
    """

    def __init__(self, job: SourceJob, names: Names, required: Sequence[str]) -> None:
        self._job = job
        chunks = read_chunks(job.path, progress=_adding(job), any_gzip=True)
        comments, header, rest, self.first_line = _split_header(chunks, job)
        check_named_assembly("\n".join(comments), job.assembly, job.name)
        self._delimiter = "\t" if "\t" in header else ","
        self._header = [one.strip().strip('"') for one in header.split(self._delimiter)]
        # The stubs know files on disk alone.
        self._stream: Any = _ChunkFile(rest, chunks)
        lower = [name.lower() for name in self._header]
        self._place = {
            column: next(lower.index(name) for name in wanted if name in lower)
            for column, wanted in names.items()
            if any(name in lower for name in wanted)
        }
        absent = [column for column in required if column not in self._place]
        if absent:
            detail = f"no column for {', '.join(absent)}; found {', '.join(self._header[:12])}"
            raise BadQuestion("annotation_malformed", detail, f"{job.name}, line 1")

    def __contains__(self, column: str) -> bool:
        return column in self._place

    def batches(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Blocks of rows: the line of the first one, and texts by column.

        Raises:
            BadQuestion: `annotation_malformed`, with the line.
        """
        numbered = [str(place) for place in range(len(self._header))]
        wanted = sorted(set(self._place.values()))
        line = self.first_line
        try:
            reader = csv.open_csv(
                self._stream,
                csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=numbered),
                csv.ParseOptions(
                    delimiter=self._delimiter,
                    quote_char='"' if self._delimiter == "," else False,
                ),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(numbered, pa.string()),
                    include_columns=[str(place) for place in wanted],
                    null_values=list(_MISSING),
                    strings_can_be_null=True,
                ),
            )
            for batch in reader:
                texts = {name: batch[str(place)] for name, place in self._place.items()}
                yield line, texts
                line += batch.num_rows
        except pa.ArrowInvalid as error:
            raise self._malformed(str(error)) from None

    def _malformed(self, text: str) -> BadQuestion:
        short = _SHORT.search(text)
        if short is None:
            kind = "no UTF-8" if "UTF8" in text else "no rows" if "Empty" in text else "unreadable"
            reason = "annotation_empty" if kind == "no rows" else "annotation_malformed"
            return BadQuestion(reason, f"the table holds {kind}", self._job.name)
        row, expected, found = map(int, short.groups())
        where = f"{self._job.name}, line {self.first_line + row - 1}"
        return BadQuestion("annotation_malformed", f"{found} columns, expected {expected}", where)

    def number(self, text: Any, kind: pa.DataType, column: str, line: int) -> Any:
        """Texts as numbers.

        Raises:
            BadQuestion: `annotation_malformed`, with the line.
        """
        try:
            return pc.cast(text, kind)
        except pa.ArrowInvalid:
            for row, value in enumerate(text):
                try:
                    pc.cast(value, kind)
                except pa.ArrowInvalid:
                    name = self._header[self._place[column]]
                    detail = f"{name} is {value.as_py()!r}, expected a number"
                    where = f"{self._job.name}, line {line + row}"
                    raise BadQuestion("annotation_malformed", detail, where) from None
            raise


def _split_header(chunks: Iterator[bytes], job: SourceJob) -> tuple[list[str], str, bytes, int]:
    """Comments, the line of column names, the bytes read beyond it, and the first row's line."""
    text = b""
    for chunk in chunks:
        text += chunk
        if re.search(rb"(?:^|\n)[^#\n][^\n]*\n[^\n]*\n", text):
            break
    lines = text.decode(errors="replace").splitlines()
    count = next((at for at, one in enumerate(lines) if not one.startswith("#")), len(lines))
    if count == len(lines):
        raise BadQuestion("annotation_empty", "the table holds no rows", job.name)
    named = lines[count - 1].lstrip("#").strip() if count else ""
    delimiter = "\t" if "\t" in lines[count] else ","
    is_named = named.count(delimiter) == lines[count].count(delimiter) > 0
    taken = count if is_named else count + 1
    rest = text.split(b"\n", taken)
    header = named if is_named else lines[count]
    return lines[:count], header, rest[taken] if len(rest) > taken else b"", taken + 1


def _adding(job: SourceJob) -> Any:
    """Progress that is told how many more bytes were read."""
    if job.progress is None:
        return None
    done, size, tell = 0, job.path.stat().st_size, job.progress

    def add(more: int) -> None:
        nonlocal done
        done += more
        tell(done, size)

    return add


class _ChunkFile(io.RawIOBase):
    """Chunks of bytes as a file."""

    def __init__(self, first: bytes, chunks: Iterator[bytes]) -> None:
        self._rest = memoryview(first)
        self._chunks = chunks

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
