"""What the base's variants do to transcripts, and their VRS identifiers, kept beside the base.

After each build, and once a gene model is loaded, the tables `annotation_consequence` (of the gene
model that answers), `base_told` (what pushed files told) and `base_vrs` are brought to hold exactly
the variants of the base, of whichever purpose: those new to it are computed, those that left it
leave, the others are copied. A bin whose base did not change since is not read. Nothing of a
genotype is touched.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cad.annotation.gene_model import GeneModel
from cad.annotation.gene_source import gene_model_of, gene_source
from cad.annotation.reader import open_annotations
from cad.annotation.told import PENDING, TOLD
from cad.annotation.writer import in_order
from cad.build.people import PURPOSES
from cad.build.sources import VARIANT_TABLES
from cad.commit import Session, open_session
from cad.faults import reach
from cad.leases import pin
from cad.registry.annotations import (
    AnnotationRow,
    HeldFile,
    add_annotation_files,
    annotation_files,
    computed_files,
    sources_at,
)
from cad.registry.bases import latest_base
from cad.registry.engine import reading
from cad.registry.files import LakeFile, lake_files, remove_files
from cad.warehouse import Warehouse
from loaders.consequences.bcftools import Site, write_fasta
from loaders.consequences.rows import compute_rows
from loaders.jobs import WrittenFile
from loaders.lake_writer import LakeWriter
from loaders.reference import Sequence as Bases
from loaders.reference import refget_of, registered_sequence
from loaders.vrs import PREFIX, justify
from schemas.contigs import BIN_SIZE, CONTIG_ORDER
from schemas.genes import BASE_VRS, GENE_TABLES

log = logging.getLogger(__name__)

CONSEQUENCES: Final = "annotation_consequence"
IDENTIFIERS: Final = "base_vrs"
_TABLES: Final = (TOLD, CONSEQUENCES, IDENTIFIERS)
_NONE: Final = "-none-"
_RUN_SITES: Final = 20_000
"""Variants of one run of bcftools, so that a bin's rows need not be in memory as Python's."""
Bin = tuple[str, int]


@dataclass(frozen=True)
class AnnotateReport:
    """What was done: the commit, None where nothing was kept, and variants newly told of."""

    commit: int | None
    consequences: int = 0
    identifiers: int = 0
    seconds: float = 0.0


def annotate_variants(warehouse: Warehouse) -> AnnotateReport:
    """Bring consequences and identifiers to the variants of the latest base.

    Raises:
        Unavailable: `consequences_failed`, `registry_unusable`.
        Conflict: `session_expired`.
    """
    started = perf_counter()
    with pin(warehouse) as commit_no:
        work = _Work.plan(warehouse, commit_no)
        if not (work.stale or work.pending or work.replaced):
            return AnnotateReport(None, seconds=perf_counter() - started)
        with open_session(warehouse, "annotate") as session:
            for contig in sorted({place[0] for place in work.stale}, key=CONTIG_ORDER.__getitem__):
                work.compute(contig, session)
            reach("annotate:read")
            files = [file for some in work.written.values() for file in some]
            number, is_kept = session.commit(
                lambda connection, number: work.register(connection, number, session), files
            )
    report = AnnotateReport(
        number if is_kept else None, work.added[CONSEQUENCES], work.added[IDENTIFIERS],
        perf_counter() - started,
    )  # fmt: skip
    log.info("annotated: %s", report)
    return report


@dataclass
class _Work:
    """What is to be done upon a pinned commit, and what was.

    Attributes:
        warehouse: the warehouse.
        upon: the base and the choice of sources it is done for.
        source: the gene model's version that answers, None where there is none.
        model: the gene model.
        told: files of sources that tell consequences themselves, by bin.
        pending: files of what pushed files told since the last time.
        base: the base's files of variants, of all purposes, by bin.
        held: files of both tables by table and bin.
        stale: digests of what bins are made of, where a table has other files for them or none.
    """

    warehouse: Warehouse
    upon: tuple[int | None, int]
    source: AnnotationRow | None
    model: GeneModel | None
    told: dict[Bin, list[Path]]
    pending: list[LakeFile]
    base: dict[Bin, list[LakeFile]]
    held: dict[tuple[str, Bin], HeldFile]
    stale: dict[Bin, str] = field(default_factory=dict)
    written: dict[str, list[WrittenFile]] = field(default_factory=lambda: defaultdict(list))
    replaced: list[int] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def plan(cls, warehouse: Warehouse, commit_no: int) -> _Work:
        """Find the bins whose files are not of what they should be."""
        annotations = open_annotations(warehouse, commit_no)
        source = gene_source(annotations)
        telling = [one.annotation_no for one in annotations.sources if one.kind == "consequences"]
        told: dict[Bin, list[Path]] = defaultdict(list)
        base: dict[Bin, list[LakeFile]] = defaultdict(list)
        with reading(warehouse.engine) as connection:
            upon = _upon(connection, commit_no)
            for _, _, contig, number, path in annotation_files(
                connection, commit_no, telling, table=CONSEQUENCES
            ):
                if contig is not None and number is not None:
                    told[contig, number].append(warehouse.path / path)
            for purpose in PURPOSES:
                for file in lake_files(connection, commit_no, VARIANT_TABLES, purpose=purpose):
                    if file.contig is not None and file.bin is not None:
                        base[file.contig, file.bin].append(file)
            held, others = computed_files(connection, commit_no, source)
            pending = lake_files(connection, commit_no, PENDING)
        model = gene_model_of(annotations)
        work = cls(warehouse, upon, source, model, told, pending, base, held)
        work.stale = {
            place: digest
            for place, digest in work.digests().items()
            if any(work.is_stale(table, place, digest) for table in _TABLES)
        }
        # Versions that do not answer keep theirs until the base has other variants there.
        digests = work.digests()
        work.replaced = [
            file.file_no
            for place, file in others
            if digests.get(place, _NONE) not in Path(file.path).name
        ]
        return work

    def digests(self) -> dict[Bin, str]:
        """Of each bin what its files are made of, in short; a bin that left the base too."""
        places = {*self.base, *(place for _, place in self.held)}
        return {
            place: _digest(
                [file.sha256 for file in self.base.get(place, ())],
                [path.as_posix() for path in self.told.get(place, ())],
            )
            for place in places
        }

    def is_stale(self, table: str, place: Bin, digest: str) -> bool:
        """Whether a table's file of a bin must be written anew, or taken away."""
        if table != IDENTIFIERS and any(_touches(file, place) for file in self.pending):
            return True
        held = self.held.get((table, place))
        if held is not None:
            return digest not in Path(held.path).name
        return place in self.base and self.is_computable(table, place[0])

    def is_computable(self, table: str, contig: str) -> bool:
        """Whether what a table needs is registered for a contig."""
        reference = self.warehouse.reference
        if table == TOLD:
            return False
        if table == IDENTIFIERS:
            return refget_of(reference, contig) is not None
        return self.model is not None and len(registered_sequence(reference, contig).bases) > 0

    def compute(self, contig: str, session: Session) -> None:
        """Write the stale bins of a contig."""
        bases = registered_sequence(self.warehouse.reference, contig)
        work = session.staging / "work"
        fasta = None
        for place, digest in sorted(self.stale.items()):
            if place[0] != contig:
                continue
            session.check()
            sites = self._sites(place)
            if self.is_stale(IDENTIFIERS, place, digest):
                rows = self._identifiers(place, sites, bases)
                self._write(IDENTIFIERS, place, digest, rows, session)
            rows, told = self._told(place, sites)
            if self.is_stale(TOLD, place, digest):
                self._write(TOLD, place, digest, rows, session)
            if self.is_stale(CONSEQUENCES, place, digest):
                if fasta is None and self.is_computable(CONSEQUENCES, contig):
                    fasta = write_fasta(contig, bases, work / f"{contig}.fa")
                rows = self._consequences(place, sites - told, bases, fasta)
                self._write(CONSEQUENCES, place, digest, rows, session)
        shutil.rmtree(work, ignore_errors=True)

    def _sites(self, place: Bin) -> set[Site]:
        """The variants of the base in a bin, of all purposes."""
        return {
            site
            for file in self.base.get(place, ())
            for site in _keys(self.warehouse.lake.local(file.path))
        }

    def _kept(self, table: str, place: Bin, sites: set[Site]) -> tuple[pa.Table, set[Site]]:
        """The rows that a table has of the base's variants, and those it has none of."""
        held = self.held.get((table, place))
        schema = GENE_TABLES[table]
        if held is None:
            return schema.empty_table(), set(sites)
        path = self.warehouse.lake.local(held.path)
        keys = [Site(*key) for key in zip(*_key_columns(path), strict=True)]
        rows = pq.read_table(path, schema=schema)
        return rows.filter(pa.array([key in sites for key in keys], pa.bool_())), sites - set(keys)

    def _identifiers(self, place: Bin, sites: set[Site], bases: Bases) -> pa.Table:
        accession = refget_of(self.warehouse.reference, place[0])
        kept, new = self._kept(IDENTIFIERS, place, sites)
        if accession is None:
            return kept.slice(0, 0)
        ordered = sorted(new)
        self.added[IDENTIFIERS] += len(ordered)
        made = [justify(bases.bases, accession, *site).identifier for site in ordered]
        columns = {
            "contig": [place[0]] * len(ordered),
            **{name: [getattr(site, name) for site in ordered] for name in Site._fields},
            "vrs": [identifier.removeprefix(PREFIX) for identifier in made],
        }
        return pa.concat_tables([kept, pa.table(columns, schema=BASE_VRS)]).sort_by("vrs")

    def _consequences(
        self, place: Bin, sites: set[Site], bases: Bases, fasta: Path | None
    ) -> pa.Table:
        paths = map(self.warehouse.lake.local, self.told.get(place, ()))
        told = {site for path in paths for site in _keys(path)}
        kept, new = self._kept(CONSEQUENCES, place, sites - told)
        ordered = sorted(site for site in new if bases.holds(site.pos, site.pos))
        if fasta is None or self.model is None or not ordered:
            return kept
        self.added[CONSEQUENCES] += len(ordered)
        parts = [kept]
        for first in range(0, len(ordered), _RUN_SITES):
            some = ordered[first : first + _RUN_SITES]
            end = max(site.pos + len(site.ref) for site in some)
            transcripts = self.model.transcripts_within(place[0], some[0].pos, end)
            parts.append(compute_rows(place[0], bases, fasta, transcripts, some))
        return in_order(pa.concat_tables(parts))

    def _told(self, place: Bin, sites: set[Site]) -> tuple[pa.Table, set[Site]]:
        """What pushed files told of the bin's variants, of each by the first; and of which."""
        rows, left = self._kept(TOLD, place, sites)
        for file in self.pending:
            if _touches(file, place) and left:
                more = pq.read_table(self.warehouse.lake.local(file.path), filters=_within(place))
                keys = [Site(*key) for key in zip(*_columns_of(more), strict=True)]
                new = pa.array([key in left for key in keys], pa.bool_())
                rows = pa.concat_tables([rows, more.filter(new).cast(rows.schema)])
                left = left - set(keys)
        return in_order(rows), sites - left

    def _write(self, table: str, place: Bin, digest: str, rows: pa.Table, session: Session) -> None:
        path = session.staging / table / place[0] / f"{place[1]}-{digest}.parquet"
        with LakeWriter(table, path) as writer:
            writer.write(rows)
        if writer.written is not None:
            self.written[table].append(writer.written)
        held = self.held.get((table, place))
        if held is not None:
            self.replaced.append(held.file_no)

    def register(self, connection: Connection, commit_no: int, session: Session) -> bool:
        """Register what was written, unless it was made for another base or other sources."""
        if _upon(connection, commit_no - 1) != self.upon:
            log.info("the base or its sources changed meanwhile; what was computed is discarded")
            return False
        remove_files(connection, commit_no, self.replaced)
        remove_files(connection, commit_no, [file.file_no for file in self.pending])
        session.add_files(connection, commit_no, self.written[TOLD])
        if self.source is not None:
            placed = [(file, session.lake_path(file)) for file in self.written[CONSEQUENCES]]
            add_annotation_files(connection, commit_no, self.source.annotation_no, placed)
        session.add_files(connection, commit_no, self.written[IDENTIFIERS])
        return True


