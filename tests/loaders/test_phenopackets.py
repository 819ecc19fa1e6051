"""Phenopackets: every value of real ones recounted by plain means, odd ones refused or told."""

import copy
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loaders.clinical.phenopackets import read_phenopacket
from schemas.clinical_values import Code, LifeTime
from schemas.errors import BatchRefused
from schemas.phenopackets import Evidence, Phenopacket
from schemas.reasons import REASONS

PACKET: dict[str, Any] = {
    "id": "packet-1",
    "subject": {
        "id": "P1",
        "sex": "FEMALE",
        "karyotypicSex": "XX",
        "timeAtLastEncounter": {"age": {"iso8601duration": "P16Y"}},
        "vitalStatus": {
            "status": "DECEASED",
            "timeOfDeath": {"age": {"iso8601duration": "P61Y2M"}},
            "causeOfDeath": {"id": "OMIM:1", "label": "One"},
        },
    },
    "phenotypicFeatures": [
        {
            "type": {"id": "HP:0001250", "label": "Seizure"},
            "description": "Began in the kitchen",
            "onset": {"ontologyClass": {"id": "HP:0003577", "label": "Congenital onset"}},
            "resolution": {"age": {"iso8601duration": "P27D"}},
            "severity": {"id": "HP:0012828", "label": "Severe"},
            "modifiers": [{"id": "HP:0012833", "label": "Unilateral"}, {"id": "HP:0012834"}],
            "evidence": [
                {
                    "evidenceCode": {"id": "ECO:0000033", "label": "author statement"},
                    "reference": {"id": "PMID:1", "description": "A paper"},
                }
            ],
        },
        {"type": {"id": "LOCAL:7"}, "excluded": True},
    ],
    "diseases": [
        {
            "term": {"id": "ORPHA:1", "label": "One"},
            "onset": {"ageRange": {"start": {"iso8601duration": "P2Y"},
                                   "end": {"iso8601duration": "P3Y"}}},
            "diseaseStage": [{"id": "NCIT:1"}],
        }
    ],
    "interpretations": [
        {
            "id": "I1",
            "progressStatus": "SOLVED",
            "diagnosis": {
                "disease": {"id": "ORPHA:1", "label": "One"},
                "genomicInterpretations": [
                    {
                        "subjectOrBiosampleId": "P1",
                        "interpretationStatus": "CAUSATIVE",
                        "variantInterpretation": {
                            "acmgPathogenicityClassification": "LIKELY_PATHOGENIC",
                            "variationDescriptor": {
                                "id": "v1",
                                "geneContext": {"valueId": "HGNC:1100", "symbol": "BRCA1"},
                                "expressions": [{"syntax": "hgvs.c", "value": "NM_1.1:c.1A>G"}],
                                "vcfRecord": {
                                    "genomeAssembly": "hg38", "chrom": "chrM", "pos": "7",
                                    "ref": "A", "alt": "G",
                                },
                                "allelicState": {"id": "GENO:0000135", "label": "heterozygous"},
                            },
                        },
                    },
                    {
                        "subjectOrBiosampleId": "somebody else",
                        "gene": {"valueId": "HGNC:1", "symbol": "A1BG"},
                    },
                ],
            },
        }
    ],
    "metaData": {
        "phenopacketSchemaVersion": "2.0.2",
        "createdBy": "ORCID:0000-0002-1825-0097",
        "resources": [{"id": "hp", "namespacePrefix": "HP", "version": "2025-05-06"}],
    },
}  # fmt: skip


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """`PACKET` with another value at a place; None takes it away."""
    packet = copy.deepcopy(PACKET)
    node: Any = packet
    *way, last = pointer.split("/")
    for step in way:
        node = node[int(step) if step.isdigit() else step]
    if value is None:
        del node[last]
    else:
        node[int(last) if last.isdigit() else last] = value
    return packet


def leaves(node: Any) -> int:
    if isinstance(node, dict):
        return sum(map(leaves, node.values()))
    if isinstance(node, list):
        return sum(map(leaves, node))
    return node is not None


