"""Read one file of a batch: VCF in, calls and callable rows out, every line accounted for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loaders.bgzf import CHUNK_BYTES, read_chunks
from loaders.callable_rows import EMPTY, SampleTracks
from loaders.contig_window import MARGIN, ContigWindow, ShiftBeyondWindowError
from loaders.header import Header, check_assembly, split_header
from loaders.jobs import FileJob, FileResult, Runs, Track, WrittenFile
from loaders.kernel import words
from loaders.kernel.lines import parse_lines, skip_lines
from loaders.kernel.reader import at_contig, contig_rules, new_reader
from loaders.lake_writer import LakeWriter
from loaders.line_buffer import LineBuffer
from loaders.reference import open_sequence
from loaders.tracks import contigs_track
from schemas.contigs import (
    CONTIGS,
    RegionClass,
    canonical_contig,
    contig_length,
    stretches,
)
from schemas.errors import BatchRefused
from schemas.known import DOSAGE_MASK, KNOWN_MASK, WHY_MASK
from schemas.receipt import AlleleCounts, FileReceipt, ReasonCount

Progress = Callable[[int], None]
_LOG: Final = logging.getLogger(__name__)
_WIDER: Final = 16


def read_vcf(
    job: FileJob,
    progress: Progress | None = None,
    *,
    margin: int = MARGIN,
    window_records: int = 0,
) -> FileResult:
    """Read a germline or mitochondrial VCF, gVCF or BCF as a stream.

    Args:
        job: what to read.
        progress: told the bytes read since it was last called, as they lie on disk.
        margin: how far, in bases, settled positions stay behind the line at hand; a file that needs
            more is read again.
        window_records: how many records are held at first; 0 for what suits the number of samples.

    Raises:
        BatchRefused: for a file that cannot be read or whose lines cannot be ordered
            (`header_malformed`, `assembly_mismatch`, `sample_absent`, `file_unsorted`,
            `pos_unusable`, reasons of `loaders.bgzf`). Limits on defects are the caller's.
    """
    while True:
        try:
            return _FileReader(job, margin, window_records, progress).read()
        except ShiftBeyondWindowError:
            margin *= _WIDER
            progress = None
            _LOG.info("%s is read again with a margin of %d bases", job.name, margin)


class _FileReader:
    """One pass over one file."""

    def __init__(
        self, job: FileJob, margin: int, window_records: int, progress: Progress | None
    ) -> None:
        self._job = job
        self._margin = margin
        self._window_records = window_records
        self._chunks: Iterator[bytes] = read_chunks(job.path, progress=progress)
        self._lines = LineBuffer(2 * CHUNK_BYTES)
        self._window: ContigWindow | None = None
        self._seen: list[str] = []
        self._counted: set[str] = set()
        self._site_track: Track = {}
        self._kept = [column for column in job.columns if column.number is not None]
        self._numbers = np.array([column.number for column in self._kept], np.int32)
        self._writers: dict[str, LakeWriter] = {}

    def read(self) -> FileResult:
        job = self._job
        header, rest, self._chunks = split_header(job.path, self._chunks)
        check_assembly(header, job.assembly, job.name)
        self._check_columns(header)
        self._reader = new_reader(
            self._column_index(), len(self._kept), header.info_arrays, header.lines
        )
        with ExitStack() as stack:
            if job.out is not None:
                for table in ("calls", "callable"):
                    writer = LakeWriter(table, job.out / f"{table}.parquet")
                    self._writers[table] = stack.enter_context(writer)
            self._consume(self._lines.add(rest))
            for chunk in self._chunks:
                self._consume(self._lines.add(chunk))
            self._consume(self._lines.close())
            self._leave_contig()
        written = (writer.written for writer in self._writers.values())
        return self._result(tuple(file for file in written if file is not None))

    def _check_columns(self, header: Header) -> None:
        if not header.samples:
            raise BatchRefused("header_malformed", "the file has no sample columns", self._job.name)
        if header.samples != tuple(column.name for column in self._job.columns):
            raise BatchRefused(
                "sample_absent",
                "the columns are not those the batch was planned for",
                self._job.name,
            )

    def _column_index(self) -> NDArray[np.int64]:
        kept = np.array([column.number is not None for column in self._job.columns])
        return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int64)

    def _consume(self, stop: int) -> None:
        """Parse the whole lines of the buffer, which end at `stop`."""
        at = 0
        if stop and not self._seen:
            self._enter_contig(0)
        while stop:
            if self._window is None:
                at, why = skip_lines(self._lines.text, at, stop, self._reader)
            else:
                at, why = parse_lines(self._lines.text, at, stop, self._reader, self._window.window)
            if why == words.NEED_MORE:
                break
            if why == words.NEW_CONTIG:
                self._leave_contig()
                self._enter_contig(at)
            elif why == words.WINDOW_FULL:
                self._settle(final=False)
            else:
                self._refuse_line(why)
        self._lines.consume(at)

    def _line_number(self) -> int:
        """The number of the line that was read last."""
        return int(self._reader.tally[words.LINE])

    def _refuse_line(self, why: int) -> None:
        where = f"{self._job.name}, line {self._line_number()}"
        if why == words.POS_UNUSABLE:
            raise BatchRefused("pos_unusable", "POS is not a whole number", where)
        raise BatchRefused("file_unsorted", "POS is lower than in the line before", where)

    def _enter_contig(self, at: int) -> None:
        job = self._job
        name = self._lines.line_at(at).rstrip(b"\r").partition(b"\t")[0]
        text = name.decode(errors="replace")
        contig = canonical_contig(text)
        if (contig or text) in self._seen:
            where = f"{job.name}, line {self._line_number() + 1}"
            raise BatchRefused("file_unsorted", "a contig comes back after another", where)
        self._seen.append(contig or text)
        declared = job.contigs is None or contig in job.contigs
        if contig is None or not declared or (job.kind == "mitochondrial" and contig != "M"):
            self._reader = at_contig(self._reader, name)
            return
        self._counted.add(contig)
        sequence = open_sequence(job.reference, contig)
        rules = contig_rules(job.thresholds, job.assembly, contig)
        self._reader = at_contig(self._reader, name, sequence, rules)
        classes = [(s.start, s.region_class) for s in stretches(job.assembly, contig)]
        self._window = ContigWindow(
            contig,
            contig_length(job.assembly, contig),
            self._numbers,
            self._sample_tracks(contig),
            np.array([(start, _told_mask(kind)) for start, kind in classes], np.int64),
            np.array([(start, DOSAGE_MASK[kind]) for start, kind in classes], np.int64),
            self._margin,
            self._window_records,
        )

    def _sample_tracks(self, contig: str) -> SampleTracks:
        """The kept samples' tracks on a contig, equal ones once."""
        if self._job.callability != "bed":
            nowhere = np.full(len(self._kept), -1, np.int64)
            return SampleTracks((), nowhere, self._job.callability == "sites")
        beds, of_sample = _distinct([column.bed.get(contig, EMPTY) for column in self._kept])
        return SampleTracks(tuple(beds), of_sample, sites=False)

    def _settle(self, *, final: bool) -> None:
        window = self._window
        if window is None:
            return
        if not self._kept:
            window.discard()
            return
        skipped = [
            number
            for number, column in zip(self._numbers.tolist(), self._kept, strict=True)
            if column.skip_mito and window.contig == "M"
        ]
        for name, table in window.settle(final=final):
            if name in self._writers:
                if skipped:
                    table = table.filter(~np.isin(table["sample"].to_numpy(), skipped))
                self._writers[name].write(table)

    def _leave_contig(self) -> None:
        if self._window is None:
            return
        self._settle(final=True)
        sites = [runs for runs in self._window.sites if len(runs.start)]
        if sites:
            names = (field.name for field in fields(Runs))
            columns = (np.concatenate([getattr(runs, name) for runs in sites]) for name in names)
            self._site_track[self._window.contig] = Runs(*columns)
        self._window = None

    def _result(self, written: tuple[WrittenFile, ...]) -> FileResult:
        job = self._job
        named = self._counted if job.contigs is None else job.contigs
        covered = tuple(contig for contig in CONTIGS if contig in named)
        if job.contigs is None and job.kind == "mitochondrial":
            covered = ("M",)
        own: Track | None = None
        if job.callability == "sites":
            own = self._site_track
        elif job.callability == "blocks":
            own = contigs_track(covered, job.assembly)
        return FileResult(_receipt(job.name, self._reader.tally), covered, own, written)


