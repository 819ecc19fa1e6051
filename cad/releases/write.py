"""Writing the figures of a release: Parquet of all purposes side by side, then a VCF of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cad.disclosure import Hidden, Layout
from cad.disclosure.tables import COUNTS, EVERYTHING
from cad.export.figures import FiguresBlock, contigs_of, read_contig
from cad.export.names import field_suffixes
from cad.export.vcf import write_sites
from cad.query.base import Base
from cad.releases.decide import Before, Decider, Key, keys_of
from cad.releases.names import FREQUENCIES
from cad.releases.read import ReleaseReader
from cad.releases.table import FrozenTable, FrozenWriter
from cad.releases.windows import windows
from cad.warehouse import Warehouse
from loaders.jobs import Span, WrittenFile
from loaders.lake_writer import file_sha256
from schemas.contigs import CONTIGS


@dataclass(frozen=True)
class Frozen:
    """Purposes that are frozen side by side.

    Attributes:
        bases: by purpose, with the strata that the release tells.
        before: readers of the release before, by purpose.
        hides: whether small figures are hidden.
    """

    warehouse: Warehouse
    bases: Mapping[str, Base]
    before: Mapping[str, ReleaseReader]
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
        table = FrozenTable(paths[purpose], names)
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
                told = frozen.decider.hide(window, _before(frozen, contig, window))
            for purpose, block in told.items():
                writers[purpose].write(block)
    finally:
        for writer in writers.values():
            writer.close()
    for purpose, writer in writers.items():
        path = folder / purpose / "frequencies" / f"{contig}.parquet"
        yield purpose, path, Span(contig, writer.start, writer.end, writer.rows)


def _before(frozen: Frozen, contig: str, window: Mapping[str, FiguresBlock]) -> Before | None:
    """What the release before hid of the positions of a window, for any purpose."""
    if not frozen.before:
        return None
    start = min(int(block.pos[0]) for block in window.values())
    end = max(int(block.pos[-1]) for block in window.values())
    names = frozen.decider.layout.names
    levels: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
    rest: list[list[bool]] = []
    keys: dict[Key, int] = {}
    for reader in frozen.before.values():
        strata = [one.name for one in reader.base.strata]
        of = [(names.index(name), at) for at, name in enumerate(strata) if name in names]
        for block in reader.frozen_between(contig, start, end):
            hidden = _levels(block)
            forms, persons = (_mask(block, name)[:, 0] for name in ("n_het", "persons"))
            for row, key in enumerate(keys_of(block)):
                if key not in keys:
                    keys[key] = len(levels)
                    levels.append(np.zeros(len(names), np.uint8))
                    rest.append([False, False])
                at = keys[key]
                for to, own in of:
                    levels[at][to] = max(levels[at][to], hidden[row, own])
                rest[at] = [rest[at][0] or bool(forms[row]), rest[at][1] or bool(persons[row])]
    if not keys:
        return None
    others = np.array(rest, bool)
    return Before(keys, Hidden(np.stack(levels), others[:, 0], others[:, 1]))


def _mask(block: FiguresBlock, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return block.masks.get(name, np.zeros(block.ac.shape, bool))


def _levels(block: FiguresBlock) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """How much of each stratum is hidden; `all` is told in any case."""
    counts, depth = _mask(block, "ac"), _mask(block, "an")
    return np.where(depth, EVERYTHING, np.where(counts, COUNTS, 0)).astype(np.uint8)
