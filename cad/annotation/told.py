"""Consequences that a pushed file tells of the variants it brings, kept until the next build.

Read in the same processes as the file itself, and only of variants that a kept sample carries and
of which nothing is told yet. The build moves what the base then holds to `base_told`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cad.annotation.match import SourceRows
from cad.lake import Lake
from cad.reading import read_files_by
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from loaders.annotation.consequences import Format, consequence_format, consequence_rows
from loaders.annotation.job import SourceJob
from loaders.annotation.vcf import SiteRows, read_sites
from loaders.jobs import FileJob, WrittenFile
from loaders.lake_writer import LakeWriter
from loaders.sites.blocks import read_blocks
from schemas.errors import CadError

log = logging.getLogger(__name__)

PENDING: Final = "told_pending"
"""What pushed files tell, a file each, until a build."""
TOLD: Final = "base_told"
"""What they told of the base's variants, by bin."""

_KEY: Final = ("pos", "ref", "alt")
_ANY: Final = 1 << 62
"""REFs that disagree were set aside when the file was read."""


def read_told(
    warehouse: Warehouse, jobs: Sequence[FileJob], tick: Callable[[int], None]
) -> list[WrittenFile]:
    """Read what some files tell, which have been read already.

    A file whose entries cannot be read tells nothing; that refuses no batch.

    Args:
        warehouse: the warehouse.
        jobs: as the files were read.
        tick: called now and then.
    """
    with reading(warehouse.engine) as connection:
        held = lake_files(connection, latest_commit(connection), TOLD)
    known: dict[str, list[str]] = {}
    for file in held:
        if file.contig is not None:
            known.setdefault(file.contig, []).append(file.path)
    settings = warehouse.settings
    found = read_files_by(
        partial(read_told_of_file, known=known, lake=warehouse.lake),
        [job for job in jobs if _tells(job)],
        workers=settings.workers,
        parallel_bytes=settings.parallel_bytes,
        tick=tick,
    )
    return [file for _, file in found if file is not None]


def read_told_of_file(
    job: FileJob, progress: Callable[[int], None], *, known: Mapping[str, list[str]], lake: Lake
) -> WrittenFile | None:
    """Write what one file tells beside its calls; None where it tells nothing new."""
    form = _format(job)
    if form is None or job.out is None:
        return None
    done = 0

    def advance(now: int, _: int) -> None:
        nonlocal done
        progress(now - done)
        done = now

    source = SourceJob(
        job.path, job.assembly, job.reference, max_ref_mismatches=_ANY, progress=advance
    )
    wanted = _Wanted(job.out / "calls.parquet", known, lake)
    with LakeWriter(PENDING, job.out / "told.parquet") as writer:
        try:
            for _, rows in read_sites(source, {"terms": (form.key,)}):
                writer.write(consequence_rows(wanted.of(rows), form))
        except CadError as error:
            log.warning("%s: its consequences are not read further: %s", job.name, error)
    return writer.written


def _tells(job: FileJob) -> bool:
    return job.out is not None and (job.out / "calls.parquet").exists() and _format(job) is not None


def _format(job: FileJob) -> Format | None:
    header = next(read_blocks(job.path, None))
    return consequence_format(header.decode(errors="surrogateescape"))


@dataclass
class _Wanted:
    """Which variants of a file are asked about: those called, of which nothing is told yet."""

    calls: Path
    known: Mapping[str, list[str]]
    lake: Lake
    _contig: str = ""
    _called: SourceRows | None = None
    _told: list[SourceRows] = field(default_factory=list)

    def of(self, rows: SiteRows) -> SiteRows:
        """Those of some rows."""
        if rows.contig != self._contig or self._called is None:
            self._contig = rows.contig
            here = pc.field("contig") == rows.contig
            called = pq.read_table(self.calls, columns=list(_KEY), filters=here)
            self._called = SourceRows(called)
            self._told = [
                SourceRows(pq.read_table(self.lake.local(path), columns=list(_KEY)))
                for path in self.known.get(rows.contig, ())
            ]
        wanted = self._called.find(rows.alleles, rows.kept) >= 0
        for told in self._told:
            wanted &= told.find(rows.alleles, rows.kept) < 0
        chosen = np.flatnonzero(wanted)
        return replace(rows, kept=rows.kept[chosen], line=rows.line[chosen], nth=rows.nth[chosen])
