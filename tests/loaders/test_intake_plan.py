"""From a checked batch to reading jobs: columns to samples, BEDs, M, overlap."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loaders.intake import check_overlap, plan_jobs, read_batch
from loaders.jobs import FileJob, FileResult, Thresholds, Track
from schemas.errors import BatchRefused
from schemas.receipt import FileReceipt
from tests.batch_dir import HEADER, BatchDir, good_batch, vcf

NUMBERS: Mapping[str, int | None] = {"S1": 11, "S2": 12, "S3": None}


def plan(batch: BatchDir, **options: Any) -> list[FileJob]:
    return plan_jobs(read_batch(batch.write()), NUMBERS, **options)


def refusal(batch: BatchDir) -> BatchRefused:
    with pytest.raises(BatchRefused) as caught:
        plan(batch)
    return caught.value


def runs(track: Track) -> dict[str, list[tuple[int, int]]]:
    """A track as plain values."""
    return {
        contig: list(zip(found.start.tolist(), found.end.tolist(), strict=True))
        for contig, found in track.items()
    }


@pytest.fixture
def batch(tmp_path: Path) -> BatchDir:
    """Three persons in the sheet, no file yet."""
    made = BatchDir(tmp_path)
    made.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XY", "S3|P3|XX")
    return made


class TestColumns:
    def test_job_says_all_that_reading_needs(self, tmp_path: Path) -> None:
        made = good_batch(tmp_path)
        made.manifest["files"][0] |= {"records": 3, "contigs": ["chr22", "chr1"]}
        limits = Thresholds(min_gq=1)

        [job] = plan(made, reference=Path("r.fa"), thresholds=limits, out=Path("staging"))

        assert (job.path, job.name) == (tmp_path / "two.vcf", "two.vcf")
        assert (job.kind, job.callability, job.assembly) == ("germline", "bed", "GRCh38")
        assert (job.contigs, job.records) == (("1", "22"), 3)
        assert (job.reference, job.thresholds) == (Path("r.fa"), limits)
        assert job.out is not None
        assert job.out.parent == Path("staging")
        assert [(column.name, column.number) for column in job.columns] == [("S1", 11), ("S2", 12)]

    def test_files_do_not_share_an_output_folder(self, batch: BatchDir) -> None:
        batch.add("a/x.vcf", vcf("S1"))
        batch.add("b/x.vcf", vcf("S2", "S3"))
        assert len({job.out for job in plan(batch, out=Path("staging"))}) == 2

    def test_without_output_nothing_is_to_be_written(self, batch: BatchDir) -> None:
        batch.add("x.vcf", vcf("S1", "S2", "S3"))
        assert [job.out for job in plan(batch)] == [None]

    def test_mapping_and_order_of_columns(self, batch: BatchDir) -> None:
        batch.add("x.vcf", vcf("S3", "TUMOR", "S1"), samples={"TUMOR": "S2"})
        [job] = plan(batch)
        assert [(column.name, column.number) for column in job.columns] == [
            ("S3", None),
            ("TUMOR", 12),
            ("S1", 11),
        ]

    @pytest.mark.parametrize(
        ("columns", "samples", "reason", "where"),
        [
            (("S1", "S2", "S3", "S4"), {}, "sample_unlisted", "x.vcf, sample column 4"),
            (("S1", "S3"), {}, "sample_absent", "samples.tsv, row 2"),
            (("S1", "S2", "S3"), {"NORMAL": "S3"}, "sample_absent", "x.vcf"),
            (("S1", "S2", "S3", "A"), {"A": "S3"}, "sample_duplicate", "x.vcf, sample column 4"),
            (("S1", "S2", "S3"), {"S2": "S9"}, "sample_unlisted", "x.vcf, sample column 2"),
        ],
    )
    def test_columns_and_rows_must_match(
        self,
        batch: BatchDir,
        columns: tuple[str, ...],
        samples: dict[str, str],
        reason: str,
        where: str,
    ) -> None:
        batch.add("x.vcf", vcf(*columns), samples=samples)
        error = refusal(batch)
        assert (error.reason, error.where) == (reason, where)

    def test_one_column_name_twice(self, batch: BatchDir) -> None:
        batch.add("x.vcf", vcf("S1", "S1"))
        assert refusal(batch).reason == "sample_duplicate"

    def test_no_sample_column(self, batch: BatchDir) -> None:
        batch.add("x.vcf", HEADER.removesuffix("\tFORMAT").encode() + b"\n")
        error = refusal(batch)
        assert (error.reason, error.where) == ("header_malformed", "x.vcf")

    def test_broken_header_is_told_with_the_path_in_the_batch(self, batch: BatchDir) -> None:
        batch.add("deep/x.vcf", b"not a VCF\n")
        error = refusal(batch)
        assert error.reason == "header_malformed"
        assert (error.where or "").startswith("deep/x.vcf")

    def test_contig_length_of_another_assembly(self, batch: BatchDir) -> None:
        data = vcf("S1", "S2", "S3").replace(b"length=50818468", b"length=51304566")
        batch.add("x.vcf", data)
        assert refusal(batch).reason == "assembly_mismatch"


class TestBeds:
    def test_file_without_any_bed(self, batch: BatchDir) -> None:
        batch.add("x.vcf", vcf("S1", "S2", "S3"), callability="bed")
        assert refusal(batch).reason == "manifest_invalid"

    def test_beds_of_the_sheet_suffice(self, batch: BatchDir) -> None:
        batch.put("1.bed", b"22\t0\t10\n")
        batch.put("2.bed", b"22\t20\t30\n")
        batch.sheet("sample_id|person_id|sex|callable_bed", "S1|P1|XX|1.bed", "S2|P2|XX|./2.bed")
        batch.add("x.vcf", vcf("S1", "S2"), callability="bed")
        [job] = plan(batch)
        assert [runs(column.bed) for column in job.columns] == [
            {"22": [(1, 10)]},
            {"22": [(21, 30)]},
        ]

    def test_bed_of_the_sheet_comes_before_that_of_the_file(self, batch: BatchDir) -> None:
        batch.put("file.bed", b"chr1\t0\t100\n")
        batch.put("own.bed", b"chr1\t5\t6\n")
        batch.sheet("sample_id|person_id|sex|callable_bed", "S1|P1|XX|own.bed", "S2|P2|XX|")
        batch.add("x.vcf", vcf("S1", "S2"), callability="bed", callable_bed="file.bed")
        [job] = plan(batch)
        assert [runs(column.bed) for column in job.columns] == [
            {"1": [(6, 6)]},
            {"1": [(1, 100)]},
        ]

    def test_declared_contigs_bound_the_bed(self, batch: BatchDir) -> None:
        batch.put("w.bed", b"chr1\t0\t10\nchr2\t0\t10\n")
        entry = {"callability": "bed", "callable_bed": "w.bed", "contigs": ["2", "3"]}
        batch.add("x.vcf", vcf("S1", "S2", "S3"), **entry)
        [job] = plan(batch)
        assert runs(job.columns[0].bed) == {"2": [(1, 10)]}

    def test_declared_contigs_none_of_which_counts(self, batch: BatchDir) -> None:
        batch.put("w.bed", b"chr1\t0\t10\n")
        entry = {"callability": "bed", "callable_bed": "w.bed", "contigs": ["chrUn_1"]}
        batch.add("x.vcf", vcf("S1", "S2", "S3"), **entry)
        [job] = plan(batch)
        assert (job.contigs, job.columns[0].bed) == ((), {})

    def test_bed_is_cut_to_the_declared_contigs(self, batch: BatchDir) -> None:
        batch.put("1.bed", b"chr1\t0\t10\n")
        batch.put("2.bed", b"chr1\t5\t20\nchr2\t0\t7\n")
        bed = {"callability": "bed"}
        batch.add("a.vcf", vcf("S1", "S2"), **bed, callable_bed="1.bed", contigs=["1"])
        batch.add("b.vcf", vcf("S1"), **bed, callable_bed="2.bed", contigs=["2"])
        batch.add("c.vcf", vcf("S1", "S3"), contigs=["3"])

        first, second, third = plan(batch)

        assert runs(first.columns[0].bed) == {"1": [(1, 10)]}
        assert runs(second.columns[0].bed) == {"2": [(1, 7)]}
        assert third.columns[0].bed == {}

    def test_columns_share_one_track(self, tmp_path: Path) -> None:
        [job] = plan(good_batch(tmp_path))
        assert job.columns[0].bed is job.columns[1].bed

    def test_broken_bed(self, batch: BatchDir) -> None:
        batch.put("w.bed", b"chr1\tx\t10\n")
        batch.add("x.vcf", vcf("S1", "S2", "S3"), callability="bed", callable_bed="w.bed")
        assert refusal(batch).reason == "bed_malformed"


class TestMitochondrion:
    def test_mitochondrial_file_alone_counts(self, batch: BatchDir) -> None:
        batch.put("w.bed", b"chr1\t0\t10\nchrM\t0\t10\n")
        bed = {"callability": "bed", "callable_bed": "w.bed"}
        batch.add("a.vcf", vcf("S1", "S2", "S3"), **bed)
        batch.add("m.vcf", vcf("S2"), kind="mitochondrial", **bed)

        germline, mito = plan(batch)

        assert [column.skip_mito for column in germline.columns] == [False, True, False]
        assert runs(germline.columns[0].bed) == {"1": [(1, 10)], "M": [(1, 10)]}
        assert runs(germline.columns[1].bed) == {"1": [(1, 10)]}
        assert not mito.columns[0].skip_mito
        assert runs(mito.columns[0].bed) == {"M": [(1, 10)]}

    def test_mitochondrial_file_that_declares_no_m_takes_nothing(self, batch: BatchDir) -> None:
        batch.add("a.vcf", vcf("S1", "S2", "S3"))
        batch.add("m.vcf", vcf("S2"), kind="mitochondrial", contigs=["chr1"])
        germline, _ = plan(batch)
        assert not any(column.skip_mito for column in germline.columns)


def result(name: str, *contigs: str) -> FileResult:
    return FileResult(FileReceipt(name, 0, 0, 0), contigs, None, ())


class TestOverlap:
    def test_declared_contigs_in_common(self, batch: BatchDir) -> None:
        batch.add("a.vcf", vcf("S1", "S2"), contigs=["chr1", "chr2"])
        batch.add("b.vcf", vcf("S2", "S3"), contigs=["2", "3"])
        error = refusal(batch)
        assert error.reason == "sample_overlap"
        assert error.where == "a.vcf, b.vcf"
        assert "contigs 2 " in error.detail

    def test_contigs_with_records_in_common(self, batch: BatchDir) -> None:
        batch.add("a.vcf", vcf("S1", "S2", "S3"))
        batch.add("b.vcf", vcf("LEFT"), contigs=["2"], samples={"LEFT": "S2"})
        read = read_batch(batch.write())
        jobs = plan_jobs(read, NUMBERS)
        check_overlap(read, jobs, [result("a.vcf", "1"), result("b.vcf", "2")])
        with pytest.raises(BatchRefused, match="sample_overlap"):
            check_overlap(read, jobs, [result("a.vcf", "1", "2"), result("b.vcf", "2")])

    def test_kinds_are_disjoint(self, batch: BatchDir) -> None:
        batch.add("a.vcf", vcf("S1", "S2", "S3"), contigs=["1", "M"])
        batch.add("m.vcf", vcf("S1"), kind="mitochondrial", contigs=["M"])
        assert len(plan(batch)) == 2

    def test_other_samples_may_share_contigs(self, batch: BatchDir) -> None:
        batch.add("a.vcf", vcf("S1"), contigs=["1"])
        batch.add("b.vcf", vcf("S2", "S3"), contigs=["1"])
        assert len(plan(batch)) == 2
