"""Read one file of a batch: VCF in, calls and callable rows out, every line accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loaders.bgzf import read_chunks
from loaders.callable_rows import EMPTY, SampleTracks
from loaders.contig_window import MARGIN, ContigWindow, ShiftBeyondWindow
from loaders.header import Header, check_assembly, split_header
from loaders.jobs import FileJob, FileResult, Runs, Track, WrittenFile
from loaders.kernel import words
from loaders.kernel.lines import parse_lines, skip_lines
from loaders.kernel.reader import Reader, at_contig, new_reader
from loaders.kernel.window import (
    AL_LOADED, AL_NOT_CARRIED, AL_SEEN, AL_SET_ASIDE, LINE, LOADED, REFERENCE, Totals, new_totals,
)  # fmt: skip
from loaders.lake_writer import LakeWriter
from loaders.reference import open_sequence
from loaders.tracks import contigs_track
from schemas.contigs import CONTIGS, RegionClass, canonical_contig, contig_length, stretches
from schemas.errors import BatchRefused
from schemas.known import DOSAGE_MASK, KNOWN_MASK
from schemas.receipt import AlleleCounts, FileReceipt, ReasonCount

Progress = Callable[[int], None]
_WIDER: Final = 16


def read_vcf(job: FileJob, progress: Progress | None = None) -> FileResult:
    """Read a germline or mitochondrial VCF, gVCF or BCF as a stream.

    `progress` is told the bytes read since it was last called, as they lie on disk.

    Raises:
        BatchRefused: for a file that cannot be read or whose lines cannot be ordered (`header_malformed`, `assembly_mismatch`,
            `sample_absent`, `file_unsorted`, `pos_unusable`, reasons of `loaders.bgzf`). Limits on defects are the caller's.
    """
    margin = MARGIN
    while True:
        try:
            return _FileReader(job, margin, progress).read()
        except ShiftBeyondWindow:
            margin *= _WIDER
            progress = None


class _FileReader:
    """One pass over one file."""

    def __init__(self, job: FileJob, margin: int, progress: Progress | None) -> None:
        self._job = job
        self._margin = margin
        self._chunks: Iterator[bytes] = read_chunks(job.path, progress=progress)
        self._window: ContigWindow | None = None
        self._seen: list[str] = []
        self._counted: set[str] = set()
        self._site_track: Track = {}
        kept = [column for column in job.columns if column.number is not None]
        self._kept = kept
        self._numbers = np.array([column.number for column in kept], np.int32)

    def read(self) -> FileResult:
        header, rest, self._chunks = split_header(self._job.path, self._chunks)
        check_assembly(header, self._job.assembly, self._job.name)
        self._check_columns(header)
        self._totals = new_totals(header.lines)
        self._reader = new_reader(self._column_index(), len(self._kept), header.info_arrays)
        out = self._job.out
        stem = self._job.path.name.split(".")[0] if out is None else out.name
        folder = Path(stem) if out is None else out
        with (
            LakeWriter("calls", folder / "calls.parquet") as calls,
            LakeWriter("callable", folder / "callable.parquet") as rows,
        ):
            self._writers = None if out is None else (calls, rows)
            self._read_lines(rest)
            self._leave_contig()
        return self._result(tuple(w.written for w in (calls, rows) if w.written is not None))

    def _check_columns(self, header: Header) -> None:
        if not header.samples:
            raise BatchRefused(
                "header_malformed", "the file has no sample columns", self._job.name
            )
        if header.samples != tuple(column.name for column in self._job.columns):
            raise BatchRefused(
                "sample_absent", "the columns are not those the batch was planned for", self._job.name
            )

    def _column_index(self) -> NDArray[np.int64]:
        kept = np.array([column.number is not None for column in self._job.columns])
        return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int64)

    def _read_lines(self, rest: bytes) -> None:
        for chunk in self._chunks:
            rest = self._consume(rest + chunk if rest else chunk)
        if rest:
            self._consume(rest if rest.endswith(b"\n") else rest + b"\n")

    def _consume(self, data: bytes) -> bytes:
        """Parse all whole lines of the data; returns what is left."""
        text = np.frombuffer(data, np.uint8)
        at, stop = 0, len(text)
        if not self._seen and stop:
            self._enter_contig(data, 0)
        while True:
            if self._window is None:
                at, why = skip_lines(text, at, stop, self._reader, self._totals)
            else:
                at, why = parse_lines(
                    text, at, stop, self._reader, self._window.window, self._totals
                )
            if why == words.NEED_MORE:
                return data[at:]
            if why == words.NEW_CONTIG:
                self._leave_contig()
                self._enter_contig(data, at)
            elif why == words.WINDOW_FULL:
                self._settle(final=False)
            else:
                self._refuse_line(why)

    def _refuse_line(self, why: int) -> None:
        where = f"{self._job.name}, line {self._totals.lines[LINE]}"
        if why == words.POS_UNUSABLE:
            raise BatchRefused("pos_unusable", "POS is not a whole number", where)
        raise BatchRefused("file_unsorted", "POS is lower than in the line before", where)

    def _enter_contig(self, data: bytes, at: int) -> None:
        line_end = data.find(b"\n", at)
        line = data[at : len(data) if line_end < 0 else line_end].rstrip(b"\r")
        name = line.split(b"\t", 1)[0]
        text = name.decode(errors="replace")
        contig = canonical_contig(text)
        seen = contig or text
        if seen in self._seen and name:
            where = f"{self._job.name}, line {self._totals.lines[LINE] + 1}"
            raise BatchRefused("file_unsorted", "a contig comes back after another", where)
        self._seen.append(seen)
        job = self._job
        declared = job.contigs is None or contig in job.contigs
        if contig is None or not declared or (job.kind == "mitochondrial" and contig != "M"):
            self._reader = at_contig(
                self._reader, name, np.zeros(words.N_RULES), open_sequence(None, "")
            )
            return
        self._counted.add(contig)
        sequence = open_sequence(job.reference, contig)
        self._reader = at_contig(self._reader, name, self._rules(contig), sequence)
        length = contig_length(job.assembly, contig)
        masks = tuple(
            (s.start, KNOWN_MASK[s.region_class], DOSAGE_MASK[s.region_class])
            for s in stretches(job.assembly, contig)
        )
        self._window = ContigWindow(
            contig, length, self._numbers, self._sample_tracks(contig), masks, self._margin
        )

    def _rules(self, contig: str) -> NDArray[np.float64]:
        limits = self._job.thresholds
        rules = np.zeros(words.N_RULES)
        rules[words.T_MIN_GQ] = limits.min_gq
        rules[words.T_MIN_DP] = limits.min_dp
        rules[words.T_MIN_DP_HAPLOID] = limits.min_dp_haploid
        rules[words.T_MIN_AB] = limits.min_allele_balance
        rules[words.T_MIN_DP_MITO] = limits.min_dp_mitochondrial
        rules[words.T_MIN_VAF] = limits.min_vaf
        rules[words.T_HOM_VAF] = limits.homoplasmic_vaf
        rules[words.T_LENGTH] = contig_length(self._job.assembly, contig)
        rules[words.T_MITO] = contig == "M"
        pars = [
            stretch
            for stretch in stretches(self._job.assembly, contig)
            if stretch.region_class == RegionClass.Y_PAR
        ]
        rules[words.T_YPAR1_START : words.T_YPAR2_END + 1] = -1
        for number, par in enumerate(pars):
            rules[words.T_YPAR1_START + 2 * number] = par.start
            rules[words.T_YPAR1_END + 2 * number] = par.end
        return rules

    def _sample_tracks(self, contig: str) -> SampleTracks:
        """The kept samples' tracks on a contig, equal ones once."""
        sites = self._job.callability == "sites"
        by_sites = np.array([sites and column.site_track for column in self._kept], np.uint8)
        runs, of_sample = _distinct(
            [
                EMPTY if site else column.track.get(contig, EMPTY)
                for column, site in zip(self._kept, by_sites, strict=True)
            ]
        )
        beds = None
        if self._job.callability == "bed":
            bed_runs, of_bed = _distinct(
                [column.bed.get(contig, EMPTY) for column in self._kept]
            )
            beds = tuple(
                (bed, np.flatnonzero(of_bed == number)) for number, bed in enumerate(bed_runs)
            )
        return SampleTracks(tuple(runs), of_sample, by_sites, beds, sites)

    def _settle(self, *, final: bool) -> None:
        if self._window is None or not self._kept:
            return
        calls, rows = self._window.settle(final=final)
        if self._writers is not None:
            skipped = [
                number
                for number, column in zip(self._numbers.tolist(), self._kept, strict=True)
                if column.skip_mito and self._window.contig == "M"
            ]
            for writer, table in zip(self._writers, (calls, rows), strict=True):
                if table.num_rows and skipped:
                    table = table.filter(~np.isin(table["sample"].to_numpy(), skipped))
                writer.write(table)

    def _leave_contig(self) -> None:
        if self._window is None:
            return
        self._settle(final=True)
        sites = [runs for runs in self._window.sites if len(runs.start)]
        if sites:
            self._site_track[self._window.contig] = Runs(
                *(
                    np.concatenate([getattr(runs, name) for runs in sites])
                    for name in ("start", "end", "code")
                )
            )
        self._window = None

    def _result(self, written: tuple[WrittenFile, ...]) -> FileResult:
        job = self._job
        covered = tuple(c for c in CONTIGS if c in (job.contigs or self._counted))
        if job.contigs is None and job.kind == "mitochondrial":
            covered = ("M",)
        own: Track | None = None
        if job.callability == "sites":
            own = self._site_track
        elif job.callability == "blocks":
            own = contigs_track(covered, job.assembly)
        return FileResult(_receipt(job.name, self._totals), covered, own, written)