def _told_mask(kind: RegionClass) -> int:
    """The bits of a code, and of why above it, that can ever count in a region class."""
    return KNOWN_MASK[kind] | WHY_MASK[kind] << words.WHY_SHIFT


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


def _receipt(name: str, tally: NDArray[np.int64]) -> FileReceipt:
    set_aside = _reasons(words.SET_ASIDE, tally[words.Y_ASIDE :])
    loaded, reference = int(tally[words.LOADED]), int(tally[words.REFERENCE])
    return FileReceipt(
        name,
        loaded + reference + sum(entry.records for entry in set_aside),
        loaded,
        reference,
        set_aside,
        _reasons(words.WARNINGS, tally[words.Y_WARNED :]),
        AlleleCounts(
            int(tally[words.AL_LOADED]),
            int(tally[words.AL_NOT_CARRIED]),
            int(tally[words.AL_SET_ASIDE]),
        ),
        int(tally[words.AL_SEEN]),
    )


def _reasons(codes: tuple[str, ...], tally: NDArray[np.int64]) -> tuple[ReasonCount, ...]:
    """Reasons that were given, out of their part of the tally: a count and example lines each."""
    given = tally[: len(codes) * (1 + words.EXAMPLES)].reshape(len(codes), -1)
    return tuple(
        ReasonCount(code, int(count), tuple(int(line) for line in lines if line))
        for code, (count, *lines) in zip(codes, given.tolist(), strict=True)
        if count
    )
