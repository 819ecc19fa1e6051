"""The commands of a platform and of the operator, from a batch to its receipt."""

import json
from pathlib import Path
from typing import Any

import pytest

from cad.commit import open_session
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.batch_dir import BatchDir, good_batch, table, vcf
from tests.cad.examples import lay_out, run_examples
from tests.cli import cad, cad_json

RECEIPT = {"batch_id", "commit", "status", "samples", "samples_ignored", "files"}
FILE = {"path", "records", "loaded", "reference", "set_aside", "warnings", "alleles"}
REFUSAL = {"error", "reason", "detail", "where"}


def _named(path: Path, batch_id: str) -> Path:
    batch = good_batch(path)
    return batch.write({"batch_id": batch_id})


def _broken(path: Path, batch_id: str = "BROKEN") -> Path:
    batch = good_batch(path)
    batch.put("two.vcf", b"no VCF")
    return batch.write({"batch_id": batch_id})


@pytest.fixture
def national(tmp_path: Path) -> Path:
    """An empty warehouse."""
    path = tmp_path / "national"
    assert cad("init", "-w", path, "--assembly", "GRCh38").exit_code == 0
    return path


def test_init_makes_a_warehouse_once(tmp_path: Path) -> None:
    made = cad_json("init", "-w", tmp_path / "w", "--assembly", "GRCh37")
    assert (made["assembly"], made["reference"], made["commit"]) == ("GRCh37", False, 0)
    assert cad_json("init", "-w", tmp_path / "w", "--assembly", "GRCh37", code=1)["reason"] == (
        "warehouse_exists"
    )


def test_init_takes_a_reference_and_a_registry(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">chr22:101-110\nACGTACGTAC\n")
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    words = ("init", "-w", tmp_path / "w", "--assembly", "GRCh38", "--reference", fasta)
    made = cad_json(*words, "--registry", url)
    assert (made["reference"], made["registry"]) == (True, "sqlite")
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert cad_json("status", "-w", tmp_path / "w")["reference"] is True


def test_a_valid_batch_is_called_valid(tmp_path: Path) -> None:
    document = cad_json("validate", _named(tmp_path / "b", "NIGHT"))
    assert (document["status"], document["batch_id"], document["problems"]) == (
        "valid",
        "NIGHT",
        [],
    )
    assert set(document["files"][0]) == FILE


def test_an_invalid_batch_is_refused_with_all_its_problems(tmp_path: Path) -> None:
    document = cad_json("validate", _broken(tmp_path / "b"), code=1)
    assert document["status"] == "refused"
    assert document["reason"] == document["problems"][0]["reason"] == "checksum_mismatch"
    assert len(document["problems"]) == 2
    human = cad("validate", tmp_path / "b")
    assert human.exit_code == 1
    assert "checksum_mismatch" in human.stdout
    assert "header_malformed" in human.stdout


def test_a_validation_leaves_a_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert cad("validate", _named(tmp_path / "b", "NIGHT"), "--report", page).exit_code == 0
    assert "Lot valide" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_no_accident(tmp_path: Path) -> None:
    page = tmp_path / "nowhere" / "report.html"
    document = cad_json("validate", _named(tmp_path / "b", "NIGHT"), "--report", page, code=1)
    assert document["reason"] == "file_unusable"


def test_a_validation_compares_with_a_reference(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">chr22:100-100\nT\n")
    document = cad_json("validate", _named(tmp_path / "b", "N"), "--reference", fasta)
    reasons = {entry["reason"] for entry in document["files"][0]["set_aside"]}
    assert "ref_mismatch" in reasons


def test_a_push_prints_the_receipt_of_the_contract(national: Path, tmp_path: Path) -> None:
    receipt = cad_json("push", _named(tmp_path / "b", "NIGHT"), "-w", national)
    assert set(receipt) >= RECEIPT
    assert (receipt["batch_id"], receipt["commit"], receipt["status"]) == ("NIGHT", 1, "accepted")
    assert (receipt["samples"], receipt["samples_ignored"]) == (2, 0)
    [file] = receipt["files"]
    assert set(file) == FILE
    assert (file["path"], file["records"], file["loaded"], file["reference"]) == (
        "two.vcf",
        3,
        1,
        1,
    )
    assert file["set_aside"] == [{"reason": "contig_not_counted", "records": 1, "examples": [7]}]
    assert file["alleles"] == {"loaded": 1, "not_carried": 1, "set_aside": 1}


def test_a_second_push_changes_nothing(national: Path, tmp_path: Path) -> None:
    batch = _named(tmp_path / "b", "NIGHT")
    first = cad_json("push", batch, "-w", national)
    assert cad_json("push", batch, "-w", national) == {**first, "status": "unchanged"}
    assert cad_json("receipt", "NIGHT", "-w", national) == first


