"""Each refusal of a batch directory, on the smallest batch that earns it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.intake import inspect_batch, read_batch
from schemas.errors import BatchRefused
from tests.batch_dir import BatchDir, table, vcf

SHEET = ("sample_id|person_id|sex", "S1|P1|XX")


@pytest.fixture
def batch(tmp_path: Path) -> BatchDir:
    """One sample in one file."""
    made = BatchDir(tmp_path / "batch")
    made.add("a.vcf", vcf("S1"))
    made.sheet(*SHEET)
    return made


def refusal(batch: BatchDir | Path, **options: Any) -> BatchRefused:
    """The error of a batch that must be refused."""
    path = batch.write() if isinstance(batch, BatchDir) else batch
    with pytest.raises(BatchRefused) as caught:
        read_batch(path, **options)
    return caught.value


def test_the_smallest_batch_is_good(batch: BatchDir) -> None:
    assert len(read_batch(batch.write()).samples) == 1


class TestManifest:
    def test_no_directory(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "nowhere").reason == "manifest_missing"

    def test_no_manifest(self, tmp_path: Path) -> None:
        assert refusal(tmp_path).reason == "manifest_missing"

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (b"{", "line 1, column 2"),
            (b'{"format": "cad-batch/1", "format": "x"}', "same key twice"),
            (b'{"files": NaN}', "NaN"),
            (b'{"batch_id": "\xe9"}', "byte 15 is not UTF-8"),
            (b"[" * 100_000, "nested too deeply"),
            (b"1" * 5000, "too many digits"),
            (b'{"batch_id": "\\ud800"}', "half a character"),
        ],
    )
    def test_not_json(self, batch: BatchDir, text: bytes, told: str) -> None:
        batch.put("manifest.json", text)
        error = refusal(batch.path)
        assert error.reason == "manifest_invalid"
        assert told in error.detail

    @pytest.mark.parametrize(
        ("pointer", "value", "told"),
        [
            ("", [], "JSON type object"),
            ("/format", "cad-batch/2", "must be cad-batch/1"),
            ("/batch_id", "", "must match"),
            ("/batch_id", "a/b", "must match"),
            ("/batch_id", "night 1\n", "must match"),
            ("/batch_id", "x" * 201, "maxLength 200"),
            ("/platform", 7, "JSON type string"),
            ("/assembly", "hg19", "one of GRCh37, GRCh38"),
            ("/pipeline", {"name": "gatk"}, "lacks version"),
            ("/files", [], "minItems 1"),
            ("/files/0/kind", "exome", "one of germline"),
            ("/files/0/callability", "all", "one of blocks, bed, sites"),
            ("/files/0/sha256", "abc", "minLength 64"),
            ("/files/0/sha256", "g" * 64, "must match"),
            ("/files/0/records", -1, "minimum 0"),
            ("/files/0/records", True, "JSON type integer"),
            ("/files/0/contigs", [], "minItems 1"),
            ("/files/0/contigs", ["1", "1"], "same value twice"),
            ("/files/0/samples", {"A": 1}, "JSON type string"),
            ("/files/0/colour", "blue", "does not define: colour"),
            ("/checksums", {"x": "1"}, "minLength 64"),
        ],
    )
    def test_against_the_schema(
        self, batch: BatchDir, pointer: str, value: object, told: str
    ) -> None:
        document: Any = {"": batch.manifest}
        *steps, last = pointer.split("/") if pointer else [""]
        node = document
        for step in steps:
            node = node[int(step) if step.isdigit() else step]
        node[last] = value
        batch.put("manifest.json", json.dumps(document[""]).encode())

        error = refusal(batch.path)

        assert error.reason == "manifest_invalid"
        assert told in error.detail
        place = f"manifest.json#{pointer}"
        assert error.where in (place, place.rpartition("/")[0], f"{place}/A", f"{place}/x")

    @pytest.mark.parametrize("field", ["format", "batch_id", "platform", "assembly", "files"])
    def test_lacking_field(self, batch: BatchDir, field: str) -> None:
        del batch.manifest[field]
        error = refusal(batch)
        assert (error.reason, error.detail) == ("manifest_invalid", f"lacks {field}")

    def test_one_file_twice(self, batch: BatchDir) -> None:
        batch.add("a.vcf", vcf("S1"), path="./a.vcf")
        error = refusal(batch)
        assert error.reason == "manifest_invalid"
        assert error.where == "manifest.json#/files/1/path"

    @pytest.mark.parametrize("kind", ["somatic", "sv"])
    def test_kind_not_supported(self, batch: BatchDir, kind: str) -> None:
        batch.manifest["files"][0]["kind"] = kind
        error = refusal(batch)
        assert error.reason == "kind_not_supported"
        assert error.where == "manifest.json#/files/0/kind"

    def test_two_columns_mapped_to_one_sample(self, batch: BatchDir) -> None:
        batch.manifest["files"][0]["samples"] = {"A": "S1", "B": "S1"}
        assert refusal(batch).reason == "sample_duplicate"

    def test_assembly_of_another_warehouse(self, batch: BatchDir) -> None:
        error = refusal(batch, assembly="GRCh37")
        assert error.reason == "assembly_mismatch"
        assert error.detail == "the batch is GRCh38, the warehouse GRCh37"


class TestPaths:
    @pytest.mark.parametrize(
        "path", ["../a.vcf", "sub/../a.vcf", "/etc/hostname", "a\x00.vcf", "a\n.vcf"]
    )
    def test_leaves_the_directory(self, batch: BatchDir, path: str) -> None:
        batch.manifest["files"][0]["path"] = path
        assert refusal(batch).reason == "path_not_allowed"

    @pytest.mark.parametrize("name", ["a.vcf", "samples.tsv", "manifest.json", "fhir"])
    def test_link_leaves_the_directory(self, batch: BatchDir, tmp_path: Path, name: str) -> None:
        batch.put("fhir/p.json", b"{}")
        root = batch.write()
        (root / name).rename(tmp_path / "outside")
        (root / name).symlink_to(tmp_path / "outside")
        assert refusal(root).reason == "path_not_allowed"

    def test_link_inside_is_followed(self, batch: BatchDir) -> None:
        (batch.path / "a.vcf").rename(batch.path / "b.vcf")
        (batch.path / "a.vcf").symlink_to("b.vcf")
        assert read_batch(batch.write()).files[0].path == batch.path / "b.vcf"

    def test_link_in_a_circle(self, batch: BatchDir) -> None:
        (batch.path / "a.vcf").unlink()
        (batch.path / "a.vcf").symlink_to("a.vcf")
        assert refusal(batch).reason == "path_not_allowed"

    @pytest.mark.parametrize(
        "place",
        [
            lambda entry: entry.update(path="b.vcf"),
            lambda entry: entry.update(callability="bed", callable_bed="no.bed"),
        ],
    )
    def test_named_and_not_there(
        self, batch: BatchDir, place: Callable[[dict[str, Any]], None]
    ) -> None:
        place(batch.manifest["files"][0])
        assert refusal(batch).reason == "file_missing"

    def test_checksum_of_what_is_not_there(self, batch: BatchDir) -> None:
        assert refusal(batch.write({"checksums": {"x.txt": "0" * 64}})).reason == "file_missing"

    def test_no_sample_sheet(self, batch: BatchDir) -> None:
        (batch.path / "samples.tsv").unlink()
        assert refusal(batch).reason == "file_missing"

    def test_folder_or_pipe_instead_of_a_file(self, batch: BatchDir) -> None:
        (batch.path / "a.vcf").unlink()
        os.mkfifo(batch.path / "a.vcf")
        assert refusal(batch).reason == "file_missing"
        (batch.path / "a.vcf").unlink()
        (batch.path / "a.vcf").mkdir()
        assert refusal(batch).reason == "file_missing"

    def test_bed_of_the_sheet_not_there(self, batch: BatchDir) -> None:
        batch.sheet("sample_id|person_id|sex|callable_bed", "S1|P1|XX|own.bed")
        assert refusal(batch).reason == "file_missing"

    def test_file_with_other_bytes(self, batch: BatchDir) -> None:
        batch.put("a.vcf", vcf("S1") + b"\n")
        error = refusal(batch)
        assert error.reason == "checksum_mismatch"
        assert batch.manifest["files"][0]["sha256"] in error.detail

    def test_sheet_with_other_bytes(self, batch: BatchDir) -> None:
        error = refusal(batch.write({"checksums": {"samples.tsv": "0" * 64}}))
        assert error.reason == "checksum_mismatch"


class TestSheets:
    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"", "empty"),
            (table("sample_id|person_id|sex"), "no row"),
            (table(*SHEET, "S2|P2"), "2 cells under a header of 3"),
            (table(*SHEET, "S2|P2|XX|"), "4 cells under a header of 3"),
            (table(SHEET[0], "", SHEET[1]), "1 cells under a header of 3"),
            (table("sample_id|person_id|sex|sex", "S1|P1|XX|XX"), "sex stands twice"),
            (table(*SHEET).replace(b"P1", b"\xe9"), "not UTF-8"),
            (table(*SHEET).replace(b"P1", b"P\x001"), "control character"),
            (table(*SHEET).replace(b"\n", b"\r"), "control character"),
        ],
    )
    def test_malformed(self, batch: BatchDir, data: bytes, told: str) -> None:
        batch.put("samples.tsv", data)
        error = refusal(batch)
        assert error.reason == "sheet_malformed"
        assert told in error.detail

    def test_unknown_column_is_named(self, batch: BatchDir) -> None:
        batch.sheet("sample_id|person_id|sex|birth_city", "S1|P1|XX|Lyon")
        error = refusal(batch)
        assert error.reason == "sheet_unknown_column"
        assert "'birth_city'" in error.detail
        assert "Lyon" not in str(error)

    @pytest.mark.parametrize("column", ["sample_id", "person_id", "sex"])
    def test_required_column(self, batch: BatchDir, column: str) -> None:
        cells = {"sample_id": "S1", "person_id": "P1", "sex": "XX"}
        del cells[column]
        batch.sheet("|".join(cells), "|".join(cells.values()))
        error = refusal(batch)
        assert (error.reason, error.detail) == ("sheet_missing_column", f"lacks {column}")

    @pytest.mark.parametrize(
        ("column", "cell"),
        [
            ("sample_id", ""),
            ("person_id", " P1"),
            ("sex", "F"),
            ("sex", ""),
            ("material", "blood"),
            ("assay", "wgs"),
            ("affected", "2"),
            ("proband", "yes"),
            ("ffpe", "maybe"),
            ("father_id", "0"),
            ("mother_id", "."),
            ("age_years", "-1"),
            ("age_years", "1e2"),
            ("age_years", "151"),
            ("collected_on", "20/11/2026"),
            ("collected_on", "20261120"),
            ("prescribed_on", "2026-02-29"),
        ],
    )
    def test_value(self, batch: BatchDir, column: str, cell: str) -> None:
        cells = {"sample_id": "S1", "person_id": "P1", "sex": "XX", column: cell}
        batch.sheet("|".join(cells), "|".join(cells.values()))
        error = refusal(batch)
        assert error.reason == "sheet_value"
        assert error.where == f"samples.tsv, line 2, column {column}"

    @pytest.mark.parametrize(
        ("name", "header", "row", "column"),
        [
            (
                "consents.tsv",
                "person_id|scope|status|signed_on",
                "P1|all|given|2026-01-01",
                "scope",
            ),
            ("consents.tsv", "person_id|scope|status|signed_on", "P1|care|no|2026-01-01", "status"),
            ("consents.tsv", "person_id|scope|status|signed_on", "P1|care|given|", "signed_on"),
            ("phenotypes.tsv", "person_id|system|code", "P1|hpo|HP:0001250", "system"),
            ("phenotypes.tsv", "person_id|system|code|excluded", "P1|HPO|HP:1|no", "excluded"),
        ],
    )
    def test_value_of_another_table(
        self, batch: BatchDir, name: str, header: str, row: str, column: str
    ) -> None:
        batch.sheet(header, row, name=name)
        error = refusal(batch)
        assert error.reason == "sheet_value"
        assert error.where == f"{name}, line 2, column {column}"

    def test_sample_twice(self, batch: BatchDir) -> None:
        batch.sheet(*SHEET, "S1|P2|XX")
        error = refusal(batch)
        assert error.reason == "sample_duplicate"
        assert error.where == "samples.tsv, line 3"

    @pytest.mark.parametrize(
        ("first", "second"),
        [("XX||", "XY||"), ("XX|P8|", "XX|P9|"), ("XX||P8", "unknown||P9")],
    )
    def test_person_contradicts_itself(self, batch: BatchDir, first: str, second: str) -> None:
        batch.sheet(
            "sample_id|person_id|sex|father_id|mother_id", f"S1|P1|{first}", f"S2|P1|{second}"
        )
        error = refusal(batch)
        assert error.reason == "person_conflict"
        assert error.where == "samples.tsv, line 3"

    def test_what_is_not_known_contradicts_nothing(self, batch: BatchDir) -> None:
        batch.sheet(
            "sample_id|person_id|sex|father_id", "S1|P1|XX|P8", "S2|P1|unknown|", "S3|P1|XX|P8"
        )
        assert len(read_batch(batch.write()).samples) == 3

    @pytest.mark.parametrize("column", ["father_id", "mother_id", "twin_of"])
    def test_own_parent_or_twin(self, batch: BatchDir, column: str) -> None:
        batch.sheet(f"sample_id|person_id|sex|{column}", "S1|P1|XX|P1")
        assert refusal(batch).reason == "person_conflict"


class TestDocuments:
    def test_not_json(self, batch: BatchDir) -> None:
        batch.put("fhir/p.json", b"{'a': 1}")
        error = refusal(batch)
        assert (error.reason, error.where) == ("document_malformed", "fhir/p.json")

    @pytest.mark.parametrize("folder", ["fhir", "phenopackets"])
    def test_direct_identifier(self, batch: BatchDir, folder: str) -> None:
        batch.put(f"{folder}/p.json", b'{"subject": {"dateOfBirth": "1985-03-12T00:00:00Z"}}')
        error = refusal(batch)
        assert error.reason == "identifying_data"
        assert error.where == f"{folder}/p.json#/subject/dateOfBirth"
        assert "1985" not in str(error)

    def test_direct_identifier_in_a_table(self, batch: BatchDir) -> None:
        batch.sheet(
            "person_id|system|code|label",
            "P1|HPO|HP:0001250|Épilepsie, née le 12/03/1985",
            name="phenotypes.tsv",
        )
        error = refusal(batch)
        assert error.reason == "identifying_data"
        assert error.where == "phenotypes.tsv, line 2, column label"
        assert "1985" not in str(error)

    def test_direct_identifier_as_an_id(self, batch: BatchDir) -> None:
        batch.sheet("sample_id|person_id|sex", "S1|255081416802538|XX")
        error = refusal(batch)
        assert error.reason == "identifying_data"
        assert "2550814" not in str(error)


def test_inspection_tells_every_problem(batch: BatchDir) -> None:
    batch.manifest["files"][0]["sha256"] = "0" * 64
    batch.add("b.vcf", b"", path="../b.vcf")
    batch.sheet("sample_id|person_id|sex", "S1|P1|F", "S2|P2|XX", "S2|P2|XY")
    batch.put("fhir/p.json", b"[")
    found: list[BatchRefused] = []

    read = inspect_batch(batch.write(), found.append, assembly="GRCh37")

    assert sorted(error.reason for error in found) == [
        "assembly_mismatch",
        "checksum_mismatch",
        "document_malformed",
        "path_not_allowed",
        "person_conflict",
        "sample_duplicate",
        "sheet_value",
    ]
    assert read is not None
    assert [file.manifest.path for file in read.files] == ["a.vcf"]
