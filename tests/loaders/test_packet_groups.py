"""Families and cohorts of phenopackets say what their packets say, and who is whose parent."""

import copy
import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from loaders.clinical.packet_groups import read_packets
from loaders.clinical.pseudonymise import pseudonymise
from loaders.clinical.read import read_documents
from schemas.clinical_records import PersonRecord, RelationRecord
from schemas.errors import BatchRefused

FAMILY: dict[str, Any] = {
    "id": "F1",
    "proband": {
        "id": "packet-c",
        "subject": {"id": "C", "sex": "FEMALE"},
        "phenotypicFeatures": [{"type": {"id": "HP:0001250", "label": "Seizure"}}],
    },
    "relatives": [
        {"id": "packet-m", "subject": {"id": "M"}, "diseases": [{"term": {"id": "ORPHA:558"}}]},
        {"id": "packet-u", "subject": {"id": "U"}},
    ],
    "consanguinousParents": True,
    "pedigree": {
        "persons": [
            {"familyId": "F1", "individualId": "C", "paternalId": "D", "maternalId": "M",
             "sex": "FEMALE", "affectedStatus": "AFFECTED"},
            {"familyId": "F1", "individualId": "M", "paternalId": "0", "sex": "FEMALE",
             "affectedStatus": "UNAFFECTED"},
            {"familyId": "F1", "individualId": "D", "sex": "MALE"},
        ]
    },
    "files": [{"uri": "file://f.vcf.gz"}],
    "metaData": {"resources": [{"namespacePrefix": "HP", "version": "2025-05-06"}]},
}  # fmt: skip


def leaves(node: Any) -> int:
    if isinstance(node, dict):
        return sum(map(leaves, node.values()))
    if isinstance(node, list):
        return sum(map(leaves, node))
    return node is not None


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(FAMILY), **fields}


def test_a_family_says_who_is_who() -> None:
    found = read_packets(FAMILY, "f.json", "subject")
    assert found.document_id == "F1"
    assert found.vocabularies == {"HP": "2025-05-06"}
    assert set(found.records.persons) == {
        PersonRecord("C", sex="XX", affected="1", family_id="F1"),
        PersonRecord("M", sex="XX", affected="0", family_id="F1"),
        PersonRecord("D", sex="XY", family_id="F1"),
        # Of whom the pedigree says nothing.
        PersonRecord("U", family_id="F1"),
    }
    assert [one for one in found.records.relations if one.person_id == "C"] == [
        RelationRecord("C", "father", "D", "/pedigree/persons/0"),
        RelationRecord("C", "mother", "M", "/pedigree/persons/0"),
    ]
    assert len(found.records.relations) == 2
    features = {(one.person_id, one.code, one.source) for one in found.records.features}
    assert features == {
        ("C", "HP:0001250", "/proband/phenotypicFeatures/0"),
        ("M", "ORPHA:558", "/relatives/0/diseases/0"),
    }


def test_every_value_is_accounted_for() -> None:
    tally = read_packets(FAMILY, "f.json", "subject").tally
    assert tally.total == leaves(FAMILY)
    assert tally.set_aside == {"field_not_kept": {"/consanguinousParents": 1, "/files/*/uri": 1}}
    text = changed(members=[{"id": "x", "subject": {"id": "X"}, "colour": 1}])
    aside = read_packets(text, "f.json", "subject").tally.set_aside
    assert aside["field_unknown"] == {"/members/*/colour": 1}


def test_persons_named_by_packets() -> None:
    found = read_packets(FAMILY, "f.json", "packet-id")
    assert found.records.person_ids() == {"packet-c", "packet-m", "packet-u"}
    assert [(one.kind, one.relative_id) for one in found.records.relations] == [
        ("mother", "packet-m")
    ]
    # The father has no packet: his line, and what names him.
    assert found.tally.flags == {"other_subject": 2}


@pytest.mark.parametrize(
    ("family", "reason", "where"),
    [
        (changed(id=None), "document_malformed", "f.json#"),
        (changed(proband=[]), "document_malformed", "f.json#/proband"),
        (changed(relatives={"id": "a"}), "document_malformed", "f.json#"),
        (changed(relatives=[{"id": "a"}]), "document_malformed", "f.json#/relatives/0"),
        (
            changed(relatives=[{"id": "a", "subject": {"id": "A", "sex": "?"}}]),
            "document_malformed", "f.json#/relatives/0/subject",
        ),
        (
            changed(proband={"id": "c", "subject": {"id": "C", "dateOfBirth": "1985-03-12"}}),
            "identifying_data", "f.json#/proband/subject/dateOfBirth",
        ),
        (changed(pedigree={"persons": [{"sex": "MALE"}]}), "document_malformed",
         "f.json#/pedigree/persons/0"),
        (changed(proband={"id": "c", "subject": {"id": "C", "sex": "MALE"}}), "person_conflict",
         "f.json"),
    ],
)  # fmt: skip
def test_families_that_are_refused(family: dict[str, Any], reason: str, where: str) -> None:
    with pytest.raises(BatchRefused) as caught:
        read_packets(family, "f.json", "subject")
    assert (caught.value.reason, caught.value.where) == (reason, where)
    assert "1985" not in str(caught.value)


def test_a_hospital_keys_a_family(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    named = changed(consanguinousParents=None, files=[{"uri": "file://SYNTHETIC.vcf"}])
    (tmp_path / "in" / "f.json").write_text(json.dumps(named))
    report = pseudonymise(tmp_path / "in", b"0" * 32, tmp_path / "out")
    assert "SYNTHETIC" not in "".join(p.read_text() for p in (tmp_path / "out").rglob("*.json"))
    assert report.persons == 4
    (before,) = read_documents(tmp_path / "in").documents
    (after,) = read_documents(tmp_path / "out").documents
    assert len(after.records.relations) == len(before.records.relations) == 2
    for name in ("sex", "affected"):
        told = [
            sorted(str(getattr(one, name)) for one in document.records.persons)
            for document in (before, after)
        ]
        assert told[0] == told[1]
    assert len({one.family_id for one in after.records.persons}) == 1


@pytest.mark.realdata
def test_a_cohort_of_real_packets_says_what_each_says(testdata: Path, tmp_path: Path) -> None:
    with gzip.open(testdata / "clinical/phenopackets.ndjson.gz") as lines:
        packets = [json.loads(line)["phenopacket"] for line in islice(lines, 200)]
    for name, documents in (
        ("apart", packets),
        ("together", [{"id": "cohort", "description": "Some", "members": packets}]),
    ):
        (tmp_path / name).mkdir()
        for at, one in enumerate(documents):
            (tmp_path / name / f"{at}.json").write_text(json.dumps(one))
    apart = read_documents(tmp_path / "apart", person_from="packet-id").documents
    (together,) = read_documents(tmp_path / "together", person_from="packet-id").documents
    assert together.document_id == "cohort"
    assert together.tally.total == sum(one.tally.total for one in apart) + 2
    for name in ("persons", "features", "findings"):
        ours = sorted(
            (one.person_id, one.source.partition("/members/")[2].partition("/")[2])
            if name != "persons" else (one.person_id, repr(one))
            for one in getattr(together.records, name)
        )  # fmt: skip
        theirs = sorted(
            (one.person_id, one.source.removeprefix("/"))
            if name != "persons" else (one.person_id, repr(one))
            for document in apart
            for one in getattr(document.records, name)
        )  # fmt: skip
        assert ours == theirs
        assert ours