class TestSmall:
    def test_all_that_is_kept(self) -> None:
        packet = read_phenopacket(PACKET, "p.json")
        assert (packet.packet_id, packet.subject_id, packet.sex) == ("packet-1", "P1", "XX")
        assert packet.age == LifeTime("age", "P16Y", "young_adult")
        assert packet.died == LifeTime("age", "P61Y2M", "late")
        assert (packet.vital_status, packet.cause_of_death) == ("DECEASED", Code("OMIM:1", "One"))
        assert packet.vocabularies == {"HP": "2025-05-06"}
        first, second = packet.features
        assert first.onset == LifeTime("term", "HP:0003577", "birth", "Congenital onset")
        assert first.resolution == LifeTime("age", "P27D", "neonatal")
        assert first.severity == Code("HP:0012828", "Severe")
        assert [one.code for one in first.modifiers] == ["HP:0012833", "HP:0012834"]
        assert first.evidence == (Evidence(Code("ECO:0000033", "author statement"), "PMID:1"),)
        assert (second.code, second.excluded, second.onset) == (Code("LOCAL:7", None), True, None)
        (disease,) = packet.diseases
        assert disease.onset == LifeTime("age_range", "P2Y/P3Y", "childhood")
        assert disease.stages == (Code("NCIT:1", None),)
        (diagnosis,) = packet.diagnoses
        assert (diagnosis.progress, diagnosis.disease) == ("SOLVED", Code("ORPHA:1", "One"))
        variant, gene = diagnosis.findings
        place = (variant.assembly, variant.contig, variant.pos, variant.ref, variant.alt)
        assert place == ("GRCh38", "M", 7, "A", "G")
        assert (variant.acmg, variant.status, variant.own) == (
            "LIKELY_PATHOGENIC", "CAUSATIVE", True,
        )  # fmt: skip
        assert variant.expressions == (("hgvs.c", "NM_1.1:c.1A>G"),)
        assert (gene.gene, gene.acmg, gene.own) == (
            Code("HGNC:1", "A1BG"), "NOT_PROVIDED", False,
        )  # fmt: skip

    def test_every_value_is_accounted_for(self) -> None:
        tally = read_phenopacket(PACKET, "p.json").tally
        assert tally.set_aside == {
            "field_not_kept": {"/metaData/createdBy": 1, "/metaData/resources/*/id": 1},
            "free_text": {
                "/phenotypicFeatures/*/description": 1,
                "/phenotypicFeatures/*/evidence/*/reference/description": 1,
            },
        }
        assert tally.flags == {"other_subject": 1}
        lost = sum(count for places in tally.set_aside.values() for count in places.values())
        assert tally.kept + lost == leaves(PACKET)

    def test_names_with_underscores_say_the_same(self) -> None:
        text = json.dumps(PACKET)
        for camel, snake in (
            ("phenotypicFeatures", "phenotypic_features"),
            ("vcfRecord", "vcf_record"),
            ("timeAtLastEncounter", "time_at_last_encounter"),
        ):
            text = text.replace(f'"{camel}"', f'"{snake}"')
        assert read_phenopacket(json.loads(text), "p.json") == read_phenopacket(PACKET, "p.json")
        both = {**PACKET, "meta_data": {}}
        with pytest.raises(BatchRefused, match="in two ways"):
            read_phenopacket(both, "p.json")

    @pytest.mark.parametrize(
        ("pointer", "value", "reason"),
        [
            ("subject/timeAtLastEncounter", {"timestamp": "2020-01-02T00:00:00Z"}, "calendar_time"),
            ("subject/colour", "blue", "field_unknown"),
            ("phenotypicFeatures/0/feeling", "blue", "field_unknown"),
            ("measurements", [{"assay": {"id": "LOINC:1"}}], "field_not_kept"),
            ("subject/alternateIds", ["X1"], "field_not_kept"),
        ],
    )
    def test_what_is_not_kept_is_told(self, pointer: str, value: Any, reason: str) -> None:
        before = read_phenopacket(PACKET, "p.json").tally.set_aside.get(reason, {})
        packet = changed(pointer, value)
        tally = read_phenopacket(packet, "p.json").tally
        assert sum(tally.set_aside[reason].values()) == sum(before.values()) + 1
        lost = sum(count for places in tally.set_aside.values() for count in places.values())
        assert tally.kept + lost == leaves(packet)
        assert {*tally.set_aside, *tally.flags} <= REASONS.keys()

    @pytest.mark.parametrize(
        ("time", "band"),
        [
            ({"age": {"iso8601duration": "P0D"}}, "birth"),
            ({"age": {"iso8601duration": "P4W"}}, "infantile"),
            ({"age": {"iso8601duration": "P11M30D"}}, "infantile"),
            ({"age": {"iso8601duration": "P1Y"}}, "childhood"),
            ({"age": {"iso8601duration": "P4Y11M"}}, "childhood"),
            ({"age": {"iso8601duration": "P5Y"}}, "juvenile"),
            ({"age": {"iso8601duration": "P39Y11M"}}, "young_adult"),
            ({"age": {"iso8601duration": "P40Y"}}, "middle_age"),
            ({"age": {"iso8601duration": "P60Y"}}, "late"),
            ({"gestationalAge": {"weeks": 20, "days": 3}}, "antenatal"),
            ({"ontologyClass": {"id": "HP:0034198"}}, "antenatal"),
            ({"ontologyClass": {"id": "HP:0003581"}}, "adult"),
        ],
    )
    def test_bands(self, time: dict[str, Any], band: str) -> None:
        packet = read_phenopacket(changed("phenotypicFeatures/1/onset", time), "p.json")
        onset = packet.features[1].onset
        assert onset is not None
        assert onset.band == band
        assert "time_unplaced" not in packet.tally.flags

    @pytest.mark.parametrize(
        "time",
        [
            {"ontologyClass": {"id": "HP:0031797"}},
            {"ageRange": {"start": {"iso8601duration": "P4Y"}, "end": {"iso8601duration": "P5Y"}}},
        ],
    )
    def test_time_of_no_single_band_is_kept_and_flagged(self, time: dict[str, Any]) -> None:
        packet = read_phenopacket(changed("diseases/0/onset", time), "p.json")
        (disease,) = packet.diseases
        assert disease.onset is not None
        assert disease.onset.band is None
        assert packet.tally.flags["time_unplaced"] == 1

    @pytest.mark.parametrize(
        ("pointer", "value", "where"),
        [
            ("id", None, ""),
            ("id", 7, ""),
            ("subject", None, ""),
            ("subject", [], ""),
            ("subject/id", " ", "/subject"),
            ("subject/sex", "F", "/subject"),
            ("phenotypicFeatures", {}, ""),
            ("phenotypicFeatures/1", "HP:0001250", ""),
            ("phenotypicFeatures/1/type", None, "/phenotypicFeatures/1"),
            ("phenotypicFeatures/1/type/id", None, "/phenotypicFeatures/1/type"),
            ("phenotypicFeatures/1/excluded", "yes", "/phenotypicFeatures/1"),
            ("phenotypicFeatures/0/resolution/age/iso8601duration", "27 days",
             "/phenotypicFeatures/0/resolution/age"),
            ("diseases/0/onset/ageRange/end", None, "/diseases/0/onset/ageRange"),
            ("interpretations/0/progressStatus", "DONE", "/interpretations/0"),
            ("metaData/phenopacketSchemaVersion", "1.0.0", "/metaData"),
        ],
    )  # fmt: skip
    def test_malformed_packets_are_refused(self, pointer: str, value: Any, where: str) -> None:
        with pytest.raises(BatchRefused) as caught:
            read_phenopacket(changed(pointer, value), "p.json")
        assert caught.value.reason == "document_malformed"
        assert caught.value.where == f"p.json#{where}"

    def test_identifying_data_are_refused_and_not_repeated(self) -> None:
        packet = changed("subject/dateOfBirth", "1985-03-12T00:00:00Z")
        with pytest.raises(BatchRefused) as caught:
            read_phenopacket(packet, "p.json")
        assert caught.value.reason == "identifying_data"
        assert caught.value.where == "p.json#/subject/dateOfBirth"
        assert "1985" not in str(caught.value)

    def test_bottomless_nesting_is_refused(self) -> None:
        deep: Any = {}
        for _ in range(5_000):
            deep = {"a": [deep]}
        with pytest.raises(BatchRefused, match="nested too deeply"):
            read_phenopacket({**PACKET, "subject": deep}, "p.json")

    def test_list_is_no_packet(self) -> None:
        with pytest.raises(BatchRefused) as caught:
            read_phenopacket([PACKET], "p.json")
        assert caught.value.reason == "document_malformed"


