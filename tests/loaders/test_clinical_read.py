"""A directory of clinical documents: each format recognised, what is none of them refused."""

import gzip
import json
from collections import Counter
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from loaders.clinical.mapping import read_mapping
from loaders.clinical.read import read_documents
from schemas.clinical_records import (
    ClinicalDocument,
    ConsentRecord,
    Detail,
    FeatureRecord,
    PersonRecord,
    RelationRecord,
)
from schemas.clinical_values import LifeTime
from schemas.errors import BatchRefused


def put(folder: Path, name: str, content: str | bytes | dict[str, Any]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def packet(packet_id: str, subject: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": packet_id,
        "subject": {"id": subject, "sex": "FEMALE", **changes},
        "phenotypicFeatures": [{"type": {"id": "HP:0001250", "label": "Seizure"}}],
    }


def read_one(folder: Path) -> ClinicalDocument:
    (document,) = read_documents(folder).documents
    return document


def refusal(folder: Path, **options: Any) -> BatchRefused:
    with pytest.raises(BatchRefused) as caught:
        read_documents(folder, **options)
    return caught.value


class TestFormats:
    def test_phenotype_table(self, tmp_path: Path) -> None:
        put(
            tmp_path,
            "any name.tsv",
            "person_id\tsystem\tcode\tlabel\texcluded\tonset\tseverity\trecorded_on\n"
            "P1\tHPO\tHP:0001250\tSeizure\t1\tP3Y\tsevere\t2024-02-03\n"
            "P1\tORPHA\t558\t\t\tHP:0003577\t\t\n"
            "P1\tlocal\tEPI-12\t\t\tchildhood\t\t\n",
        )
        document = read_one(tmp_path)
        assert (document.kind, document.path, document.document_id) == (
            "phenotypes", "any name.tsv", "any name.tsv",
        )  # fmt: skip
        assert document.records.features == (
            FeatureRecord(
                "P1", "feature", "HPO", "HP:0001250", "Seizure", excluded=True,
                onset=LifeTime("age", "P3Y", "childhood"), severity="severe",
                recorded_on=date(2024, 2, 3), source="line 2",
            ),
            FeatureRecord(
                "P1", "disease", "ORPHA", "ORPHA:558",
                onset=LifeTime("term", "HP:0003577", "birth"), source="line 3",
            ),
            FeatureRecord(
                "P1", "feature", "local", "EPI-12",
                onset=LifeTime("words", "childhood", None), source="line 4",
            ),
        )  # fmt: skip
        assert (document.tally.kept, document.tally.set_aside) == (8 + 4 + 4, {})

    def test_consent_table(self, tmp_path: Path) -> None:
        put(
            tmp_path,
            "c.tsv",
            "person_id\tscope\tstatus\tsigned_on\trepresentative\tof_age_from\n"
            "P1\tresearch\topposed\t2024-02-03\t1\t2031-Q2\n",
        )
        assert read_one(tmp_path).records.consents == (
            ConsentRecord(
                "P1",
                "research",
                "opposed",
                date(2024, 2, 3),
                by_representative=True,
                of_age_from="2031-Q2",
                source="line 2",
            ),
        )

    def test_pedigree(self, tmp_path: Path) -> None:
        put(tmp_path, "family", "# a trio\nF1 P1 P2 P3 2 2 extra\nF1 P2 0 0 1 1\nF1 P3 0 0 2 -9\n")
        document = read_one(tmp_path)
        assert document.kind == "pedigree"
        assert document.records.persons == (
            PersonRecord("P1", sex="XX", affected="1", family_id="F1"),
            PersonRecord("P2", sex="XY", affected="0", family_id="F1"),
            PersonRecord("P3", sex="XX", family_id="F1"),
        )
        assert document.records.relations == (
            RelationRecord("P1", "father", "P2"),
            RelationRecord("P1", "mother", "P3"),
        )
        assert document.tally.total == 19

    def test_fhir_lines_are_one_document(self, tmp_path: Path) -> None:
        patient = {"resourceType": "Patient", "id": "P1", "gender": "male"}
        seen = {
            "resourceType": "Condition",
            "subject": {"reference": "Patient/P1"},
            "code": {"coding": [{"system": "http://www.omim.org", "code": "617140"}]},
        }
        put(tmp_path, "fhir/export.ndjson", f"{json.dumps(patient)}\n{json.dumps(seen)}\n")
        document = read_one(tmp_path)
        assert (document.kind, document.path) == ("fhir", "fhir/export.ndjson")
        assert document.records.features[0].code == "OMIM:617140"

    def test_bundle_is_known_by_its_id(self, tmp_path: Path) -> None:
        put(tmp_path, "b.json", {"resourceType": "Bundle", "id": "B1", "type": "collection"})
        assert read_one(tmp_path).document_id == "B1"

    def test_lines_and_gzip(self, tmp_path: Path) -> None:
        lines = [json.dumps(packet(f"k{at}", f"P{at}")).encode() for at in range(12)]
        put(tmp_path, "all.ndjson.gz", gzip.compress(b"\n".join(lines)))
        documents = read_documents(tmp_path).documents
        assert [one.document_id for one in documents] == [f"k{at}" for at in range(12)]
        assert documents[1].path == "all.ndjson.gz, line 2"
        assert len({one.sha256 for one in documents}) == 12

    def test_nothing_is_read_from_an_empty_directory(self, tmp_path: Path) -> None:
        assert read_documents(tmp_path).documents == ()


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "document_unknown"),
            (b"sample_id\tperson_id\tsex\nS1\tP1\tXX\n", "document_unknown"),
            (b"Dear colleague,\n", "document_unknown"),
            (b"##fileformat=VCFv4.2\n", "document_unknown"),
            (b'{"family": 1}', "document_unknown"),
            (b'{"id": 1', "document_malformed"),
            (b"\x1f\x8bbroken", "document_malformed"),
            (
                b"person_id\tsystem\tcode\tcolour\nP1\tHPO\tHP:0001250\tred\n",
                "sheet_unknown_column",
            ),
            (b"F1 P1 0 0 2 2\nF1 255081416802538 0 0 2 2\n", "identifying_data"),
        ],
    )
    def test_file_that_cannot_be_read(self, tmp_path: Path, content: bytes, reason: str) -> None:
        put(tmp_path, "ok.json", packet("k", "P1"))
        put(tmp_path, "z/file", content)
        error = refusal(tmp_path)
        assert error.reason == reason
        assert "z/file" in str(error.where)

    def test_lines_of_two_formats(self, tmp_path: Path) -> None:
        patient = {"resourceType": "Patient", "id": "P1"}
        put(tmp_path, "x", f"{json.dumps(patient)}\n{json.dumps(packet('k', 'P1'))}\n")
        assert refusal(tmp_path).reason == "document_malformed"

    def test_link_out_of_the_directory(self, tmp_path: Path) -> None:
        put(tmp_path, "out.json", packet("k", "P1"))
        (tmp_path / "in").mkdir()
        (tmp_path / "in/link.json").symlink_to(tmp_path / "out.json")
        assert refusal(tmp_path / "in").reason == "path_not_allowed"

    def test_no_directory(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "absent").reason == "file_missing"

    def test_one_id_twice(self, tmp_path: Path) -> None:
        put(tmp_path, "a.json", packet("k", "P1"))
        put(tmp_path, "b.json", packet("k", "P2"))
        assert refusal(tmp_path).reason == "document_malformed"


