"""Texts of a block's lines as Arrow columns: entries of INFO by key, and other columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.kernel.numbers import hash_of
from loaders.kernel.site_info import copy_spans, find_entries, mark_missing, pick_items
from loaders.sites.lines import Lines
from schemas.errors import BadQuestion

Longs = NDArray[np.int64]

_PADDING: Final = bytes(16)


class InfoReader:
    """Finds wanted keys in the INFO of lines, block after block."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._number = {key: number for number, key in enumerate(keys)}
        size = 1 << (4 * len(keys) + 1).bit_length()
        self._slots = np.zeros((size, 2), np.int64)
        for key, number in self._number.items():
            value = hash_of(key.encode())
            slot = value & (size - 1)
            while self._slots[slot, 1]:
                slot = (slot + 1) & (size - 1)
            self._slots[slot] = value, number + 1

    def read(self, lines: Lines) -> InfoBlock:
        """Find the keys in a block."""
        text = np.frombuffer(lines.text + _PADDING, np.uint8)
        shape = (len(self._number), len(lines))
        begin, end = np.full(shape, -1, np.int64), np.full(shape, -1, np.int64)
        find_entries(text, lines.info, lines.info_end, self._slots, begin, end)
        return InfoBlock(self._number, lines, text, begin, end)


class InfoBlock:
    """The found entries of one block; made by `InfoReader`."""

    def __init__(
        self,
        number: dict[str, int],
        lines: Lines,
        text: NDArray[np.uint8],
        begin: Longs,
        end: Longs,
    ) -> None:
        self._number = number
        self._lines = lines
        self._text = text
        self._begin = begin
        self._end = end

    def values(self, key: str, line: Longs) -> Any:
        """The whole value of a key in some lines, null where there is none or a dot."""
        number = self._number[key]
        return self.texts(self._begin[number][line], self._end[number][line])

    def items(self, key: str, line: Longs, nth: Longs) -> tuple[Any, int]:
        """One item of a key's value in some lines; and how many values are too short for it."""
        number = self._number[key]
        begin, end = self._begin[number][line], self._end[number][line]
        short = pick_items(self._text, begin, end, nth)
        return self.texts(begin, end), short

    def column(self, number: int, line: Longs) -> Any:
        """One of the first seven columns, from 0, in some lines; null where it is a dot."""
        tabs = self._lines.tabs
        return self.texts(tabs[line, number - 1] + 1, tabs[line, number].copy())

    def texts(self, begin: Longs, end: Longs) -> Any:
        """Bytes as texts, null where `begin` is -1 or they are empty or a single dot."""
        mark_missing(self._text, begin, end)
        lengths = np.where(begin >= 0, end - begin, 0)
        edges = np.zeros(len(begin) + 1, np.int32)
        np.cumsum(lengths, out=edges[1:])
        out = np.empty(int(edges[-1]), np.uint8)
        copy_spans(self._text, begin, end, edges, out)
        valid = np.packbits(begin >= 0, bitorder="little")
        # The stubs do not know that an array is a buffer.
        parts: list[Any] = [valid, edges, out]
        found: Any = pa.Array.from_buffers(
            pa.string(), len(begin), [pa.py_buffer(one) for one in parts]
        )
        if np.any(out > 127):
            _check_utf8(found)
        return found


def _check_utf8(texts: Any) -> None:
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        raise BadQuestion("annotation_malformed", "a text is not UTF-8") from None
