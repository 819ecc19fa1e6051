"""Tracks: where a file's assay looked, as runs of positions by contig.

A BED says it for `bed` files, the list of sites for `sites` files, and the contigs covered for
gVCFs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from loaders.bgzf import packing_of, read_chunks
from loaders.columns import constant, numbers
from loaders.jobs import Runs, Track, WrittenFile
from loaders.lake_writer import LakeWriter
from schemas.contigs import CONTIGS, Assembly, canonical_contig, contig_length
from schemas.errors import BatchRefused
from schemas.known import FULL
from schemas.tables import TRACKS

_SKIPPED: Final = (b"#", b"track", b"browser")


def bed_track(path: Path, assembly: Assembly, contigs: Sequence[str] | None = None) -> Track:
    """Read a BED (0-based half-open; plain or bgzipped) as runs of fully known positions.

    Contigs that are not counted are left out, as are those outside `contigs`, where given.

    Raises:
        BatchRefused: `bed_malformed` with the line; reasons of `loaders.bgzf`.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    if packing_of(path) == "bcf":
        raise BatchRefused("bed_malformed", "this is a BCF file", path.name)
    text = b"".join(read_chunks(path))
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith(_SKIPPED):
            continue
        name, start, end = _bed_line(line, f"{path.name}, line {number}")
        contig = canonical_contig(name)
        if contig is None or (contigs is not None and contig not in contigs):
            continue
        if end > contig_length(assembly, contig):
            raise BatchRefused(
                "bed_malformed", "an interval ends beyond its contig", f"{path.name}, line {number}"
            )
        if end > start:
            found.setdefault(contig, []).append((start + 1, end))
    return {
        contig: merge_intervals(np.array(found[contig])) for contig in CONTIGS if contig in found
    }


def _bed_line(line: bytes, where: str) -> tuple[str, int, int]:
    fields = line.split(b"\t") if b"\t" in line else line.split()
    if len(fields) < 3 or not (fields[1].isdigit() and fields[2].strip().isdigit()):
        raise BatchRefused("bed_malformed", "a line is not contig, start, end", where)
    start, end = int(fields[1]), int(fields[2])
    if end < start:
        raise BatchRefused("bed_malformed", "an interval ends before it starts", where)
    return fields[0].decode(errors="replace"), start, end


def merge_intervals(intervals: NDArray[np.int64]) -> Runs:
    """Merge 1-based inclusive intervals in any order, touching ones too, into runs of code FULL."""
    ordered = intervals[np.lexsort((intervals[:, 1], intervals[:, 0]))]
    reach = np.maximum.accumulate(ordered[:, 1])
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:, 0] > reach[:-1] + 1
    last = np.append(first[1:], True)
    starts, ends = ordered[first, 0], reach[last]
    return Runs(
        starts.astype(np.int32), ends.astype(np.int32), np.full(len(starts), FULL, np.uint8)
    )


def union(tracks: Iterable[Track]) -> Track:
    """The positions in any of several BED tracks."""
    merged: dict[str, list[NDArray[np.int64]]] = {}
    for track in tracks:
        for contig, runs in track.items():
            merged.setdefault(contig, []).append(
                np.column_stack((runs.start, runs.end)).astype(np.int64)
            )
    return {
        contig: merge_intervals(np.concatenate(merged[contig]))
        for contig in CONTIGS
        if contig in merged
    }


def contigs_track(contigs: Iterable[str], assembly: Assembly) -> Track:
    """Whole contigs at code 0: looked at, with nothing known but what callable rows say (gVCF)."""
    return {
        contig: Runs(
            np.array([1], np.int32),
            np.array([contig_length(assembly, contig)], np.int32),
            np.zeros(1, np.uint8),
        )
        for contig in contigs
    }


def track_sha256(track: Track) -> str:
    """A checksum by which equal tracks are known."""
    digest = hashlib.sha256()
    for contig in CONTIGS:
        if contig in track:
            runs = track[contig]
            digest.update(f"{contig}:{len(runs.start)};".encode())
            for values in (runs.start, runs.end, runs.code, *_said(runs.why)):
                digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _said(why: NDArray[np.int32] | None) -> tuple[NDArray[np.int32], ...]:
    return () if why is None else (why,)


def write_tracks(tracks: Mapping[int, Track], out: Path) -> WrittenFile | None:
    """Write a batch's tracks, by number, to one Parquet file; None where they are all empty."""
    with LakeWriter("tracks", out) as writer:
        for contig in CONTIGS:
            for number, track in sorted(tracks.items()):
                if contig in track:
                    writer.write(_track_table(number, contig, track[contig]))
    return writer.written


def _track_table(number: int, contig: str, runs: Runs) -> pa.Table:
    rows = len(runs.start)
    columns = {
        "track": numbers(np.full(rows, number, np.int32)),
        "contig": constant(contig, rows),
        "start": numbers(runs.start),
        "end": numbers(runs.end),
        "code": numbers(runs.code.astype(np.int32)),
        "why": numbers(np.zeros(rows, np.int32) if runs.why is None else runs.why),
    }
    return pa.Table.from_arrays([columns[name] for name in TRACKS.names], TRACKS.names)
