"""Clinical documents by themselves: one commit or none, the latest version holds, nobody named."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cad.clinical.push import push_clinical
from cad.faults import EXIT_CODE, all_steps
from cad.push import push_batch
from cad.registry.clinical_tables import delivery, document
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import CadError
from tests import crash
from tests.cad.clinical_dir import codes, finding, packet, put, told
from tests.cli import cad, cad_json
from tests.pushed import change, every_value, family

LOCAL = "local:1"
"""A code of no release, so that none has to be read."""
DOCUMENTS: dict[str, Any] = {
    "phenopackets/P1.json": packet("k1", "P1", "LOC:1", "-LOC:2"),
    "phenopackets/P2.json": packet("k2", "P2", "LOC:3", sex="MALE"),
    "phenotypes.tsv": [
        "person_id system code excluded onset severity recorded_on",
        "P1 ORPHA 558 0 P3Y  2026-01-02",
        "P3 local X9 1   ",
    ],
    "consents.tsv": [
        "person_id scope status signed_on representative of_age_from",
        "P1 research given 2026-01-05 1 2301-Q1",
    ],
    "family.ped": ["F1 P1 P2 P3 2 2", "F1 P2 0 0 1 1"],
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return put(tmp_path / "clinical", DOCUMENTS)


def commits(warehouse: Warehouse) -> int:
    with reading(warehouse.engine) as connection:
        return latest_commit(connection)


def live_documents(warehouse: Warehouse) -> int:
    with reading(warehouse.engine) as connection:
        query = select(document.c.document_no).where(document.c.removed_at.is_(None))
        return len(connection.execute(query).all())


def test_everything_that_is_said_is_there(warehouse: Warehouse, directory: Path) -> None:
    receipt = push_clinical(warehouse, directory).to_json()
    found = told(warehouse)
    assert found["phenotype"] == [
        ("P1", {"system": "local", "code": "LOC:1", "label": "a feature", "excluded": False}),
        ("P1", {"system": "local", "code": "LOC:2", "label": "a feature", "excluded": True}),
        ("P2", {"system": "local", "code": "LOC:3", "label": "a feature", "excluded": False}),
        ("P3", {"system": "local", "code": "X9", "excluded": True}),
    ]
    [(person, disease)] = found["disease"]
    disease["recorded_on"] = disease["recorded_on"].isoformat()
    assert (person, disease) == (
        "P1",
        {"system": "ORPHA", "code": "ORPHA:558", "excluded": False, "onset": "P3Y",
         "onset_band": "childhood", "recorded_on": "2026-01-02"},
    )  # fmt: skip
    assert [(who, row["kind"], row["relative_id"]) for who, row in found["relation"]] == [
        ("P1", "father", "P2"), ("P1", "mother", "P3"),
    ]  # fmt: skip
    [(person, consent)] = found["consent"]
    assert (person, consent["by_representative"], consent["of_age_from"]) == ("P1", True, "2301-Q1")
    assert {(who, row.get("family_id"), row.get("affected")) for who, row in found["person"]} == {
        ("P1", None, None), ("P2", None, None), ("P1", "F1", "1"), ("P2", "F1", "0"),
    }  # fmt: skip
    assert (receipt["commit"], receipt["status"], receipt["delivery"]) == (1, "accepted", 1)
    assert (receipt["persons"], receipt["persons_without_sample"]) == (3, 3)
    assert [one["path"] for one in receipt["documents"]] == sorted(DOCUMENTS)
    for one in receipt["documents"]:
        assert one["records"] == one["kept"] + sum(aside["records"] for aside in one["set_aside"])
    assert receipt["rows"] == {
        "consent": 1, "disease": 1, "disease_onset": 1, "person": 4, "phenotype": 4,
        "phenotype_excluded": 2, "relation": 2,
    }  # fmt: skip


def test_the_same_again_changes_nothing(
    warehouse: Warehouse, directory: Path, tmp_path: Path
) -> None:
    first = push_clinical(warehouse, directory).to_json()
    before = every_value(warehouse)
    again = push_clinical(warehouse, directory).to_json()
    assert again == {**first, "status": "unchanged"}
    # A part of it, in another place and written in another way, says nothing new either.
    part = {"P2.json": DOCUMENTS["phenopackets/P2.json"]}
    other = put(tmp_path / "part", part)
    (other / "P2.json").write_text(json.dumps(part["P2.json"], indent=3))
    some = push_clinical(warehouse, other).to_json()
    assert (some["status"], some["commit"], some["persons"]) == ("unchanged", 1, 1)
    assert every_value(warehouse) == before


def test_a_later_version_replaces_the_earlier_one_in_one_commit(
    warehouse: Warehouse, directory: Path, tmp_path: Path
) -> None:
    push_clinical(warehouse, directory)
    before = codes(warehouse)
    later = {
        "elsewhere/new-name.json": packet("k1", "P1", "LOC:7"),
        "phenotypes.tsv": ["person_id system code excluded", "P3 local X9 0"],
    }
    receipt = push_clinical(warehouse, put(tmp_path / "later", later))
    assert (receipt.commit, receipt.replaced, receipt.unchanged) == (2, 2, 0)
    assert codes(warehouse) == [("P1", "LOC:7", False), ("P2", "LOC:3", False), ("P3", "X9", False)]
    # What the table said of P1 was not said anew, and holds; who pinned commit 1 sees commit 1.
    assert told(warehouse)["disease"] == told(warehouse, 1)["disease"]
    assert codes(warehouse, 1) == before
    # Back again: it is a new version, not the first one's receipt.
    back = push_clinical(warehouse, directory)
    assert (back.status, back.commit, back.replaced, back.unchanged) == ("accepted", 3, 2, 5)
    assert codes(warehouse) == before


def test_one_bad_document_keeps_all_out(
    warehouse: Warehouse, directory: Path, tmp_path: Path
) -> None:
    put(directory, {"bad.json": packet("k9", "P1", sex="MALE")})
    before = every_value(warehouse)
    with pytest.raises(CadError) as caught:
        push_clinical(warehouse, directory)
    assert caught.value.reason == "person_conflict"
    assert "P1" not in str(caught.value.detail)
    assert every_value(warehouse) == before
    # Two packets that call different people alike are two persons by their own ids.
    receipt = push_clinical(warehouse, directory / "phenopackets", person_from="packet-id")
    assert (receipt.status, receipt.persons) == ("accepted", 2)
    assert {person for person, *_ in codes(warehouse)} == {"k1", "k2"}


def test_documents_that_contradict_sheets_are_told(warehouse: Warehouse, tmp_path: Path) -> None:
    push_batch(warehouse, family(tmp_path / "batch").path)
    documents = {
        "a.json": packet("a", "P-FATHER", sex="FEMALE"),
        "b.ped": ["F1 P-CHILD OTHER P-MOTHER 2 2"],
    }
    receipt = push_clinical(warehouse, put(tmp_path / "c", documents)).to_json()
    assert {one["reason"]: one["records"] for one in receipt["warnings"]} == {
        "document_sex_differs": 1, "document_parent_differs": 1,
    }  # fmt: skip
    assert receipt["persons_without_sample"] == 0


def test_a_batch_brings_its_documents(warehouse: Warehouse, tmp_path: Path) -> None:
    made = family(tmp_path / "batch")
    put(made.path, {"phenopackets/c.json": packet("c", "P-CHILD", "LOC:1")})
    receipt = push_batch(warehouse, made.path).to_json()
    assert [one["path"] for one in receipt["documents"]] == [
        "phenopackets/c.json",
        "phenotypes.tsv",
    ]
    own = [("P-CHILD", "HP:0001250", False), ("P-MOTHER", "HP:0001263", False)]
    assert codes(warehouse) == sorted([*own, ("P-CHILD", "LOC:1", False)])
    assert push_batch(warehouse, made.path).to_json() == {**receipt, "status": "unchanged"}
    # A delivery brings a later version of the packet; what the batch's table says holds beside it.
    delivered = put(tmp_path / "d", {"c.json": packet("c", "P-CHILD", "LOC:2")})
    assert push_clinical(warehouse, delivered).replaced == 1
    assert codes(warehouse) == sorted([*own, ("P-CHILD", "LOC:2", False)])
    table = put(tmp_path / "t", {"phenotypes.tsv": ["person_id system code", "P-CHILD local Z"]})
    assert push_clinical(warehouse, table).replaced == 0
    change(made, "phenotypes.tsv")
    (made.path / "phenopackets" / "c.json").unlink()
    push_batch(warehouse, made.path, replace=True)
    now = [("P-CHILD", "HP:0001251", False), ("P-MOTHER", "HP:0001263", False)]
    delivered_codes = [("P-CHILD", "LOC:2", False), ("P-CHILD", "Z", False)]
    assert codes(warehouse) == sorted([*now, *delivered_codes])


def test_who_withdrew_is_dropped(warehouse: Warehouse, directory: Path) -> None:
    withdraw(warehouse, "P2")
    receipt = push_clinical(warehouse, directory)
    assert (receipt.persons, receipt.persons_ignored) == (2, 1)
    assert "phenopackets/P2.json" not in [one["path"] for one in receipt.documents]
    assert "P2" not in every_value(warehouse)
    relations = told(warehouse)["relation"]
    assert [(row["kind"], row.get("relative_id")) for _, row in relations] == [
        ("father", None), ("mother", "P3"),
    ]  # fmt: skip
    assert push_clinical(warehouse, directory).status == "unchanged"


def test_nothing_is_left_of_who_withdraws(
    warehouse: Warehouse, directory: Path, tmp_path: Path
) -> None:
    push_clinical(warehouse, directory)
    later = put(tmp_path / "l", {"x/P2-again.json": packet("k2", "P2", "LOC:8", sex="MALE")})
    push_clinical(warehouse, later)
    assert "LOC:8" in every_value(warehouse)
    withdraw(warehouse, "P2")
    found = every_value(warehouse)
    assert "P2" not in found
    assert "LOC:3" not in found
    assert "LOC:8" not in found
    assert {person for person, *_ in codes(warehouse)} == {"P1", "P3"}
    with reading(warehouse.engine) as connection:
        receipts = list(connection.scalars(select(delivery.c.receipt)))
    paths = [[one["path"] for one in receipt["documents"]] for receipt in receipts]
    names = sorted(DOCUMENTS)
    names[names.index("phenopackets/P2.json")] = "document 4"
    assert paths == [names, ["document 1"]]
    again = push_clinical(warehouse, directory)
    assert (again.status, again.persons, again.persons_ignored) == ("unchanged", 2, 1)
    assert push_clinical(warehouse, later).status == "unchanged"


def test_a_variant_gets_its_key_where_the_assembly_fits(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    record = {"chrom": "chr22", "pos": "100", "ref": "CAG", "alt": "CTG"}
    zygosity = {"allelicState": {"id": "GENO:0000135", "label": "heterozygous"}}
    judged = [
        finding("P1", {**record, "genomeAssembly": "hg38"}, **zygosity),
        finding("P1", {**record, "genomeAssembly": "hg19"}),
        finding("P1", {**record, "genomeAssembly": "hg38", "pos": "999999999"}),
        finding("P1", None),
    ]
    for number, one in enumerate(judged):
        one["id"] = f"i{number}"
    folder = put(tmp_path / "c", {"p.json": packet("k", "P1", interpretations=judged)})
    [entry] = push_clinical(warehouse, folder).to_json()["documents"]
    assert entry["flags"] == [
        {"reason": "variant_not_keyed", "records": 1},
        {"reason": "variant_other_assembly", "records": 1},
    ]
    rows = [row for _, row in told(warehouse)["interpretation"]]
    keyed = [row for row in rows if "contig" in row]
    assert [(row["contig"], row["pos"], row["ref"], row["alt"]) for row in keyed] == [
        ("22", 101, "A", "T")
    ]
    assert (keyed[0]["zygosity"], keyed[0]["acmg"]) == ("heterozygous", "PATHOGENIC")
    assert keyed[0]["disease_code"] == "OMIM:617140"
    assert {row["details"].get("pos") for row in rows} == {100, 999999999, None}


def test_command_line(tmp_path: Path, directory: Path) -> None:
    cad_json("init", "-w", tmp_path / "w", "--assembly", "GRCh38")
    bad = put(tmp_path / "bad", {"x.json": {"no": "document"}})
    found = cad_json("clinical", "push", directory, bad, "-w", tmp_path / "w", code=1)
    assert [one.get("status") for one in found] == ["accepted", None]
    assert found[1]["reason"] == "document_unknown"
    shown = cad("clinical", "push", directory, "-w", tmp_path / "w").stdout
    assert "unchanged at commit 1, 3 persons, 3 without a sample yet" in shown
    assert "phenopackets/P1.json" in shown


class TestKilled:
    """At each step: everything or nothing, and the push done again comes to the same."""

    @pytest.mark.parametrize("step", all_steps("clinical"))
    def test_at_each_step(self, tmp_path: Path, directory: Path, step: str) -> None:
        with Warehouse.create(tmp_path / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
            push_clinical(warehouse, put(tmp_path / "old", {"o.json": packet("k1", "P1", "LOC:9")}))
            before = told(warehouse)
            assert crash.run(crash.push_clinical_at, warehouse.path, directory, step) == EXIT_CODE
            landed = step in ("clinical:committed", "clinical:finished")
            assert commits(warehouse) == 1 + landed
            assert (told(warehouse) == before) is not landed
            again = push_clinical(warehouse, directory)
            assert again.status == ("unchanged" if landed else "accepted")
            assert (commits(warehouse), live_documents(warehouse)) == (2, 7)
            assert codes(warehouse)[0] == ("P1", "LOC:1", False)
