"""Writing the figures of a release: Parquet of all purposes side by side, then a VCF of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cad.disclosure import Layout
from cad.export.figures import FiguresBlock, contigs_of, read_contig
from cad.export.names import field_suffixes
from cad.export.vcf import write_sites
from cad.query.base import Base
from cad.releases.decide import Decider
from cad.releases.earlier import Earlier
from cad.releases.names import FREQUENCIES
from cad.releases.read import ReleaseReader
from cad.releases.table import FrozenTable, FrozenWriter
from cad.releases.windows import joined, windows
from cad.warehouse import Warehouse
from loaders.jobs import Span, WrittenFile
from loaders.lake_writer import file_sha256
from schemas.contigs import CONTIGS


@dataclass(frozen=True)
class Frozen:
    """Purposes that are frozen side by side.

    Attributes:
        bases: by purpose, with the strata that the release tells.
        before: of each release before, readers by purpose.
        hides: whether small figures are hidden.
    """

    warehouse: Warehouse
    bases: Mapping[str, Base]
    before: Sequence[Mapping[str, ReleaseReader]]
    hides: bool

    @cached_property
    def decider(self) -> Decider:
        """Decides what is hidden; its layout has the strata of all purposes."""
        strata = {name: [one.name for one in base.strata] for name, base in self.bases.items()}
        ordered = sorted(
            {one for base in self.bases.values() for one in base.strata},
            key=lambda one: one.order,
        )
        names = tuple(dict.fromkeys(one.name for one in ordered))
        config = self.warehouse.config
        return Decider(Layout(names), strata, config.small_count, self.warehouse.assembly)


def freeze(frozen: Frozen, folder: Path) -> Iterator[WrittenFile]:
    """Write the figures of some purposes below a folder, each in a folder of its own.

    Raises:
        Conflict: `field_name_collision`.
        Unavailable: `lake_file_damaged`.
    """
    paths: dict[str, dict[str, Path]] = {purpose: {} for purpose in frozen.bases}
    for contig in CONTIGS:
        for purpose, path, span in _write_contig(frozen, contig, folder):
            paths[purpose][contig] = path
            yield _written(FREQUENCIES, path, span.rows, (span,))
    for purpose, base in frozen.bases.items():
        path = folder / purpose / "sites.vcf.gz"
        path.parent.mkdir(exist_ok=True)
        names = [one.name for one in base.strata]
        table = FrozenTable(paths[purpose], names, frozen.warehouse.lake)
        suffixes = field_suffixes(names)
        lines = write_sites(frozen.warehouse, base, table.contigs(), suffixes, False, (), path)
        yield _written("release_vcf", path, lines, ())
        yield _written("release_vcf_index", path.with_name(f"{path.name}.tbi"), 0, ())


def _written(table: str, path: Path, rows: int, spans: tuple[Span, ...]) -> WrittenFile:
    return WrittenFile(table, path, rows, path.stat().st_size, file_sha256(path), spans)


def _write_contig(frozen: Frozen, contig: str, folder: Path) -> Iterator[tuple[str, Path, Span]]:
    """Write a contig of each purpose; gives the files."""
    streams = {
        purpose: read_contig(base, contig)
        for purpose, base in frozen.bases.items()
        if contig in contigs_of(base)
    }
    writers: dict[str, FrozenWriter] = {}
    for purpose in streams:
        path = folder / purpose / "frequencies" / f"{contig}.parquet"
        writers[purpose] = FrozenWriter(frozen.bases[purpose], path)
    try:
        for window in windows(streams):
            told = window
            if frozen.hides:
                told = frozen.decider.hide(window, _earlier(frozen, contig, window))
            for purpose, block in told.items():
                writers[purpose].write(block)
    finally:
        for writer in writers.values():
            writer.close()
    for purpose, writer in writers.items():
        path = folder / purpose / "frequencies" / f"{contig}.parquet"
        yield purpose, path, Span(contig, writer.start, writer.end, writer.rows)


def _earlier(
    frozen: Frozen, contig: str, window: Mapping[str, FiguresBlock]
) -> list[dict[str, Earlier]]:
    """What each release before told of the positions of a window, by purpose."""
    start = min(int(block.pos[0]) for block in window.values())
    end = max(int(block.pos[-1]) for block in window.values())
    found = []
    for readers in frozen.before:
        own = {}
        for purpose, reader in readers.items():
            blocks = list(reader.frozen_between(contig, start, end))
            names = [one.name for one in reader.base.strata]
            own[purpose] = Earlier(names, joined(blocks) if blocks else None)
        found.append(own)
    return found