def _upon(connection: Connection, commit_no: int) -> tuple[int | None, int]:
    """The base, and the choice of sources, at a commit."""
    base = latest_base(connection, commit_no)
    chosen = sorted(row.annotation_no for row in sources_at(connection, commit_no)
                    if row.is_default and row.kind in ("genes", "consequences"))  # fmt: skip
    return (base.commit_no if base else None), hash(tuple(chosen))


def _digest(*parts: Iterable[str]) -> str:
    text = "\n".join(" ".join(sorted(part)) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keys(path: Path) -> Iterator[Site]:
    return (Site(*key) for key in zip(*_key_columns(path), strict=True))


def _key_columns(path: Path) -> list[list[Any]]:
    return _columns_of(pq.read_table(path, columns=list(Site._fields)))


def _columns_of(rows: pa.Table) -> list[list[Any]]:
    return [rows[name].to_pylist() for name in Site._fields]


def _touches(file: LakeFile, place: Bin) -> bool:
    """Whether a file may have rows in a bin."""
    contig, number = place
    first, last = number * BIN_SIZE + 1, (number + 1) * BIN_SIZE
    return any(
        span.contig == contig and span.start <= last and span.end >= first for span in file.spans
    )


def _within(place: Bin) -> pc.Expression:
    contig, number = place
    pos = pc.field("pos")
    inside = (pos > number * BIN_SIZE) & (pos <= (number + 1) * BIN_SIZE)
    return inside & (pc.field("contig") == contig)
