"""Pseudonymised documents name nobody, and say of each pseudonym what was said of the person."""

import gzip
import hmac
import json
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from loaders.clinical.pseudonymise import PseudonymReport, pseudonymise, read_key
from loaders.clinical.read import read_documents
from schemas.clinical_records import ClinicalDocuments
from schemas.errors import BatchRefused, Conflict, Unavailable

KEY = b"0123456789abcdef0123456789abcdef"
SECRETS = ("SYNTHETIC", "Zzyzx", "H-4711", "0102030405", "1 rue", "255081416802538", "03-14")
"""What identifies in the documents below: none of it may be found in what is written."""


def pseudonym(person_id: str) -> str:
    return "p" + hmac.new(KEY, f"person\0{person_id}".encode(), sha256).hexdigest()[:32]


def put(folder: Path, name: str, content: str | dict[str, Any]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


SUBJECT = {"reference": "urn:uuid:1", "display": "SYNTHETIC, Zzyzx"}
SEIZURE = {"coding": [{"system": "http://human-phenotype-ontology.org", "code": "HP:0001250"}]}
RESEARCH = {"coding": [{"code": "research"}]}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "17",
    "identifier": [
        {"system": "urn:h", "value": "P1"},
        {"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "255081416802538"},
    ],
    "name": [{"family": "SYNTHETIC", "given": ["Zzyzx"]}],
    "telecom": [{"system": "phone", "value": "0102030405"}],
    "address": [{"line": ["1 rue"], "city": "Zzyzx"}],
    "gender": "female",
    "birthDate": "2013-03-14",
    "text": {"status": "generated", "div": "<div>SYNTHETIC</div>"},
    "contact": [{"name": {"text": "SYNTHETIC"}}],
}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "id": "SYNTHETIC",
    "type": "document",
    "timestamp": "2024-03-14T00:00:00Z",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT},
        {"resource": {"resourceType": "Practitioner", "name": [{"text": "SYNTHETIC"}]}},
        {
            "resource": {
                "resourceType": "Condition",
                "subject": SUBJECT,
                "code": {**SEIZURE, "text": "seen in Zzyzx"},
                "onsetDateTime": "2018-04-01",
                "recordedDate": "2024-01-02T03:04:05Z",
                "note": [{"text": "Mme SYNTHETIC"}],
                "asserter": {"reference": "Practitioner/1", "display": "SYNTHETIC"},
            }
        },
        {"resource": {"resourceType": "Condition", "subject": SUBJECT, "code": {"text": "Zzyzx"}}},
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "subject": {"reference": "Patient/17"},
                "code": SEIZURE,
                "valueBoolean": False,
                "component": [{"code": {"text": "Zzyzx"}, "valueString": "Zzyzx"}],
            }
        },
        {
            "resource": {
                "resourceType": "FamilyMemberHistory",
                "status": "completed",
                "patient": SUBJECT,
                "name": "SYNTHETIC",
                "bornDate": "1980-03-14",
                "relationship": {"coding": [{"code": "MTH"}]},
                "extension": [
                    {"url": "urn:x/familymemberhistory-patient-record",
                     "valueReference": {"reference": "Patient/P3", "display": "SYNTHETIC"}},
                    {"url": "urn:y", "valueString": "Zzyzx"},
                ],
            }
        },
        {
            "resource": {
                "resourceType": "Consent",
                "status": "active",
                "scope": RESEARCH,
                "category": [{"text": "Zzyzx"}],
                "patient": SUBJECT,
                "dateTime": "2024-05-06",
                "performer": [{"reference": "RelatedPerson/Zzyzx", "display": "SYNTHETIC"}],
                "policy": [{"uri": "urn:text:v3"}],
                "provision": {"type": "permit"},
                "sourceAttachment": {"title": "SYNTHETIC", "data": "AAAA"},
            }
        },
    ],
}  # fmt: skip
PACKET: dict[str, Any] = {
    "id": "SYNTHETIC-1",
    "subject": {
        "id": "P1",
        "alternate_ids": ["H-4711"],
        "date_of_birth": "2013-03-14T00:00:00Z",
        "sex": "FEMALE",
    },
    "phenotypicFeatures": [
        {
            "type": {"id": "HP:0001250", "label": "Seizure"},
            "description": "seen in Zzyzx",
            "onset": {"age": {"iso8601duration": "P5Y"}},
        }
    ],
    "biosamples": [{"id": "H-4711", "individualId": "P1"}],
    "interpretations": [
        {
            "id": "SYNTHETIC",
            "diagnosis": {
                "genomicInterpretations": [
                    {"subjectOrBiosampleId": "H-4711", "gene": {"valueId": "HGNC:1"}}
                ]
            },
        }
    ],
    "metaData": {"createdBy": "SYNTHETIC", "phenopacketSchemaVersion": "2.0"},
}
SAMPLES = (
    "sample_id\tperson_id\tsex\tnom\tfather_id\tmother_id\tfamily_id\thospital\tindication\n"
    "S1\tP1\tXX\tSYNTHETIC\tP2\tP3\tSYNTHETIC\tCHU\tdossier 255081416802538\n"
    "S2\tP2\tXY\t\t\t\tSYNTHETIC\tCHU\tepilepsy\n"
)


