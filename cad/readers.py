"""What figures are read from: the latest base of a purpose, or a release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cad.query import BaseReader, open_base
from cad.warehouse import Warehouse


@contextmanager
def open_reader(warehouse: Warehouse, purpose: str, release: str | None) -> Iterator[BaseReader]:
    """Open the latest base of a purpose, or what a release tells for it.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `base_missing`, `release_unknown`.
        Unavailable: `registry_unusable`.
    """
    if release is None:
        with open_base(warehouse, purpose) as base:
            yield BaseReader(warehouse, base)
    else:
        # Reading releases needs libraries that take a tenth of a second to import.
        from cad.releases.read import open_release  # noqa: PLC0415

        with open_release(warehouse, release, purpose) as reader:
            yield reader
