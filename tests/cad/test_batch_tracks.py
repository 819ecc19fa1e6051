"""A sample's one track: on each contig the file that covers it speaks alone."""

from pathlib import Path

import numpy as np

from cad.batch_tracks import gather_tracks
from loaders.jobs import Callability, Column, FileJob, FileKind, FileResult, Runs, Track
from loaders.tracks import contigs_track
from schemas.known import FULL
from schemas.receipt import FileReceipt


def track(**runs: list[tuple[int, int]]) -> Track:
    """A track of fully known runs; contigs as `c1`, `cM`."""
    return {
        name[1:]: Runs(
            np.array([start for start, _ in pairs], np.int32),
            np.array([end for _, end in pairs], np.int32),
            np.full(len(pairs), FULL, np.uint8),
        )
        for name, pairs in runs.items()
    }


def read(
    callability: Callability,
    contigs: tuple[str, ...],
    *columns: Column,
    own: Track | None = None,
    kind: FileKind = "germline",
) -> tuple[FileJob, FileResult]:
    job = FileJob(Path("x.vcf"), "x.vcf", kind, callability, "GRCh38", columns)
    return job, FileResult(FileReceipt("x.vcf", 0, 0, 0), contigs, own, ())


def tracks_of(*files: tuple[FileJob, FileResult]) -> dict[int, dict[str, list[tuple[int, int]]]]:
    gathered = gather_tracks([job for job, _ in files], [result for _, result in files])
    return {
        number: {
            contig: list(zip(runs.start.tolist(), runs.end.tolist(), strict=True))
            for contig, runs in gathered.tracks[place][2].items()
        }
        for number, place in gathered.pairs
    }


def test_bed_holds_on_contigs_without_a_record() -> None:
    wide = track(c1=[(1, 10)], c2=[(1, 20)])
    assert tracks_of(read("bed", ("1",), Column("A", 7, bed=wide))) == {
        7: {"1": [(1, 10)], "2": [(1, 20)]}
    }


def test_file_with_records_on_a_contig_speaks_alone_there() -> None:
    wide = track(c1=[(1, 10)], c2=[(1, 20)], c3=[(1, 30)])
    found = tracks_of(
        read("bed", ("1",), Column("A", 7, bed=wide)),
        read("sites", ("2",), Column("A", 7), own=track(c2=[(5, 5)])),
    )
    assert found == {7: {"1": [(1, 10)], "2": [(5, 5)], "3": [(1, 30)]}}


def test_gvcf_beside_a_bed_counts_its_contigs_once() -> None:
    wide = track(c21=[(1, 10)], c22=[(1, 20)])
    found = tracks_of(
        read("bed", ("21",), Column("A", 7, bed=wide)),
        read("blocks", ("22",), Column("A", 7), own=contigs_track(("22",), "GRCh38")),
    )
    assert found == {7: {"21": [(1, 10)], "22": [(1, 50818468)]}}


def test_beds_of_silent_files_are_joined() -> None:
    found = tracks_of(
        read("bed", ("1",), Column("A", 7, bed=track(c1=[(1, 9)], c3=[(1, 5)]))),
        read("bed", ("2",), Column("A", 7, bed=track(c2=[(1, 9)], c3=[(4, 8)]))),
    )
    assert found == {7: {"1": [(1, 9)], "2": [(1, 9)], "3": [(1, 8)]}}


def test_mitochondrial_file_alone_counts_for_m() -> None:
    whole = track(c1=[(1, 10)], cM=[(1, 16569)])
    found = tracks_of(
        read("bed", ("1", "M"), Column("A", 7, bed=whole, skip_mito=True)),
        read("sites", ("M",), Column("A", 7), own=track(cM=[(73, 73)]), kind="mitochondrial"),
    )
    assert found == {7: {"1": [(1, 10)], "M": [(73, 73)]}}


def test_equal_tracks_are_one_and_withdrawn_columns_have_none() -> None:
    bed, twin = track(c1=[(1, 10)]), track(c1=[(1, 10)])
    columns = (Column("A", 1, bed=bed), Column("B", None, bed=bed), Column("C", 2, bed=twin))
    job, result = read("bed", ("1",), *columns)
    gathered = gather_tracks([job], [result])
    assert len(gathered.tracks) == 1
    assert gathered.pairs == ((1, 0), (2, 0))