def fill(folder: Path) -> Path:
    put(folder, "SYNTHETIC Zzyzx/bundle.json", BUNDLE)
    put(folder, "p/P1.json", PACKET)
    put(folder, "samples.tsv", SAMPLES)
    put(folder, "phenotypes.tsv", "person_id\tsystem\tcode\nP1\tHPO\tHP:0001263\n")
    put(
        folder,
        "consents.tsv",
        "person_id\tscope\tstatus\tsigned_on\ttel\nP1\tcare\tgiven\t2024-05-06\t0102030405\n",
    )
    put(
        folder, "SYNTHETIC.ped", "# SYNTHETIC\nSYNTHETIC P1 P2 P3 2 2 Zzyzx\nSYNTHETIC P2 0 0 1 1\n"
    )
    put(
        folder,
        "omop/PERSON.csv",
        "person_id,gender_concept_id,birth_datetime,month_of_birth,person_source_value\n"
        "P1,8532,2013-03-14 00:00:00,3,H-4711\n",
    )
    put(
        folder,
        "omop/c.csv",
        "person_id,condition_concept_id,condition_source_value,provider_id\n"
        "P1,0,HP:0001250,H-4711\nP1,7,fits in Zzyzx,\n",
    )
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[PseudonymReport, ClinicalDocuments]:
    folder = fill(tmp_path_factory.mktemp("hospital") / "in")
    report = pseudonymise(folder, KEY, folder.parent / "out", person_system="urn:h")
    read = read_documents(report.output, skipped=["samples.tsv"])
    return report, read


