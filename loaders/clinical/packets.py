"""A phenopacket to the records that all clinical documents become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from loaders.clinical.codes import of_curie
from schemas.clinical_records import (
    ClinicalRecords,
    Detail,
    FeatureRecord,
    FindingRecord,
    PersonRecord,
)
from schemas.clinical_values import Code
from schemas.phenopackets import Disease, Feature, Phenopacket

PersonFrom = Literal["subject", "packet-id"]
"""Which id of a phenopacket is the person's: published packets call many subjects "Patient 1"."""

_VITAL: Final[dict[str | None, Literal["alive", "deceased"]]] = {
    "ALIVE": "alive",
    "DECEASED": "deceased",
}


def person_of(packet: Phenopacket, person_from: PersonFrom) -> str:
    """The id of the person whose packet it is."""
    return packet.subject_id if person_from == "subject" else packet.packet_id


def packet_records(
    packet: Phenopacket, person_from: PersonFrom, place: str = ""
) -> ClinicalRecords:
    """The records of a phenopacket.

    Args:
        packet: as read.
        person_from: which of its ids is the person's.
        place: of the packet in a document that holds several.
    """
    person_id = person_of(packet, person_from)
    return ClinicalRecords(
        persons=(
            PersonRecord(
                person_id,
                sex=None if packet.sex == "unknown" else packet.sex,
                age=packet.age,
                vital_status=_VITAL.get(packet.vital_status),
                died=packet.died,
                karyotypic_sex=packet.karyotypic_sex,
            ),
        ),
        features=tuple(_features(packet, person_id, place)),
        findings=tuple(_findings(packet, person_id, place)),
    )


def _features(packet: Phenopacket, person_id: str, place: str) -> Iterator[FeatureRecord]:
    for at, one in enumerate(packet.features):
        system, code = of_curie(one.code.code)
        yield FeatureRecord(
            person_id, "feature", system, code, one.code.label,
            excluded=one.excluded, onset=one.onset,
            severity=one.severity.code if one.severity else None,
            details=tuple(_of_feature(one)), source=f"{place}/phenotypicFeatures/{at}",
        )  # fmt: skip
    for at, disease in enumerate(packet.diseases):
        system, code = of_curie(disease.code.code)
        yield FeatureRecord(
            person_id, "disease", system, code, disease.code.label,
            excluded=disease.excluded, onset=disease.onset,
            details=tuple(_of_disease(disease)), source=f"{place}/diseases/{at}",
        )  # fmt: skip
    if packet.cause_of_death is not None:
        system, code = of_curie(packet.cause_of_death.code)
        yield FeatureRecord(
            person_id, "disease", system, code, packet.cause_of_death.label,
            certainty="cause_of_death", source=f"{place}/subject/vitalStatus/causeOfDeath",
        )  # fmt: skip


def _of_feature(feature: Feature) -> Iterator[Detail]:
    if feature.severity is not None and feature.severity.label is not None:
        yield Detail("severity", *feature.severity)
    if feature.resolution is not None:
        yield Detail("resolved", feature.resolution.told, feature.resolution.label)
    yield from _named("modifier", feature.modifiers)
    for evidence in feature.evidence:
        yield Detail("evidence", *evidence.code)
        if evidence.reference is not None:
            yield Detail("reference", evidence.reference)


def _of_disease(disease: Disease) -> Iterator[Detail]:
    if disease.resolution is not None:
        yield Detail("resolved", disease.resolution.told, disease.resolution.label)
    yield from _named("stage", disease.stages)
    yield from _named("tumour_stage", disease.tumour_stages)
    yield from _named("site", (disease.site,))
    yield from _named("laterality", (disease.laterality,))


def _named(name: str, codes: tuple[Code | None, ...]) -> Iterator[Detail]:
    for code in codes:
        if code is not None:
            yield Detail(name, *code)


def _findings(packet: Phenopacket, person_id: str, place: str) -> Iterator[FindingRecord]:
    for at, diagnosis in enumerate(packet.diagnoses):
        for finding in diagnosis.findings or (None,):
            yield FindingRecord(
                person_id, diagnosis.interpretation_id, diagnosis.progress, diagnosis.disease,
                finding, source=f"{place}/interpretations/{at}",
            )  # fmt: skip
