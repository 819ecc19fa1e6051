"""`cad pseudonymise`, as a hospital runs it."""

import json
from pathlib import Path

import pytest

from tests.cli import cad, cad_json


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    packet = {"id": "k", "subject": {"id": "P1", "dateOfBirth": "2013-03-14T00:00:00Z"}}
    (folder / "P1.json").write_text(json.dumps(packet))
    (tmp_path / "hospital.key").write_text("0123456789abcdef" * 2)
    return folder


def test_answer_tells_fields_and_no_values(export: Path) -> None:
    key = export.parent / "hospital.key"
    document = cad_json("pseudonymise", export, "--key", key)
    assert document == {
        "output": str(export.parent / "export-pseudonymised"),
        "files": 1,
        "persons": 1,
        "stripped": [{"format": "phenopacket", "field": "/subject/dateOfBirth", "values": 1}],
    }
    assert [one.name for one in Path(document["output"]).rglob("*.json")] == ["0001.json"]


def test_human_is_told_the_same(export: Path) -> None:
    out = export.parent / "to-push"
    shown = cad("pseudonymise", export, "--key", export.parent / "hospital.key", "-o", out)
    assert shown.exit_code == 0
    assert "1 files, 1 persons" in shown.stdout
    assert "phenopacket /subject/dateOfBirth: 1 stripped" in shown.stdout


def test_refusals_end_with_their_reason(export: Path) -> None:
    key = export.parent / "hospital.key"
    assert (
        cad_json("pseudonymise", export, "--key", export / "no", code=1)["reason"] == "key_unusable"
    )
    out = export.parent / "out"
    cad_json("pseudonymise", export, "--key", key, "-o", out)
    again = cad_json("pseudonymise", export, "--key", key, "-o", out, code=1)
    assert again["reason"] == "output_exists"
    (export / "letter.txt").write_text("Dear colleague")
    unknown = cad_json("pseudonymise", export, "--key", key, code=1)
    assert (unknown["reason"], unknown["where"]) == ("document_unknown", "letter.txt")