def files(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def test_nothing_that_identifies_is_left(
    done: tuple[PseudonymReport, ClinicalDocuments],
) -> None:
    written = files(done[0].output)
    assert list(written) == [
        "consents.tsv", "fhir/0001.json", "omop/0001/condition_occurrence.csv",
        "omop/0001/person.csv", "pedigrees/0001.ped", "phenopackets/0001.json",
        "phenotypes.tsv", "samples.tsv",
    ]  # fmt: skip
    for name, data in written.items():
        text = name + data.decode()
        assert not [secret for secret in SECRETS if secret in text]
        assert "P1" not in text


def test_persons_are_the_same_in_every_format(
    done: tuple[PseudonymReport, ClinicalDocuments],
) -> None:
    report, documents = done
    persons = {pseudonym(one) for one in ("P1", "P2", "P3")}
    assert report.persons == 3
    for document in documents.documents:
        found = document.records.person_ids()
        assert pseudonym("P1") in found
        assert found <= persons
    relations = {
        (one.person_id, one.kind, one.relative_id)
        for document in documents.documents
        for one in document.records.relations
    }
    assert relations == {
        (pseudonym("P1"), "father", pseudonym("P2")),
        (pseudonym("P1"), "mother", pseudonym("P3")),
    }
    rows = (report.output / "samples.tsv").read_text().splitlines()
    families = {row.split("\t")[5] for row in rows[1:]}
    assert (
        rows[0]
        == "sample_id\tperson_id\tsex\tfather_id\tmother_id\tfamily_id\thospital\tindication"
    )
    assert len(families) == 1
    assert rows[1].split("\t")[:5] == [
        "S1", pseudonym("P1"), "XX", pseudonym("P2"), pseudonym("P3"),
    ]  # fmt: skip
    assert [row.split("\t")[7] for row in rows[1:]] == ["", "epilepsy"]
    ped = (report.output / "pedigrees/0001.ped").read_text().split("\t")
    assert ped[0] in families


def test_what_birth_dates_told_is_kept(done: tuple[PseudonymReport, ClinicalDocuments]) -> None:
    (fhir,) = [one.records for one in done[1].documents if one.kind == "fhir"]
    (person,) = fhir.persons
    assert (person.sex, person.birth_years) == ("XX", "2010-2014")
    condition, observation = fhir.features
    assert condition.onset is not None
    assert (condition.onset.told, condition.excluded) == ("P5Y", False)
    assert str(condition.recorded_on) == "2024-01-02"
    assert observation.excluded
    (consent,) = fhir.consents
    assert (consent.status, consent.text_version) == ("given", "urn:text:v3")
    assert (consent.by_representative, consent.of_age_from) == (True, "2031-Q1")
    (omop,) = [one.records for one in done[1].documents if one.kind == "omop"]
    assert omop.persons[0].birth_years == "2010-2014"
    assert [one.code for one in omop.features] == ["HP:0001250", "OMOP:7"]
    (packet,) = [one.records for one in done[1].documents if one.kind == "phenopacket"]
    assert packet.features[0].onset is not None
    (finding,) = packet.findings
    assert finding.finding is not None
    assert finding.finding.own


def test_report_counts_fields_and_tells_no_value(
    done: tuple[PseudonymReport, ClinicalDocuments],
) -> None:
    report = done[0]
    stripped = {(kind, field): values for kind, field, values in report.stripped}
    assert stripped["samples.tsv", "nom"] == 1
    assert stripped["samples.tsv", "indication"] == 1
    assert stripped["omop", "person.birth_datetime"] == 1
    assert stripped["fhir", "/Patient/name"] == 2
    assert stripped["fhir", "/Practitioner"] == 2
    assert stripped["phenopacket", "/subject/alternateIds"] == 1
    text = json.dumps(report.to_json()["stripped"])
    assert not [secret for secret in SECRETS if secret in text]


def test_same_key_gives_the_same_files_and_another_others(tmp_path: Path) -> None:
    folder = fill(tmp_path / "in")
    once, again = (pseudonymise(folder, KEY, tmp_path / name).output for name in ("a", "b"))
    assert files(once) == files(again)
    other = files(pseudonymise(folder, KEY + b"x", tmp_path / "c").output)
    assert list(other) == list(files(once))
    assert all(other[name] != data for name, data in files(once).items())


def test_patients_of_one_file_are_those_of_another(tmp_path: Path) -> None:
    seen = {"resourceType": "Condition", "subject": {"reference": "Patient/17"}, "code": SEIZURE}
    put(tmp_path / "in", "Condition.ndjson", json.dumps(seen))
    put(tmp_path / "in", "Patient.ndjson", json.dumps(PATIENT))
    report = pseudonymise(tmp_path / "in", KEY, tmp_path / "out", person_system="urn:h")
    assert read_documents(report.output).person_ids() == {pseudonym("P1")}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("letter.txt", "Dear colleague", "document_unknown"),
        ("x.json", "{", "document_malformed"),
        ("x.json", {"resourceType": "Patient"}, "document_malformed"),
        ("phenotypes.tsv", "person_id\tsystem\tcode\nP1\tHPO\n", "sheet_malformed"),
        ("phenotypes.tsv", "person_id\tsystem\tcode\nP1\tlocal\t255081416802538\n",
         "identifying_data"),
        ("phenotypes.tsv", "person_id\tsystem\tcode\nP1\tWORDS\tx\n", "sheet_value"),
        ("a.ped", "F1 P1 0 0\nF1 P1 0 0 1 1\n", "document_unknown"),
        ("a.ped", "F1 P1 0 0 1 1\nF1 P2 0 0\n", "document_malformed"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_leaves_nothing(
    tmp_path: Path, name: str, content: str | dict[str, Any], reason: str
) -> None:
    put(tmp_path / "in", "a_good.json", PACKET)
    put(tmp_path / "in", name, content)
    with pytest.raises(BatchRefused) as caught:
        pseudonymise(tmp_path / "in", KEY, tmp_path / "out")
    assert caught.value.reason == reason
    assert caught.value.where is not None
    assert caught.value.where.startswith(name)
    assert [one.name for one in tmp_path.iterdir()] == ["in"]


def test_output_is_never_overwritten(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.json", PACKET)
    put(tmp_path / "out", "mine.txt", "mine")
    for out in (tmp_path / "out", tmp_path / "in", tmp_path / "in/out"):
        with pytest.raises(Conflict) as caught:
            pseudonymise(tmp_path / "in", KEY, out)
        assert caught.value.reason == "output_exists"
    assert [*files(tmp_path)] == ["in/a.json", "out/mine.txt"]


def test_key_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for data in (b"", b"short\n"):
        file.write_bytes(data)
        with pytest.raises(Unavailable):
            read_key(file)
    with pytest.raises(Unavailable):
        read_key(tmp_path / "none")
    file.write_bytes(KEY + b"\n")
    assert read_key(file) == KEY


@pytest.mark.realdata
def test_real_phenopackets_say_the_same_under_pseudonyms(testdata: Path, tmp_path: Path) -> None:
    with gzip.open(testdata / "clinical/phenopackets.ndjson.gz") as lines:
        text = b"".join(islice(lines, 150)).decode()
    put(tmp_path / "in", "all.ndjson", text)
    report = pseudonymise(tmp_path / "in", KEY, tmp_path / "out")
    before = read_documents(tmp_path / "in", person_from="packet-id").documents
    after = read_documents(report.output, person_from="packet-id").documents
    for one, other in zip(before, after, strict=True):
        assert other.document_id == pseudonym(one.document_id)
        told = [
            [
                (x.kind, x.system, x.code, x.label, x.excluded, x.onset, x.severity, x.details)
                for x in document.records.features
            ]
            for document in (one, other)
        ]  # fmt: skip
        assert told[0] == told[1]
        assert [x.finding for x in one.records.findings] == [
            x.finding for x in other.records.findings
        ]
