"""`cad batch new`: what it makes must validate, and say what files and pedigree say."""

import json
from pathlib import Path
from typing import Any

import pysam
import pytest

from cad.batch_new import new_batch
from cad.validate import validate_batch
from loaders.intake import read_batch
from loaders.pedigree import read_pedigree
from schemas.errors import BadQuestion, BatchRefused, Conflict
from schemas.manifest import Pipeline
from schemas.sheets import SampleRow
from tests.batch_dir import vcf

LINES = ("chr22 100 . A G . PASS . GT 0/1 0/0", "chr22 150 . C T . PASS . GT 0/0 0/1")


@pytest.fixture
def trio(tmp_path: Path) -> Path:
    """Two samples of a family."""
    path = tmp_path / "in" / "trio.vcf"
    path.parent.mkdir()
    path.write_bytes(vcf("KID", "DAD", lines=LINES))
    return path


def manifest(root: Path) -> Any:
    return json.loads((root / "manifest.json").read_text(encoding="utf-8"))


def test_result_validates_and_says_what_it_found(tmp_path: Path, trio: Path) -> None:
    made = new_batch([trio], platform="SEQOIA", out=tmp_path / "out")

    assert validate_batch(made.directory).is_valid
    assert made.to_json() == {
        "batch_id": made.batch_id,
        "directory": str(tmp_path / "out"),
        "assembly": "GRCh38",
        "files": ["trio.vcf"],
        "samples": 2,
    }
    assert made.batch_id.startswith("SEQOIA-")
    [entry] = manifest(made.directory)["files"]
    assert (entry["records"], entry["kind"], entry["callability"]) == (2, "germline", "sites")
    assert read_batch(made.directory).samples == (
        SampleRow("KID", "KID", "unknown"),
        SampleRow("DAD", "DAD", "unknown"),
    )


def test_pedigree(tmp_path: Path, trio: Path) -> None:
    ped = tmp_path / "trio.ped"
    ped.write_text(
        "#family\tid\tfather\tmother\tsex\tphenotype\n"
        "F1\tKID\tDAD\tMUM\t2\t2\nF1\tDAD\t0\t0\t1\t1\nF1\tMUM\t0\t0\t2\t-9\n"
    )
    made = new_batch([trio], platform="SEQOIA", out=tmp_path / "out", ped=ped)
    assert read_batch(made.directory).samples == (
        SampleRow(
            "KID", "KID", "XX", family_id="F1", father_id="DAD", mother_id="MUM", affected="1"
        ),
        SampleRow("DAD", "DAD", "XY", family_id="F1", affected="0"),
    )


@pytest.mark.parametrize(
    ("code", "sex"), [("1", "XY"), ("2", "XX"), ("0", "unknown"), ("x", "unknown")]
)
def test_sex_of_a_pedigree(tmp_path: Path, code: str, sex: str) -> None:
    path = tmp_path / "a.ped"
    path.write_text(f"F A 0 0 {code} 2\n")
    assert read_pedigree(path)["A"].sex == sex


@pytest.mark.parametrize(
    ("code", "affected"), [("2", "1"), ("1", "0"), ("0", "unknown"), ("-9", "unknown")]
)
def test_affection_of_a_pedigree(tmp_path: Path, code: str, affected: str) -> None:
    path = tmp_path / "a.ped"
    path.write_text(f"F A 0 0 1 {code}\n")
    assert read_pedigree(path)["A"].affected == affected


