"""Where a build works: bins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One bin of one contig, 1-based inclusive."""

    contig: str
    bin: int
    first: int
    last: int