def test_other_bytes_need_replace(national: Path, tmp_path: Path) -> None:
    cad("push", _named(tmp_path / "b", "NIGHT"), "-w", national)
    other = good_batch(tmp_path / "other")
    other.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XX")
    path = other.write({"batch_id": "NIGHT"})
    refused = cad_json("push", path, "-w", national, code=1)
    assert (refused["batch_id"], refused["reason"]) == ("NIGHT", "batch_conflict")
    assert cad_json("push", path, "-w", national, "--replace")["commit"] == 2


def test_a_strict_push_refuses_what_a_platform_can_mend(national: Path, tmp_path: Path) -> None:
    batch = BatchDir(tmp_path / "b")
    batch.add("one.vcf", vcf("S1", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    batch.sheet("sample_id|person_id|sex", "S1|P1|XX")
    path = batch.write()
    refused = cad_json("push", path, "-w", national, "--strict", code=1)
    assert refused["reason"] == "sites_single_sample"
    assert cad_json("push", path, "-w", national)["status"] == "accepted"


def test_several_directories_commit_each_on_its_own(national: Path, tmp_path: Path) -> None:
    paths = [
        _named(tmp_path / "one", "ONE"),
        _broken(tmp_path / "broken"),
        tmp_path / "absent",
        _named(tmp_path / "two", "TWO"),
    ]
    one, broken, absent, two = cad_json("push", *paths, "-w", national, code=1)
    assert (one["batch_id"], one["commit"]) == ("ONE", 1)
    assert (two["batch_id"], two["commit"]) == ("TWO", 2)
    assert set(broken) == {"batch_id", *REFUSAL}
    assert (broken["batch_id"], broken["error"]) == ("BROKEN", "BatchRefused")
    assert set(absent) == REFUSAL
    assert absent["reason"] == "manifest_missing"
    human = cad("push", *paths, "-w", national)
    assert human.exit_code == 1
    assert "ONE: unchanged at commit 1" in human.stdout
    assert "checksum_mismatch" in human.stderr


def test_several_good_directories_end_with_0(national: Path, tmp_path: Path) -> None:
    paths = [_named(tmp_path / "one", "ONE"), _named(tmp_path / "two", "TWO")]
    assert [one["commit"] for one in cad_json("push", *paths, "-w", national)] == [1, 2]


def test_an_unreadable_manifest_gives_no_batch_id(national: Path, tmp_path: Path) -> None:
    batch = tmp_path / "b"
    batch.mkdir()
    for text in ("[]", "{", '{"batch_id": 7}', "[" * 100_000):
        (batch / "manifest.json").write_text(text)
        refused = cad_json("push", batch, "-w", national, code=1)
        assert (refused["reason"], "batch_id" in refused) == ("manifest_invalid", False)


def test_batches_are_listed_as_they_came(national: Path, tmp_path: Path) -> None:
    assert cad_json("batches", "-w", national) == []
    cad("push", _named(tmp_path / "b", "B"), _named(tmp_path / "a", "A"), "-w", national)
    first, second = cad_json("batches", "-w", national)
    assert {**first, "pushed_at": None} == {
        "batch_id": "B",
        "platform": "SEQOIA",
        "samples": 2,
        "commit": 1,
        "status": "accepted",
        "pushed_at": None,
    }
    assert second["batch_id"] == "A"
    assert first["pushed_at"] <= second["pushed_at"]
    assert "SEQOIA" in cad("batches", "-w", national).stdout


def test_a_receipt_of_an_unknown_batch_is_refused(national: Path) -> None:
    assert cad_json("receipt", "NOPE", "-w", national, code=1)["reason"] == "batch_unknown"


def test_status_tells_what_is_not_built_and_then_that_all_is(
    national: Path, tmp_path: Path
) -> None:
    empty = cad_json("status", "-w", national)
    assert (empty["commit"], empty["batches"], empty["base"]) == (0, 0, None)
    cad("push", _named(tmp_path / "b", "NIGHT"), "-w", national)
    pushed = cad_json("status", "-w", national)
    assert (pushed["commit"], pushed["batches"], pushed["samples"]) == (1, 1, 2)
    assert pushed["batches_not_built"] == ["NIGHT"]
    assert not pushed["is_built"]
    assert pushed["purposes"]["care"] == {"persons": 0, "variants": 0, "persons_next": 2}
    assert pushed["purposes"]["research"]["persons_next"] == 1
    assert pushed["lake"]["files"] > 0
    assert pushed["lake"]["bytes"] > 0
    cad("build", "-w", national)
    built = cad_json("status", "-w", national)
    assert (built["base"]["commit"], built["base"]["engine"]) == (2, "duckdb")
    assert built["is_built"]
    assert built["batches_not_built"] == []
    assert built["purposes"]["care"] == {"persons": 2, "variants": 1, "persons_next": 2}


def test_a_build_tells_what_it_did(national: Path, tmp_path: Path) -> None:
    cad("push", _named(tmp_path / "b", "NIGHT"), "-w", national)
    built = cad_json("build", "-w", national)
    assert built["seconds"] > 0
    told = {
        name: built[name] for name in ("commit", "persons_added", "persons_removed", "variants")
    }
    assert told == {"commit": 2, "persons_added": 2, "persons_removed": 0, "variants": 1}
    again = cad_json("build", "-w", national)
    assert (again["commit"], again["persons_added"]) == (2, 0)


def test_status_and_maintenance_see_a_dead_writer(national: Path) -> None:
    with (
        Warehouse.open(national, Settings(session_seconds=3)) as warehouse,
        open_session(warehouse, "push") as session,
    ):
        [writer] = cad_json("status", "-w", national)["sessions"]
        told = (writer["session"], writer["kind"], writer["expired"])
        assert told == (session.number, "push", False)
        assert "writing" in cad("status", "-w", national).stdout
        swept = cad_json("maintain", "-w", national)["sweep"]
        assert swept["sessions_aborted"] == 0


def test_replaced_files_are_swept(national: Path, tmp_path: Path) -> None:
    cad("push", _named(tmp_path / "b", "NIGHT"), "-w", national)
    other = good_batch(tmp_path / "other")
    other.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XX")
    cad("push", other.write({"batch_id": "NIGHT"}), "-w", national, "--replace")
    removed = cad_json("status", "-w", national)["lake"]
    assert removed["removed_files"] > 0
    done = cad_json("maintain", "-w", national)
    # The new batch is compacted first, and the files that replaces go too.
    files = removed["removed_files"] + done["compact"]["files_replaced"]
    assert done["sweep"]["files_deleted"] == files
    assert done["sweep"]["bytes_freed"] > removed["removed_bytes"]
    assert cad_json("status", "-w", national)["lake"]["removed_files"] == 0
    assert cad("maintain", "-w", national).exit_code == 0


def test_a_batch_is_made_of_files_that_follow_one_option(tmp_path: Path) -> None:
    files = []
    for name in ("S1", "S2", "S3"):
        path = tmp_path / f"{name}.vcf"
        path.write_bytes(vcf(name, lines=("chr22 100 . A G . PASS . GT 0/1",)))
        files.append(path)
    out = tmp_path / "batch"
    words = ("batch", "new", "--from-vcf", *files[:2], "--platform", "P", "-o", out)
    made = cad_json(*words, "--from-vcf", files[2], "--pipeline", "gatk", "--batch-id", "B-1")
    told: dict[str, Any] = {name: made[name] for name in ("batch_id", "assembly", "samples")}
    assert told == {"batch_id": "B-1", "assembly": "GRCh38", "samples": 3}
    assert sorted(made["files"]) == ["S1.vcf", "S2.vcf", "S3.vcf"]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["pipeline"] == {"name": "gatk", "version": "unknown"}
    assert cad_json("validate", out)["status"] == "valid"
    assert cad_json(*words, code=1)["reason"] == "output_exists"
    assert cad("batch", "new", "--platform", "P", "-o", out).exit_code == 2


def test_a_pedigree_fills_the_sheet(tmp_path: Path) -> None:
    trio = tmp_path / "trio.vcf"
    trio.write_bytes(vcf("C", "F", "M", lines=("chr22 100 . A G . PASS . GT 0/1 0/0 0/1",)))
    ped = tmp_path / "trio.ped"
    ped.write_text("FAM C F M 1 2\nFAM F 0 0 1 1\nFAM M 0 0 2 1\n")
    out = tmp_path / "batch"
    cad("batch", "new", "--from-vcf", trio, "--ped", ped, "--platform", "P", "-o", out)
    sheet = (out / "samples.tsv").read_text().splitlines()
    assert "C\tC\tXY\tFAM\tF\tM\t1" in sheet


def test_consents_and_corrections_count_from_the_next_build_on(
    national: Path, tmp_path: Path
) -> None:
    cad("push", _named(tmp_path / "b", "NIGHT"), "-w", national)
    cad("build", "-w", national)
    consents = tmp_path / "c.tsv"
    consents.write_bytes(table("person_id|scope|status|signed_on", "P1|industry|given|2026-02-01"))
    imported = cad_json("consent", "import", consents, "-w", national)
    assert imported == {"commit": 3, "status": "accepted", "consents": 1}
    assert cad_json("consent", "import", consents, "-w", national)["status"] == "unchanged"
    corrections = tmp_path / "s.tsv"
    corrections.write_bytes(table("person_id|sex", "P2|XX"))
    corrected = cad_json("samples", "update", corrections, "-w", national)
    assert corrected == {"commit": 4, "status": "accepted", "samples": 1}
    cad("build", "-w", national)
    words = ("variant", "22-100-A-G", "-w", national)
    assert cad_json(*words, "--purpose", "industry")["persons"] == 1
    assert cad_json(*words, "--stratum", "sex=XX")["frequencies"][0]["persons"] == 2
    missing = cad_json("samples", "update", tmp_path / "none.tsv", "-w", national, code=1)
    assert missing["reason"] == "file_missing"


def test_every_example_works_in_the_order_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    lay_out(tmp_path)
    run_examples(lambda: None)