class TestPeople:
    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"sex": "MALE"}, "sex"),
            ({"timeAtLastEncounter": {"age": {"iso8601duration": "P9Y"}}}, "age"),
            ({"vitalStatus": {"status": "DECEASED", "timeOfDeath": {
                "age": {"iso8601duration": "P9Y"}}}}, "died"),
        ],
    )  # fmt: skip
    def test_conflict_of_subjects_is_refused(
        self, tmp_path: Path, changes: dict[str, Any], name: str
    ) -> None:
        told = {
            "timeAtLastEncounter": {"age": {"iso8601duration": "P8Y"}},
            "vitalStatus": {
                "status": "DECEASED",
                "timeOfDeath": {"age": {"iso8601duration": "P8Y"}},
            },
        }
        put(tmp_path, "a.json", packet("k1", "Patient 1", **told))
        put(tmp_path, "b.json", packet("k2", "Patient 1", **{**told, **changes}))
        error = refusal(tmp_path)
        assert (error.reason, error.where) == ("person_conflict", "b.json")
        assert name in error.detail
        assert "Patient 1" not in str(error)
        found = read_documents(tmp_path, person_from="packet-id")
        assert found.person_ids() == {"k1", "k2"}

    def test_unknown_contradicts_nothing(self, tmp_path: Path) -> None:
        put(tmp_path, "a.json", packet("k1", "P1"))
        put(tmp_path, "b.json", packet("k2", "P1", sex="UNKNOWN_SEX"))
        put(tmp_path, "c.ped", "F1 P1 0 0 2 1\n")
        assert read_documents(tmp_path).person_ids() == {"P1"}

    def test_pedigree_and_packet_are_compared(self, tmp_path: Path) -> None:
        put(tmp_path, "a.json", packet("k1", "P1"))
        put(tmp_path, "c.ped", "F1 P1 0 0 1 1\n")
        assert refusal(tmp_path).reason == "person_conflict"

    def test_two_fathers_are_refused(self, tmp_path: Path) -> None:
        put(tmp_path, "a.ped", "F1 P1 P2 0 1 1\n")
        put(tmp_path, "b.ped", "F1 P1 P3 0 1 1\n")
        assert refusal(tmp_path).detail.startswith("father")


