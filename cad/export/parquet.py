"""The base as plain Parquet: one long table, one file a contig, and a manifest with checksums."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cad.annotate.source_texts import SourceTeller, open_tellers
from cad.export.annotations import gathered, write_records
from cad.export.figures import FiguresBlock
from cad.export.rows import WITH_DICTIONARY, frequency_rows
from cad.export.source import Source, open_source
from cad.query.base import Base
from cad.warehouse import Warehouse
from loaders.lake_writer import file_sha256
from schemas.errors import Conflict
from schemas.releases import RELEASE_FREQUENCIES
from schemas.views import FREQUENCIES

log = logging.getLogger(__name__)

FORMAT: Final = "cad-export/1"
MANIFEST: Final = "manifest.json"
_ROW_GROUP_ROWS: Final = 262_144


@dataclass(frozen=True)
class ExportedFile:
    """One file: a contig's rows, sorted by pos, ref, alt, strata in the manifest's order."""

    path: str
    contig: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ExportedParquet:
    """What was written."""

    path: Path
    purpose: str
    commit: int
    release: str | None
    files: tuple[ExportedFile, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The document that `cad export parquet` prints."""
        return {
            "path": str(self.path),
            "manifest": str(self.path / MANIFEST),
            "purpose": self.purpose,
            "commit": self.commit,
            "release": self.release,
            "files": len(self.files),
            "rows": sum(file.rows for file in self.files),
            "seconds": round(self.seconds, 3),
        }


def export_parquet(
    warehouse: Warehouse,
    out: Path,
    *,
    purpose: str = "care",
    annotation: Sequence[str] = (),
    release: str | None = None,
) -> ExportedParquet:
    """Write the latest base of a purpose, or a release, as rows of `schemas.views.FREQUENCIES`.

    What sources say of its variants goes to folders of their own, to be joined by the variant.

    Args:
        warehouse: the warehouse.
        out: a directory that is absent or empty; it is filled whole or not at all.
        purpose: whose consents and cohorts let them count.
        annotation: sources whose fields are written (`cad.annotate.source_texts`).
        release: of which the figures are, as it tells them.

    Raises:
        Conflict: `output_exists`.
        BadQuestion: `purpose_unknown`, `annotation_field_unknown`.
        NotFound: `base_missing`, `annotation_unknown`, `release_unknown`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    started = perf_counter()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict("output_exists", "name another directory, or empty this one", out.name)
    partial = out.with_name(f".{out.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with open_source(warehouse, purpose, release) as source:
            base = source.base
            partial.mkdir(parents=True)
            files = tuple(
                _write_contig(base, contig, blocks, partial) for contig, blocks in source.blocks()
            )
            tellers = open_tellers(warehouse, base.pinned_no, annotation)
            said = [_write_source(source, teller, partial) for teller in tellers]
            manifest = _manifest(warehouse, base, files) | {"annotations": said}
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        (partial / MANIFEST).write_text(text + "\n", encoding="utf-8")
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    exported = ExportedParquet(
        out, purpose, base.commit_no, base.release, files, perf_counter() - started
    )
    log.info("exported %d files in %.2f s", len(files), exported.seconds)
    return exported


def _write_contig(
    base: Base, contig: str, blocks: Iterator[FiguresBlock], folder: Path
) -> ExportedFile:
    schema = FREQUENCIES if base.release is None else RELEASE_FREQUENCIES
    path = folder / "frequencies" / f"{contig}.parquet"
    path.parent.mkdir(exist_ok=True)
    rows = 0
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=WITH_DICTIONARY,  # type: ignore[arg-type]
        column_encoding={"pos": "DELTA_BINARY_PACKED"},
    ) as writer:
        for table in _row_groups(base, blocks, schema):
            writer.write_table(table, row_group_size=table.num_rows)
            rows += table.num_rows
    name = path.relative_to(folder).as_posix()
    return ExportedFile(name, contig, rows, path.stat().st_size, file_sha256(path))


def _write_source(source: Source, teller: SourceTeller, folder: Path) -> dict[str, Any]:
    """What a source says of the base's variants, a file a contig; its entry in the manifest."""
    files = []
    for contig, blocks in source.blocks():
        path = folder / "annotations" / teller.source.name / f"{contig}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = write_records(teller, gathered(blocks), path)
        if rows:
            name = path.relative_to(folder).as_posix()
            size, digest = path.stat().st_size, file_sha256(path)
            files.append(asdict(ExportedFile(name, contig, rows, size, digest)))
    return {
        "source": teller.source.name,
        "version": teller.source.version,
        "columns": list(teller.columns),
        "files": files,
    }


def _row_groups(
    base: Base, blocks: Iterator[FiguresBlock], schema: pa.Schema
) -> Iterator[pa.Table]:
    """The contig's rows in tables of about `_ROW_GROUP_ROWS`."""
    waiting: list[pa.Table] = []
    for block in blocks:
        waiting.append(frequency_rows(base, block, schema))
        if sum(table.num_rows for table in waiting) >= _ROW_GROUP_ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _manifest(warehouse: Warehouse, base: Base, files: tuple[ExportedFile, ...]) -> dict[str, Any]:
    """What the files are, of which base, and how they are checked."""
    return {
        "format": FORMAT,
        "table": "frequencies",
        "description": (FREQUENCIES.metadata or {})[b"description"].decode(),
        "warehouse_id": warehouse.warehouse_id,
        "assembly": warehouse.assembly,
        "purpose": base.purpose,
        "commit": base.commit_no,
        "release": base.release,
        "built_at": base.built_at.isoformat(),
        "persons": base.persons,
        "variants": base.variants,
        "thresholds": asdict(warehouse.config.thresholds),
        "rules_version": warehouse.config.rules_version,
        "strata": [stratum.name for stratum in base.strata],
        "columns": [
            {
                "name": field.name,
                "type": str(field.type),
                **{key.decode(): text.decode() for key, text in (field.metadata or {}).items()},
            }
            for field in FREQUENCIES
        ],
        "files": [asdict(file) for file in files],
    }
