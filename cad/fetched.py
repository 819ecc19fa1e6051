"""A batch where its sender left it: a directory here, or a folder of an object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cad.commit import open_session
from cad.extras import import_part
from cad.warehouse import Warehouse


@contextmanager
def batch_directory(warehouse: Warehouse, place: str) -> Iterator[Path]:
    """The directory of a batch, for as long as the block lasts.

    What lies in a store is brought to the staging folder of a session that never commits: when the
    block ends, or at the latest with the sweep after a crash, nothing of it is left.

    Args:
        warehouse: the warehouse.
        place: the directory, or a URL such as ``s3://bucket/SEQOIA-2026-11-20-001``.

    Raises:
        BatchRefused: `path_not_allowed`, where a name in the store leads out of its folder.
        Unavailable: `store_unusable`, `extra_missing`, `registry_unusable`.
    """
    if "://" not in place:
        yield Path(place)
        return
    store = import_part("cad.store").Store.open(place)
    with open_session(warehouse, "push") as session:
        directory = session.staging / Path(place).name
        directory.mkdir()
        store.get_all(directory)
        yield directory