@pytest.mark.parametrize(
    "text", ["F A 0 0 1\n", "F A 0 0 1 1\nF A 0 0 1 1\n", "F A A 0 1 1\n", "\xff"]
)
def test_broken_pedigree(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.ped"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadQuestion, match="pedigree_malformed"):
        read_pedigree(path)


def test_bed_serves_every_file(tmp_path: Path, trio: Path) -> None:
    bed = tmp_path / "wgs.bed"
    bed.write_text("chr22\t0\t1000\n")
    made = new_batch([trio], platform="SEQOIA", out=tmp_path / "out", bed=bed)
    said = manifest(made.directory)
    assert said["files"][0]["callability"] == "bed"
    assert said["files"][0]["callable_bed"] == "wgs.bed"
    assert validate_batch(made.directory).is_valid


def test_gvcf_is_told_by_its_blocks(tmp_path: Path) -> None:
    gvcf = tmp_path / "a.g.vcf"
    gvcf.write_bytes(vcf("S1", lines=("chr22 1 . A <NON_REF> . . END=9 GT 0/0",)))
    made = new_batch([gvcf], platform="SEQOIA", out=tmp_path / "out")
    assert manifest(made.directory)["files"][0]["callability"] == "blocks"


def test_files_of_one_name_and_one_sample(tmp_path: Path) -> None:
    paths = []
    for folder, sample in (("a", "S1"), ("b", "S2")):
        path = tmp_path / folder / "out.vcf"
        path.parent.mkdir()
        path.write_bytes(vcf(sample, lines=("chr22 1 . A G . . . GT 0/1",)))
        paths.append(path)
    made = new_batch(paths, platform="SEQOIA", out=tmp_path / "out")
    assert made.files == ("out.vcf", "2/out.vcf")
    assert [row.sample_id for row in read_batch(made.directory).samples] == ["S1", "S2"]


def test_compressed_file_is_counted(tmp_path: Path, trio: Path) -> None:
    packed = tmp_path / "trio.vcf.gz"
    with pysam.BGZFile(str(packed), "wb") as file:
        file.write(trio.read_bytes())
    made = new_batch([packed], platform="SEQOIA", out=tmp_path / "out")
    assert manifest(made.directory)["files"][0]["records"] == 2
    assert validate_batch(made.directory).is_valid


def test_last_line_without_its_end_is_counted(tmp_path: Path, trio: Path) -> None:
    trio.write_bytes(trio.read_bytes().removesuffix(b"\n"))
    made = new_batch([trio], platform="SEQOIA", out=tmp_path / "out")
    assert manifest(made.directory)["files"][0]["records"] == 2
    assert validate_batch(made.directory).is_valid


def test_same_files_give_the_same_id(tmp_path: Path, trio: Path) -> None:
    one = new_batch([trio], platform="SEQOIA", out=tmp_path / "one")
    other = new_batch([trio], platform="SEQOIA", out=tmp_path / "other")
    assert one.batch_id == other.batch_id


def test_what_is_named_is_kept(tmp_path: Path, trio: Path) -> None:
    made = new_batch(
        [trio],
        platform="AURAGEN",
        out=tmp_path / "out",
        kind="mitochondrial",
        callability="blocks",
        assembly="GRCh38",
        batch_id="night 1",
        pipeline=Pipeline("gatk", "4.6.1"),
    )
    said = manifest(made.directory)
    assert (said["platform"], said["batch_id"]) == ("AURAGEN", "night 1")
    assert said["pipeline"] == {"name": "gatk", "version": "4.6.1"}
    assert (said["files"][0]["kind"], said["files"][0]["callability"]) == (
        "mitochondrial",
        "blocks",
    )


def test_output_that_holds_something(tmp_path: Path, trio: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").touch()
    with pytest.raises(Conflict, match="output_exists"):
        new_batch([trio], platform="SEQOIA", out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x"]


def test_empty_output_is_taken(tmp_path: Path, trio: Path) -> None:
    (tmp_path / "out").mkdir()
    new_batch([trio], platform="SEQOIA", out=tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").exists()


def test_assembly_that_no_header_tells(tmp_path: Path, trio: Path) -> None:
    text = trio.read_bytes().replace(b"##contig=<ID=chr22,length=50818468>\n", b"")
    trio.write_bytes(text)
    with pytest.raises(BadQuestion, match="assembly_unknown"):
        new_batch([trio], platform="SEQOIA", out=tmp_path / "out")
    assert (
        new_batch([trio], platform="SEQOIA", out=tmp_path / "out", assembly="GRCh37").assembly
        == "GRCh37"
    )


def test_assembly_that_the_headers_contradict(tmp_path: Path, trio: Path) -> None:
    trio.write_bytes(trio.read_bytes().replace(b"50818468", b"50818469"))
    with pytest.raises(BatchRefused, match="assembly_mismatch"):
        new_batch([trio], platform="SEQOIA", out=tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"platform": "a/b"}, "manifest_invalid"),
        ({"platform": "SEQOIA", "kind": "sv"}, "kind_not_supported"),
        ({"platform": "SEQOIA", "assembly": "GRCh37"}, "assembly_mismatch"),
    ],
)
def test_refused_batch_leaves_nothing(
    tmp_path: Path, trio: Path, options: dict[str, Any], error: str
) -> None:
    with pytest.raises(BatchRefused, match=error):
        new_batch([trio], out=tmp_path / "made" / "out", **options)
    assert list((tmp_path / "made").iterdir()) == []


def test_bed_callability_without_bed(tmp_path: Path, trio: Path) -> None:
    with pytest.raises(BadQuestion, match="request_malformed"):
        new_batch([trio], platform="SEQOIA", out=tmp_path / "out", callability="bed")


@pytest.mark.realdata
def test_giab_trio_with_its_pedigree(tmp_path: Path, testdata: Path) -> None:
    made = new_batch(
        [testdata / "genotypes/giab_ashkenazim_trio.GRCh37.vcf.gz"],
        platform="GIAB",
        out=tmp_path / "out",
        ped=testdata / "genotypes/ashk-trio.ped",
        assembly="GRCh37",
    )
    report = validate_batch(made.directory)
    assert report.problems == ()
    assert report.files[0].records == 9940
    rows = {row.sample_id: row for row in read_batch(made.directory).samples}
    assert len(rows) == 3
    kid = rows["HG002"]
    assert (kid.sex, kid.father_id, kid.mother_id, kid.affected) == ("XY", "HG003", "HG004", "1")
