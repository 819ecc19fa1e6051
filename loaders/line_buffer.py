"""Whole lines out of a stream of chunks, in one array that the kernels read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

PADDING: Final = 64
"""Bytes after the last line, as kernels read some bytes at a time."""


class LineBuffer:
    """Keeps what was not consumed yet, and gives it with the next chunk behind it."""

    def __init__(self, room: int) -> None:
        self.text: NDArray[np.uint8] = np.zeros(room + PADDING, np.uint8)
        self._end = 0
        self._begin = 0

    def add(self, chunk: bytes) -> int:
        """Append a chunk; returns where the whole lines in `text`, which begin at 0, end."""
        left = self._end - self._begin
        size = left + len(chunk)
        target = self.text
        if size + PADDING > len(target):
            target = np.zeros(2 * size + PADDING, np.uint8)
        target[:left] = self.text[self._begin : self._end]
        target[left:size] = np.frombuffer(chunk, np.uint8)
        self.text, self._begin, self._end = target, 0, size
        return left + chunk.rfind(b"\n") + 1 if b"\n" in chunk else 0

    def consume(self, end: int) -> None:
        """Forget the text before `end`."""
        self._begin = end

    def close(self) -> int:
        """End the last line where its newline is missing; returns where it ends, 0 without one."""
        return self.add(b"\n") if self._end > self._begin else 0

    def line_at(self, at: int) -> bytes:
        """The whole line that begins at `at`."""
        line: bytes = self.text[at : self._end].tobytes().partition(b"\n")[0]
        return line
