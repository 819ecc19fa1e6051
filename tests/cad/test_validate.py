"""The platform's own check: what a push would say, and as many problems as can be found."""

import hashlib
from pathlib import Path

import pytest

from cad.settings import Settings
from cad.validate import validate_batch
from schemas.errors import Unavailable
from tests.batch_dir import BatchDir, good_batch, vcf

ONE = ("sample_id|person_id|sex", "S1|P1|XX")
SNV = "chr22 100 . A G . PASS . GT 0/1"


def one_file(path: Path, data: bytes, **entry: object) -> BatchDir:
    batch = BatchDir(path)
    batch.add("a.vcf", data, **entry)
    batch.sheet(*ONE)
    return batch


def reasons(batch: BatchDir) -> list[str]:
    """The reasons a batch would be refused for."""
    return [problem.reason for problem in validate_batch(batch.write()).problems]


def test_good_batch(tmp_path: Path) -> None:
    report = validate_batch(good_batch(tmp_path).write())
    assert report.is_valid
    assert report.to_json() == {
        "batch_id": "SEQOIA-2026-11-20-001",
        "status": "valid",
        "problems": [],
        "samples": 2,
        "files": [
            {
                "path": "two.vcf",
                "records": 3,
                "loaded": 1,
                "reference": 1,
                "set_aside": [{"reason": "contig_not_counted", "records": 1, "examples": [7]}],
                "warnings": [],
                "alleles": {"loaded": 1, "not_carried": 1, "set_aside": 1},
            }
        ],
        "warnings": [],
    }


def test_nothing_is_written_into_the_batch(tmp_path: Path) -> None:
    root = good_batch(tmp_path).write()
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    validate_batch(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_refusal_is_told_at_the_top(tmp_path: Path) -> None:
    batch = one_file(tmp_path, vcf("S1", lines=(SNV,)), records=2)
    told = validate_batch(batch.write()).to_json()
    assert (told["status"], told["error"]) == ("refused", "BatchRefused")
    assert told["reason"] == "records_mismatch"
    assert told["detail"] == "2 records are declared, 1 were found"
    assert told["files"][0]["records"] == 1


def test_no_manifest(tmp_path: Path) -> None:
    report = validate_batch(tmp_path / "nowhere")
    assert report.batch_id is None
    assert [problem.reason for problem in report.problems][0] == "manifest_missing"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("chr22 x . A G . PASS . GT 0/1", "pos_unusable"),
        ("chr22 99 . A G . PASS . GT 0/1", "file_unsorted"),
    ],
)
def test_file_that_cannot_be_read_on(tmp_path: Path, line: str, reason: str) -> None:
    assert reasons(one_file(tmp_path, vcf("S1", lines=(SNV, line)))) == [reason]


def test_truncated_file(tmp_path: Path) -> None:
    data = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")[:-1]
    assert set(reasons(one_file(tmp_path, data))) == {"bgzf_truncated"}


def test_defects_up_to_the_limit_and_beyond(tmp_path: Path) -> None:
    bad = tuple(f"chr22 {200 + at} . A G . PASS . GT 0/7" for at in range(11))
    within = one_file(tmp_path / "10", vcf("S1", lines=(SNV, *bad[:10])))
    report = validate_batch(within.write())
    assert report.is_valid
    [entry] = report.files[0].set_aside
    assert (entry.reason, entry.records) == ("gt_index", 10)
    beyond = one_file(tmp_path / "11", vcf("S1", lines=(SNV, *bad)))
    assert reasons(beyond) == ["too_many_defects"]


def test_single_sample_sites_file_is_warned_about(tmp_path: Path) -> None:
    report = validate_batch(one_file(tmp_path, vcf("S1", lines=(SNV,))).write())
    assert report.is_valid
    assert [warning.reason for warning in report.warnings] == ["sites_single_sample"]


def test_files_of_a_sample_that_overlap(tmp_path: Path) -> None:
    batch = one_file(tmp_path, vcf("S1", lines=(SNV,)))
    batch.add("b.vcf", vcf("S1", lines=(SNV,)))
    assert reasons(batch) == ["sample_overlap"]


def test_every_file_is_read_though_one_is_refused(tmp_path: Path) -> None:
    batch = BatchDir(tmp_path)
    batch.add("a.vcf", vcf("S1", lines=("chr22 x . A G . PASS . GT 0/1",)))
    batch.add("b.vcf", b"no VCF")
    batch.add("c.vcf", vcf("S3", lines=(SNV,)), sha256="0" * 64)
    batch.add("d.vcf", vcf("S4", "S9"), records=1)
    batch.add("e.vcf", vcf("S5"), kind="somatic")
    batch.sheet("sample_id|person_id|sex", *(f"S{at}|P{at}|XX" for at in range(1, 6)))

    report = validate_batch(batch.write())

    assert sorted(problem.reason for problem in report.problems) == [
        "checksum_mismatch",
        "header_malformed",
        "kind_not_supported",
        "pos_unusable",
        "records_mismatch",
        "sample_unlisted",
    ]
    assert [file.path for file in report.files] == ["c.vcf", "d.vcf"]


def test_several_processes_say_the_same(tmp_path: Path) -> None:
    batch = BatchDir(tmp_path)
    batch.add("a.vcf", vcf("S1", lines=(SNV,)))
    batch.add("b.vcf", vcf("S2", lines=("chr22 x . A G . PASS . GT 0/1",)))
    batch.sheet(*ONE, "S2|P2|XY")
    root = batch.write()
    seen: list[tuple[int, int]] = []

    apart = validate_batch(
        root,
        settings=Settings(threads=2, parallel_bytes=0),
        progress=lambda done, total: seen.append((done, total)),
    )

    here = validate_batch(root, settings=Settings(threads=1))
    assert apart.to_json() == here.to_json()
    assert [problem.reason for problem in apart.problems] == ["pos_unusable"]
    total = sum((root / name).stat().st_size for name in ("a.vcf", "b.vcf"))
    assert all(of == total and done <= total for done, of in seen)


def test_reference_is_compared(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">22:99-101\nTCT\n")
    batch = one_file(tmp_path / "batch", vcf("S1", lines=(SNV,)))
    report = validate_batch(batch.write(), reference=fasta)
    assert [entry.reason for entry in report.files[0].set_aside] == ["ref_mismatch"]
    fasta.write_text(">22:99-101\nTAT\n")
    assert validate_batch(batch.path, reference=fasta).files[0].loaded == 1


def test_reference_that_cannot_be_used(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">chrUn\nACGT\n")
    batch = one_file(tmp_path / "batch", vcf("S1"))
    with pytest.raises(Unavailable, match="reference_malformed"):
        validate_batch(batch.write(), reference=fasta)


def test_one_problem_is_told_once(tmp_path: Path) -> None:
    data = vcf("S1", lines=(SNV,)).replace(b"length=50818468", b"length=51304566")
    assert reasons(one_file(tmp_path, data)) == ["assembly_mismatch"]


def test_declared_checksum_is_compared(tmp_path: Path) -> None:
    batch = good_batch(tmp_path)
    bed = hashlib.sha256((tmp_path / "wgs.bed").read_bytes()).hexdigest()
    assert validate_batch(batch.write({"checksums": {"wgs.bed": bed}})).is_valid
    assert reasons_of(batch, {"wgs.bed": "0" * 64}) == ["checksum_mismatch"]


def reasons_of(batch: BatchDir, checksums: dict[str, str]) -> list[str]:
    root = batch.write({"checksums": checksums})
    return [problem.reason for problem in validate_batch(root).problems]
