"""Where a build works: bins, and stretches of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schemas.contigs import PAGE_SIZE


class Stretch(NamedTuple):
    """Pages, first and last."""

    first: int
    last: int


@dataclass(frozen=True)
class Place:
    """One bin of one contig, 1-based inclusive."""

    contig: str
    bin: int
    first: int
    last: int

    @property
    def stretch(self) -> Stretch:
        """All its pages: a bin begins with one."""
        return Stretch((self.first - 1) // PAGE_SIZE, (self.last - 1) // PAGE_SIZE)
