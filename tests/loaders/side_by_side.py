"""One file of a batch read by the warehouse's reader and by the twin, and what must be equal.

The reader's rows are decoded as a build decodes them: what a sample's tracks say, where no callable
row says otherwise, at the ploidy of the position.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow.parquet as pq

from loaders.header import read_header
from loaders.jobs import Column, FileJob, FileResult, Track
from loaders.tracks import bed_track
from loaders.vcf_file import read_vcf
from schemas.contigs import PAGE_SIZE, Assembly, canonical_contig, region_class
from schemas.known import FULL, KNOWN_MASK, PLOIDY, WHY_MASK, failed, passing, raw
from tests.twin import Key, Reference, TwinFile, read_bed, read_file

Places = Iterable[tuple[str, int, int]]
Read = tuple[int, int]
"""How a code is read: at which ploidy, and 1 where only what passes counts."""


@dataclass
class Entry:
    """A file of a batch directory as its manifest and sheet name it; columns are their own ids."""

    path: Path
    kind: str
    callability: str
    assembly: Assembly
    contigs: list[str] | None = None
    beds: dict[str, Path] = field(default_factory=dict)
    """Each column's BED."""
    ignored: Collection[str] = ()
    reference: Path | None = None
    """The registered reference, as imported."""

    def job(self, out: Path | None) -> FileJob:
        """What the warehouse reads; samples are numbered from the last column to the first."""
        names = read_header(self.path).samples
        tracks: dict[Path, Track] = {
            bed: bed_track(bed, self.assembly, self.contigs) for bed in {*self.beds.values()}
        }
        columns = []
        for number, name in enumerate(names):
            bed = tracks[self.beds[name]] if name in self.beds else {}
            kept = None if name in self.ignored else len(names) - number
            columns.append(Column(name, kept, bed))
        return FileJob(
            self.path,
            self.path.name,
            "mitochondrial" if self.kind == "mitochondrial" else "germline",
            self.callability,  # type: ignore[arg-type]
            self.assembly,
            tuple(columns),
            contigs=None if self.contigs is None else tuple(self.contigs),
            reference=self.reference,
            out=out,
        )

    def twin(self, reference: Reference | None) -> TwinFile:
        """What the twin reads."""
        return read_file(
            self.path,
            kind=self.kind,
            callability=self.callability,
            assembly=self.assembly,
            reference=reference,
            bed={name: read_bed(bed) for name, bed in self.beds.items()},
            contigs=self.contigs,
            ignored=self.ignored,
        )


def entries_of(
    batch: Path, reference: Path | None, ignored: Collection[str] = ()
) -> Iterator[Entry]:
    """The files of a batch directory; `ignored` are sample ids."""
    manifest = json.loads((batch / "manifest.json").read_text())
    header, *rows = [line.split("\t") for line in (batch / "samples.tsv").read_text().splitlines()]
    sheet = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    for entry in manifest["files"]:
        path = batch / entry["path"]
        ids = {name: entry.get("samples", {}).get(name, name) for name in read_header(path).samples}
        beds = {}
        if entry["callability"] == "bed":
            for name, sample in ids.items():
                own = sheet[sample].get("callable_bed") or entry["callable_bed"]
                beds[name] = batch / own
        contigs = entry.get("contigs")
        yield Entry(
            path,
            entry["kind"],
            entry["callability"],
            manifest["assembly"],
            None if contigs is None else [canonical_contig(name) or name for name in contigs],
            beds,
            [name for name, sample in ids.items() if sample in ignored],
            reference,
        )


@dataclass
class Rows:
    """What a file's Parquet holds, by column name of the file."""

    result: FileResult
    names: dict[int, str]
    calls: list[dict[str, Any]]
    callable: list[dict[str, Any]]
    job: FileJob

    @classmethod
    def read(cls, entry: Entry, out: Path, **options: int) -> Self:
        """Read the file into a folder; `options` go to `read_vcf`."""
        job = entry.job(out)
        result = read_vcf(job, **options)
        rows = {file.table: pq.read_table(file.path).to_pylist() for file in result.written}
        names = {column.number: column.name for column in job.columns if column.number is not None}
        return cls(result, names, rows.get("calls", []), rows.get("callable", []), job)

    def dosages(self, name: str, read: Read) -> dict[Key, int]:
        """A sample's calls at one ploidy, where somebody may have that ploidy; on M the doses."""
        ploidy, passes = read
        found = {}
        for row in self.calls:
            is_possible = row["contig"] == "M" or self._is_possible(
                row["contig"], row["pos"], ploidy
            )
            if self.names[row["sample"]] == name and is_possible:
                at = 2 if row["contig"] == "M" else ploidy
                dosage = (passing if passes else raw)(row["dosage"], at)
                if dosage:
                    found[Key(row["contig"], row["pos"], row["ref"], row["alt"])] = dosage
        return found

    def _is_possible(self, contig: str, pos: int, ploidy: int) -> bool:
        return ploidy in PLOIDY[region_class(self.job.assembly, contig, pos)]

    def told(self, name: str, contig: str, start: int, end: int) -> dict[int, tuple[int, int]]:
        """A sample's code and why at each position of a span: its track's, or those of its row."""
        column = next(column for column in self.job.columns if column.name == name)
        track = column.bed if self.job.callability == "bed" else self.result.own_track
        told = dict.fromkeys(range(start, end + 1), (0, 0))
        runs = (track or {}).get(contig)
        if runs is not None:
            whys = np.zeros(len(runs.code), np.int32) if runs.why is None else runs.why
            columns = (runs.start, runs.end, runs.code, whys)
            for first, last, code, why in zip(*columns, strict=True):
                for pos in range(max(first, start), min(last, end) + 1):
                    kind = region_class(self.job.assembly, contig, pos)
                    told[pos] = int(code) & KNOWN_MASK[kind], int(why)
        for row in self.callable:
            if self.names[row["sample"]] == name and row["contig"] == contig:
                for pos in range(max(row["start"], start), min(row["end"], end) + 1):
                    assert row["replaced"] == told[pos][0], (name, pos, row, told[pos])
                    assert (row["code"], row["why"]) != told[pos], (name, pos, row)
                    told[pos] = row["code"], row["why"]
        return told