@pytest.fixture(scope="module")
def pairs(testdata: Path) -> list[tuple[dict[str, Any], Phenopacket]]:
    """Each real packet, decoded by plain means and read."""
    with gzip.open(testdata / "clinical/phenopackets.ndjson.gz") as lines:
        entries = [json.loads(line) for line in lines]
    return [
        (entry["phenopacket"], read_phenopacket(entry["phenopacket"], entry["path"]))
        for entry in entries
    ]


def told_findings(packet: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for interpretation in packet["interpretations"]:
        yield from interpretation["diagnosis"]["genomicInterpretations"]


def told_time(time: dict[str, Any] | None) -> str | None:
    if not time:
        return None
    ((kind, value),) = time.items()
    if kind == "gestationalAge":
        return f"P{value.get('weeks', 0)}W{value.get('days', 0)}D"
    return str(value["iso8601duration"] if kind == "age" else value["id"])


@pytest.mark.realdata
class TestReal:
    def test_features_onsets_and_severities(self, pairs: list[tuple[Any, Phenopacket]]) -> None:
        features = excluded = onsets = 0
        for told, read in pairs:
            wanted = [
                (
                    one["type"]["id"], one["type"]["label"], one.get("excluded", False),
                    told_time(one.get("onset")), one.get("severity", {}).get("id"),
                )
                for one in told.get("phenotypicFeatures", [])
            ]  # fmt: skip
            assert wanted == [
                (
                    *one.code, one.excluded, one.onset and one.onset.told,
                    one.severity and one.severity.code,
                )
                for one in read.features
            ]  # fmt: skip
            features += len(wanted)
            excluded += sum(one[2] for one in wanted)
            onsets += sum(one[3] is not None for one in wanted)
        assert (len(pairs), features, excluded, onsets) == (5_731, 122_164, 68_925, 5_596)

    def test_persons(self, pairs: list[tuple[Any, Phenopacket]]) -> None:
        sexes = {"FEMALE": "XX", "MALE": "XY", "OTHER_SEX": "other"}
        for told, read in pairs:
            subject = told["subject"]
            assert read.sex == sexes.get(subject.get("sex"), "unknown")
            assert (read.age and read.age.told) == told_time(subject.get("timeAtLastEncounter"))
            assert read.vital_status == subject.get("vitalStatus", {}).get("status")
            assert [(*one.code, one.onset and one.onset.told) for one in read.diseases] == [
                (one["term"]["id"], one["term"]["label"].strip(), told_time(one.get("onset")))
                for one in told["diseases"]
            ]
        assert len({read.packet_id for _, read in pairs}) == 5_731
        assert len({read.subject_id for _, read in pairs}) == 4_035

    def test_genes_diseases_and_classes(self, pairs: list[tuple[Any, Phenopacket]]) -> None:
        told, read = Counter[Any](), Counter[Any]()
        for packet, record in pairs:
            for interpretation in packet["interpretations"]:
                told["disease", interpretation["diagnosis"]["disease"]["id"]] += 1
            for one in told_findings(packet):
                judged = one["variantInterpretation"]
                gene = judged["variationDescriptor"].get("geneContext", {})
                told["gene", gene.get("symbol"), gene.get("valueId")] += 1
                told["acmg", judged.get("acmgPathogenicityClassification", "NOT_PROVIDED")] += 1
                told["status", one["interpretationStatus"]] += 1
                told["state", judged["variationDescriptor"]["allelicState"]["id"]] += 1
            for diagnosis in record.diagnoses:
                read["disease", diagnosis.disease and diagnosis.disease.code] += 1
                for found in diagnosis.findings:
                    gene = found.gene
                    read["gene", gene and gene.label, gene and gene.code] += 1
                    read["acmg", found.acmg] += 1
                    read["status", found.status] += 1
                    read["state", found.allelic_state and found.allelic_state.code] += 1
        assert read == told
        assert read["status", "CAUSATIVE"] == 6_339

    def test_variants(self, pairs: list[tuple[Any, Phenopacket]]) -> None:
        placed = 0
        for packet, record in pairs:
            found = [one for diagnosis in record.diagnoses for one in diagnosis.findings]
            for told, read in zip(told_findings(packet), found, strict=True):
                descriptor = told["variantInterpretation"]["variationDescriptor"]
                place = descriptor.get("vcfRecord")
                assert read.own
                assert read.variant_id == descriptor["id"]
                assert [list(one) for one in read.expressions] == [
                    [one["syntax"], one["value"]] for one in descriptor.get("expressions", [])
                ]
                if place is None:
                    assert read.structural_type is not None
                    continue
                placed += 1
                contig = place["chrom"].removeprefix("chr").replace("MT", "M")
                assert (read.assembly, read.contig, read.pos, read.ref, read.alt) == (
                    "GRCh38", contig, int(place["pos"]), place["ref"], place["alt"],
                )  # fmt: skip
        assert placed == 6_026

    def test_every_value_is_accounted_for(self, pairs: list[tuple[Any, Phenopacket]]) -> None:
        reasons = Counter[str]()
        for told, read in pairs:
            lost = 0
            for reason, places in read.tally.set_aside.items():
                # Only what the document says of itself is left.
                assert all(place.startswith("/metaData/") for place in places)
                reasons[reason] += sum(places.values())
                lost += sum(places.values())
            assert read.tally.kept + lost == leaves(told)
            assert read.tally.flags == {}
        assert reasons.keys() == {"field_not_kept", "free_text"}