@pytest.mark.realdata
def test_real_phenopackets_lose_nothing(testdata: Path, tmp_path: Path) -> None:
    source = testdata / "clinical/phenopackets.ndjson.gz"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    documents = read_documents(tmp_path, person_from="packet-id").documents
    genes: Counter[str] = Counter()
    diseases: Counter[tuple[str, bool]] = Counter()
    features = findings = 0
    with gzip.open(source) as lines:
        for line, document in zip(lines, documents, strict=True):
            told = json.loads(line)["phenopacket"]
            records = document.records
            assert (document.document_id, records.person_ids()) == (told["id"], {told["id"]})
            seen = [one for one in records.features if one.kind == "feature"]
            assert [(one.code, one.excluded) for one in seen] == [
                (one["type"]["id"], one.get("excluded", False))
                for one in told.get("phenotypicFeatures", [])
            ]
            features += len(seen)
            diseases.update(
                (one["term"]["id"], one.get("excluded", False)) for one in told.get("diseases", [])
            )
            diseases.subtract(
                (one.code, one.excluded) for one in records.features if one.kind == "disease"
            )
            judged = [
                one for i in told["interpretations"]
                for one in i["diagnosis"]["genomicInterpretations"]
            ]  # fmt: skip
            assert len(judged) == len(records.findings)
            findings += len(judged)
            genes.update(
                one["variantInterpretation"]["variationDescriptor"]["geneContext"]["valueId"]
                for one in judged
                if "geneContext" in one.get("variantInterpretation", {}).get(
                    "variationDescriptor", {})
            )  # fmt: skip
            genes.subtract(
                one.finding.gene.code for one in records.findings
                if one.finding is not None and one.finding.gene is not None
            )  # fmt: skip
    assert (features, findings > 5_731) == (122_164, True)
    # Whatever is left over would be lost or made up; OMIM's own codes are kept as written.
    assert {code: n for code, n in genes.items() if n} == {}
    assert {code: n for code, n in diseases.items() if n} == {}


@pytest.mark.realdata
def test_subjects_of_real_phenopackets_are_not_persons(testdata: Path, tmp_path: Path) -> None:
    with gzip.open(testdata / "clinical/phenopackets.ndjson.gz") as lines:
        put(tmp_path, "some.ndjson", b"".join(islice(lines, 400)))
    assert refusal(tmp_path, person_from="subject").reason == "person_conflict"


def test_mapping_adds_codes_beside(tmp_path: Path) -> None:
    put(tmp_path / "d", "p.tsv", "person_id\tsystem\tcode\nP1\tlocal\tEPI-12\nP1\tICD10\tG40.9\n")
    table = (
        b"from_system\tfrom_code\tto_system\tto_code\tversion\n"
        b"local\tEPI-12\tHPO\tHP:0001250\t2024.1\n"
        b"local\tEPI-12\tICD10\tG409\t2024.1\n"
        b"local\tEPI-12\tICD10\tG409\t2024.1\n"
        b"HPO\tHP:0001250\tlocal\tnot mapped on\t2024.1\n"
    )
    from_table = read_mapping(table, "map.tsv")
    (document,) = read_documents(tmp_path / "d", mappings=[from_table]).documents
    mapped = {"mapped_from": "local:EPI-12", "details": (Detail("mapping", "2024.1"),)}
    assert document.records.features == (
        FeatureRecord("P1", "feature", "local", "EPI-12", source="line 2"),
        FeatureRecord("P1", "feature", "HPO", "HP:0001250", source="line 2", **mapped),
        FeatureRecord("P1", "disease", "ICD10", "G40.9", source="line 2", **mapped),
        FeatureRecord("P1", "disease", "ICD10", "G40.9", source="line 3"),
    )