def check_receipt(found: FileResult, twin: TwinFile) -> None:
    """Lines and alleles, loaded or not, and each reason's count."""
    receipt, expected = found.receipt, twin.receipt
    assert receipt.reconciles
    assert (receipt.records, receipt.loaded, receipt.reference) == (
        expected.records,
        expected.loaded,
        expected.reference,
    )
    assert {r.reason: r.records for r in receipt.set_aside} == +expected.set_aside
    assert {r.reason: r.records for r in receipt.warnings} == +expected.warnings
    assert Counter(receipt.alleles.to_json()) == expected.alleles


def check_calls(found: Rows, twin: TwinFile) -> None:
    """Each kept sample's dosages, at both ploidies, raw and passing, and the order of the rows."""
    order = [(r["contig"], r["pos"], r["ref"], r["alt"], r["sample"]) for r in found.calls]
    assert len(set(order)) == len(order)
    for contig in {row["contig"] for row in found.calls}:
        rows = [key[1:] for key in order if key[0] == contig]
        assert rows == sorted(rows)
    for name in found.names.values():
        for ploidy in (1, 2):
            for passes in (0, 1):
                expected = {
                    key: {"het": 1, "hom": 2}[twin.bands(name, bool(passes))[key]]
                    if key.contig == "M"
                    else dosage
                    for key, dosage in twin.calls(name, ploidy, bool(passes)).items()
                    if key.contig == "M" or found._is_possible(key.contig, key.pos, ploidy)
                }
                assert found.dosages(name, (ploidy, passes)) == expected, (name, ploidy, passes)


def check_weights(found: Rows, twin: TwinFile, places: Places) -> None:
    """w(sample, p), and why none passes, around and in the places, at every ploidy there may be."""
    _check_shape(found.callable)
    for contig, start, end in places:
        if not twin.reaches(contig):
            continue
        for name in found.names.values():
            told = found.told(name, contig, max(1, start - 5), end + 5)
            for pos, (code, why) in told.items():
                kind = region_class(found.job.assembly, contig, pos)
                assert not why & ~WHY_MASK[kind]
                for ploidy in {*PLOIDY[kind]} - {0}:
                    assert {*failed(why, ploidy)} == twin.failing(name, contig, pos, ploidy)
                    for passes, known in (
                        (False, raw(code, ploidy)),
                        (True, passing(code, ploidy)),
                    ):
                        expected = twin.weight(name, contig, pos, ploidy, passes)
                        assert known == expected, (name, contig, pos, ploidy, passes, code)


def _check_shape(rows: list[dict[str, Any]]) -> None:
    """Rows are within pages, say something new, and do not overlap for a sample."""
    last: dict[tuple[int, str], int] = {}
    for row in rows:
        where = row["sample"], row["contig"]
        assert last.get(where, 0) < row["start"] <= row["end"], row
        assert (row["start"] - 1) // PAGE_SIZE == (row["end"] - 1) // PAGE_SIZE, row
        assert 0 <= row["code"] <= FULL | 0b1111, row
        last[where] = row["end"]


def same(a: Rows, b: Rows, places: Places) -> None:
    """Two readings of one file, in windows of other sizes, say the same of everything."""
    assert a.result.receipt.to_json() == b.result.receipt.to_json()
    assert a.calls == b.calls
    assert _tracks(a.result.own_track) == _tracks(b.result.own_track)
    for contig, start, end in places:
        for name in a.names.values():
            assert a.told(name, contig, start, end) == b.told(name, contig, start, end)


def _tracks(track: Mapping[str, Any] | None) -> dict[str, list[Any]] | None:
    if track is None:
        return None
    return {
        contig: [column.tolist() for column in vars(runs).values() if column is not None]
        for contig, runs in track.items()
    }