def _distinct(tracks: list[Runs]) -> tuple[list[Runs], NDArray[np.int64]]:
    """Distinct tracks (by identity, as intake shares them) and which one each sample has."""
    runs: list[Runs] = []
    which = []
    for track in tracks:
        for number, known in enumerate(runs):
            if known is track or (
                len(known.start) == len(track.start)
                and np.array_equal(known.start, track.start)
                and np.array_equal(known.end, track.end)
            ):
                which.append(number)
                break
        else:
            which.append(len(runs))
            runs.append(track)
    return runs, np.array(which, np.int64)


def _receipt(name: str, totals: Totals) -> FileReceipt:
    lines = totals.lines
    set_aside = _reasons(words.SET_ASIDE, totals.aside, totals.aside_examples)
    records = int(lines[LOADED] + lines[REFERENCE] + totals.aside.sum())
    return FileReceipt(
        name,
        records,
        int(lines[LOADED]),
        int(lines[REFERENCE]),
        set_aside,
        _reasons(words.WARNINGS, totals.warned, totals.warned_examples),
        AlleleCounts(int(lines[AL_LOADED]), int(lines[AL_NOT_CARRIED]), int(lines[AL_SET_ASIDE])),
        int(lines[AL_SEEN]),
    )


def _reasons(
    codes: tuple[str, ...], counts: NDArray[np.int64], examples: NDArray[np.int64]
) -> tuple[ReasonCount, ...]:
    return tuple(
        ReasonCount(code, int(counts[number]), tuple(int(x) for x in examples[number] if x))
        for number, code in enumerate(codes)
        if counts[number]
    )
