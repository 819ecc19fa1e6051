"""Where the figures of an export come from: the latest base of a purpose, or a release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cad.export.figures import Contigs, read_base_blocks
from cad.query.base import Base
from cad.query.folded import open_folded
from cad.releases.read import open_release
from cad.warehouse import Warehouse


@dataclass(frozen=True)
class Source:
    """Figures to export: whose they are, and a reading of them from the beginning."""

    base: Base
    blocks: Callable[[], Contigs]


@contextmanager
def open_source(warehouse: Warehouse, purpose: str, release: str | None) -> Iterator[Source]:
    """Open the latest base of a purpose, or what a release tells for it.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `base_missing`, `release_unknown`.
        Unavailable: `registry_unusable`.
    """
    if release is None:
        with open_folded(warehouse, purpose) as base:
            yield Source(base, lambda: read_base_blocks(base))
    else:
        with open_release(warehouse, release, purpose) as reader:
            yield Source(reader.base, reader.blocks)
