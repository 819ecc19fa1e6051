"""Tracks: BED files as runs, their union, checksum and Parquet."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.jobs import Runs, Track
from loaders.tracks import (
    bed_track,
    contigs_track,
    merge_intervals,
    track_sha256,
    union,
    write_tracks,
)
from schemas.errors import BatchRefused
from schemas.known import FULL
from schemas.tables import TRACKS


def bed(tmp_path: Path, *lines: str) -> Path:
    """A BED of these lines, blanks for tabs."""
    path = tmp_path / "a.bed"
    path.write_text("".join("\t".join(line.split(" ")) + "\n" for line in lines))
    return path


def runs_of(track: Track) -> dict[str, list[tuple[int, int, int]]]:
    return {
        contig: list(zip(runs.start.tolist(), runs.end.tolist(), runs.code.tolist(), strict=True))
        for contig, runs in track.items()
    }


def test_bed_is_merged_and_one_based(tmp_path: Path) -> None:
    lines = ["track name=x", "# y", "chr22 99 200 exon", "22 200 300", "chrX 0 1", "chr22 10 20"]
    lines += ["chrUn 0 5", "MT 0 16569", "browser z", "22 400 400", "chr22 150 160"]
    path = bed(tmp_path, *lines)
    found = bed_track(path, "GRCh38")
    assert runs_of(found) == {
        "22": [(11, 20, FULL), (100, 300, FULL)], "X": [(1, 1, FULL)], "M": [(1, 16569, FULL)]
    }  # fmt: skip
    assert list(found) == ["22", "X", "M"]
    assert list(bed_track(path, "GRCh38", ["X", "Y"])) == ["X"]
    pysam.tabix_compress(str(path), str(tmp_path / "a.bed.gz"))
    assert track_sha256(bed_track(tmp_path / "a.bed.gz", "GRCh38")) == track_sha256(found)


@pytest.mark.parametrize(
    "line",
    ["22 5", "22 x 9", "22 5 9.5", "22 -1 9", "22 9 5", "22 0 50818469", "chrM 16569 16570", "22"],
)
def test_bed_malformed(tmp_path: Path, line: str) -> None:
    with pytest.raises(BatchRefused, match=r"bed_malformed.*a.bed, line 2"):
        bed_track(bed(tmp_path, "1 0 5", line), "GRCh38")


positions = st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1]))


@given(st.lists(positions, min_size=1, max_size=12))
def test_merged_intervals_cover_the_same_and_lie_apart(intervals: list[tuple[int, int]]) -> None:
    runs = merge_intervals(np.array(intervals))
    covered = {pos for start, end in intervals for pos in range(start, end + 1)}
    merged = list(zip(runs.start.tolist(), runs.end.tolist(), strict=True))
    assert {pos for start, end in merged for pos in range(start, end + 1)} == covered
    assert all(before[1] + 1 < after[0] for before, after in zip(merged, merged[1:], strict=False))


def test_union(tmp_path: Path) -> None:
    one = bed_track(bed(tmp_path, "22 0 10", "X 5 6"), "GRCh38")
    two = bed_track(bed(tmp_path, "22 10 20", "1 5 6"), "GRCh38")
    assert runs_of(union([one, two])) == {
        "1": [(6, 6, FULL)], "22": [(1, 20, FULL)], "X": [(6, 6, FULL)]
    }  # fmt: skip
    assert union([]) == {}


def test_checksum_tells_tracks_apart(tmp_path: Path) -> None:
    tracks = [bed_track(bed(tmp_path, line), "GRCh38") for line in ("1 0 5", "2 0 5", "1 0 6")]
    tracks += [{}, contigs_track(["1"], "GRCh38"), contigs_track(["1"], "GRCh37")]
    site = np.array([5], np.int32)
    for why in (None, np.array([1], np.int32), np.array([2], np.int32)):
        tracks.append({"1": Runs(site, site, np.zeros(1, np.uint8), why)})
    assert len({track_sha256(track) for track in tracks}) == 9


def test_written_by_contig_and_number(tmp_path: Path) -> None:
    site = np.array([5], np.int32)
    tracks = {
        4: bed_track(bed(tmp_path, "22 0 10", "1 0 5"), "GRCh38"),
        2: contigs_track(["22"], "GRCh38"),
        3: {"X": Runs(site, site, np.array([8], np.uint8), np.array([6], np.int32))},
    }
    written = write_tracks(tracks, tmp_path / "tracks.parquet")
    assert written is not None
    table = pq.read_table(written.path)
    assert table.schema.equals(TRACKS, check_metadata=True)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        (4, "1", 1, 5, FULL, 0), (2, "22", 1, 50818468, 0, 0), (4, "22", 1, 10, FULL, 0),
        (3, "X", 5, 5, 8, 6),
    ]  # fmt: skip
    assert [(span.contig, span.start, span.end, span.rows) for span in written.spans] == [
        ("1", 1, 5, 1), ("22", 1, 50818468, 2), ("X", 5, 5, 1)
    ]  # fmt: skip
    assert write_tracks({1: {}}, tmp_path / "none.parquet") is None
    assert not (tmp_path / "none.parquet").exists()
