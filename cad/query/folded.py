"""A base as if each bin had just been written as a whole, for those who read all of it.

Bins to which builds added since are written anew to a folder of the reader's own, by what builds
write them with; the others are read where they are. After `cad maintain` none is to be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from cad.query.base import ADDED_TABLES, BASE_TABLES, Base, open_base
from cad.warehouse import Warehouse


@contextmanager
def open_folded(warehouse: Warehouse, purpose: str) -> Iterator[Base]:
    """Pin the latest base of a purpose, with nothing beside its bins, until the block ends.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `base_missing`, where nothing was built yet.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    with (
        open_base(warehouse, purpose) as base,
        TemporaryDirectory(prefix="cad-folded-") as folder,
    ):
        yield _folded(warehouse, base, Path(folder))


def _folded(warehouse: Warehouse, base: Base, folder: Path) -> Base:
    places = base.added_places()
    if not places:
        return base
    # What compiles kernels takes half a second to import, and mostly there is nothing to be done.
    write = import_module("cad.build.folding").write_folded
    files = {table: dict(base.files[table]) for table in BASE_TABLES}
    for place in places:
        out = folder / place.contig / str(place.bin)
        for file in write(warehouse.assembly, base, place, out):
            files[file.table][place] = file.path
    return replace(base, files=files, added={table: {} for table in ADDED_TABLES})
