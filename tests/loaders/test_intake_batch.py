"""A good batch reads as it was written; its content checksum covers bytes and statements."""

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from loaders.intake import read_batch
from schemas.sheets import ConsentRow, PhenotypeRow, SampleRow
from tests.batch_dir import BatchDir, good_batch, vcf


def test_good_batch_reads_as_written(tmp_path: Path) -> None:
    root = good_batch(tmp_path).write()

    batch = read_batch(root, assembly="GRCh38")

    assert batch.manifest.batch_id == "SEQOIA-2026-11-20-001"
    assert batch.manifest.pipeline.version == "4.6.1"
    assert [file.path for file in batch.files] == [root / "two.vcf"]
    assert batch.files[0].bed == root / "wgs.bed"
    assert batch.samples == (
        SampleRow("S1", "P1", "XX", affected="1"),
        SampleRow("S2", "P2", "XY", affected="unknown", material="germline", assay="WGS"),
    )
    assert batch.consents == (ConsentRow("P1", "research", "given", date(2026, 1, 5), "v2"),)
    assert batch.phenotypes == (
        PhenotypeRow("P1", "HPO", "HP:0001250", "Crise d'épilepsie\u00a0?", excluded=False),
        PhenotypeRow("P1", "HPO", "HP:0001263", None, excluded=True),
    )
    [packet] = batch.documents
    assert (packet.path, packet.kind) == ("phenopackets/P1.json", "phenopacket")
    assert packet.content["subject"] == {"id": "P1", "sex": "FEMALE"}


def test_every_column_of_the_sheet_is_typed(tmp_path: Path) -> None:
    batch = BatchDir(tmp_path)
    batch.add("a.vcf", vcf("T1"))
    batch.put("own.bed", b"chr22\t0\t10\n")
    batch.sheet(
        "sample_id|person_id|sex|material|assay|family_id|father_id|mother_id|twin_of|affected|"
        "proband|indication|region|hospital|cohort|normal_of|ffpe|age_years|collected_on|"
        "prescribed_on|callable_bed",
        "T1|P1|other|tumour|panel|F1|P2|P3|P4|0|1|Épilepsie rare|Île-de-France|H 1|PFMG|T9|false|"
        "0.5|2024-02-29|2024-01-01|./own.bed",
    )

    read = read_batch(batch.write())

    assert read.samples == (
        SampleRow(
            "T1", "P1", "other", "tumour", "panel", "F1", "P2", "P3", "P4", "0", True,
            "Épilepsie rare", "Île-de-France", "H 1", "PFMG", "T9", False, 0.5,
            date(2024, 2, 29), date(2024, 1, 1), "./own.bed",
        ),
    )  # fmt: skip
    assert read.sample_beds == {"T1": tmp_path / "own.bed"}


def test_byte_order_marks_and_windows_line_ends_are_dropped(tmp_path: Path) -> None:
    batch = good_batch(tmp_path)
    sheet = (tmp_path / "samples.tsv").read_bytes()
    plain = read_batch(batch.write()).samples
    batch.put("samples.tsv", b"\xef\xbb\xbf" + sheet.replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    batch.put("manifest.json", b"\xef\xbb\xbf" + (tmp_path / "manifest.json").read_bytes())

    assert read_batch(tmp_path).samples == plain


def test_declared_contigs_lose_chr_and_what_is_not_counted(tmp_path: Path) -> None:
    batch = BatchDir(tmp_path)
    batch.add("a.vcf", vcf("S1"), contigs=["chrMT", "chr2", "chrUn_1", "10"])
    batch.sheet("sample_id|person_id|sex", "S1|P1|XX")

    assert read_batch(batch.write()).manifest.files[0].contigs == ("2", "10", "M")


def test_progress_sums_to_the_bytes_hashed(tmp_path: Path) -> None:
    root = good_batch(tmp_path).write()
    seen: list[int] = []

    read_batch(root, progress=seen.append)

    hashed = [path for path in root.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert sum(seen) == sum(path.stat().st_size for path in hashed)


def two_files(path: Path) -> BatchDir:
    batch = BatchDir(path)
    batch.add("a.vcf", vcf("S1"))
    batch.add("b.vcf", vcf("S2"))
    batch.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XX")
    return batch


def test_order_of_files_and_layout_of_the_manifest_do_not_matter(tmp_path: Path) -> None:
    one, other = two_files(tmp_path / "one"), two_files(tmp_path / "other")
    other.manifest["files"].reverse()
    other.manifest["files"][0]["sha256"] = other.manifest["files"][0]["sha256"].upper()
    other.manifest["files"][1]["path"] = "./a.vcf"
    other.manifest = dict(reversed(other.manifest.items()))

    assert read_batch(one.write()) != read_batch(other.write())
    assert read_batch(one.path).content_sha256 == read_batch(other.path).content_sha256


def _other_bytes(batch: BatchDir) -> None:
    data = vcf("S1", lines=("chr22 1 . A G . . . GT 0/1",))
    batch.put("a.vcf", data)
    batch.manifest["files"][0]["sha256"] = hashlib.sha256(data).hexdigest()


def _other_sheet(batch: BatchDir) -> None:
    batch.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XY")


def _other_statement(batch: BatchDir) -> None:
    batch.manifest["files"][1]["kind"] = "mitochondrial"


def _other_document(batch: BatchDir) -> None:
    batch.put("fhir/a.json", b"{}")


def _other_bed(batch: BatchDir) -> None:
    batch.put("x.bed", b"chr22\t0\t1\n")
    batch.manifest["files"][0]["callable_bed"] = "x.bed"


@pytest.mark.parametrize(
    "change", [_other_bytes, _other_sheet, _other_statement, _other_document, _other_bed]
)
def test_each_change_changes_the_content_checksum(
    tmp_path: Path, change: Callable[[BatchDir], None]
) -> None:
    batch = two_files(tmp_path)
    before = read_batch(batch.write()).content_sha256
    change(batch)

    assert read_batch(batch.write()).content_sha256 != before
