"""GA4GH phenopackets of schema 2, as JSON, to typed records."""

from __future__ import annotations

import re
from typing import Any, Final

from loaders.clinical.fields import Fields, Reading
from loaders.clinical.lifetime import read_time
from loaders.identifying import find_identifying
from schemas.clinical_values import Code
from schemas.contigs import canonical_contig
from schemas.errors import BatchRefused
from schemas.phenopackets import Diagnosis, Disease, Evidence, Feature, Finding, Phenopacket

SEX: Final = {"UNKNOWN_SEX": "unknown", "FEMALE": "XX", "MALE": "XY", "OTHER_SEX": "other"}
_ASSEMBLY: Final = {"hg19": "GRCh37", "GRCh37": "GRCh37", "hg38": "GRCh38", "GRCh38": "GRCh38"}
_FINDING: Final = ("UNKNOWN_STATUS", "REJECTED", "CANDIDATE", "CONTRIBUTORY", "CAUSATIVE")
_PROGRESS: Final = ("UNKNOWN_PROGRESS", "IN_PROGRESS", "COMPLETED", "SOLVED", "UNSOLVED")
_ACMG: Final = (
    "NOT_PROVIDED", "BENIGN", "LIKELY_BENIGN", "UNCERTAIN_SIGNIFICANCE", "LIKELY_PATHOGENIC",
    "PATHOGENIC",
)  # fmt: skip
_ACTIONABLE: Final = ("UNKNOWN_ACTIONABILITY", "NOT_ACTIONABLE", "ACTIONABLE")
_FREE_TEXT: Final = re.compile(r"/(description|summary|comments?|notes?|text)(/.*)?$")
_DATE: Final = re.compile(r"/(timestamp|interval|dateOfBirth)(/.*)?$")
_NOT_KEPT: Final = re.compile(
    r"/(metaData|biosamples|measurements|medicalActions|files)/"
    r"|/subject/(alternateIds|gender|taxonomy|vitalStatus)\b|/(vcfRecord|variation)/"
    r"|/(evidence|geneContext|variationDescriptor)/.*|^/consanguinousParents$"
)
_NUMBER: Final = re.compile(r"/[0-9]+")


def set_aside_as(place: str) -> str:
    """Why a value at a place of a phenopacket is not kept.

    >>> set_aside_as("/phenotypicFeatures/*/description"), set_aside_as("/subject/colour")
    ('free_text', 'field_unknown')
    """
    if _FREE_TEXT.search(place):
        return "free_text"
    if _DATE.search(place):
        return "calendar_time"
    return "field_not_kept" if _NOT_KEPT.search(place) else "field_unknown"


def read_phenopacket(content: Any, path: str, place: str = "") -> Phenopacket:
    """One phenopacket.

    Args:
        content: decoded.
        path: of the document, for errors.
        place: of the packet in a document that holds several.

    Raises:
        BatchRefused: `identifying_data`, `document_malformed`.
    """
    for finding in find_identifying(content):
        where = f"{path}#{place}{finding.pointer}"
        raise BatchRefused("identifying_data", f"holds {finding.what}", where)
    name = _NUMBER.sub("/*", place)
    reading = Reading(content, path, renamed=True, place=place, name=name)
    root = reading.root()
    vocabularies = vocabularies_of(root)
    packet_id = root.needed("id")
    subject = root.inside("subject")
    if subject is None:
        root.refuse("expected a phenopacket with a subject")
    subject_id = subject.needed("id")
    vital = subject.inside("vitalStatus")
    own = {subject_id, *(one for one in map(_sample_id, root.each("biosamples")) if one)}
    return Phenopacket(
        packet_id=packet_id,
        subject_id=subject_id,
        sex=SEX[subject.choice("sex", *SEX)],
        karyotypic_sex=subject.text("karyotypicSex"),
        age=read_time(subject.inside("timeAtLastEncounter")),
        vital_status=vital.text("status") if vital else None,
        died=read_time(vital.inside("timeOfDeath")) if vital else None,
        cause_of_death=_optional(vital, "causeOfDeath") if vital else None,
        features=tuple(map(_feature, root.each("phenotypicFeatures"))),
        diseases=tuple(map(_disease, root.each("diseases"))),
        diagnoses=tuple(_diagnosis(one, own) for one in root.each("interpretations")),
        vocabularies=vocabularies,
        tally=reading.tally(set_aside_as),
    )


def vocabularies_of(root: Fields) -> dict[str, str]:
    """Versions of code systems by prefix, as the metadata of a document declare them.

    Raises:
        BatchRefused: `document_malformed`, of another schema than 2.
    """
    about = root.inside("metaData")
    if about is None:
        return {}
    version = about.text("phenopacketSchemaVersion")
    if version is not None and version.split(".")[0] != "2":
        about.refuse("phenopacketSchemaVersion: expected 2")
    found = {}
    for one in about.each("resources"):
        prefix = one.text("namespacePrefix")
        if prefix is not None:
            found[prefix] = one.text("version") or ""
    return found


def _sample_id(biosample: Fields) -> str | None:
    return biosample.text("id")


def _code(fields: Fields) -> Code:
    return Code(fields.needed("id"), fields.text("label"))


def _optional(fields: Fields, name: str) -> Code | None:
    inside = fields.inside(name)
    return _code(inside) if inside is not None else None


def _coded(fields: Fields, name: str) -> Code:
    code = _optional(fields, name)
    if code is None:
        fields.refuse(f"expected {name}")
    return code


def _codes(fields: Fields, name: str) -> tuple[Code, ...]:
    return tuple(map(_code, fields.each(name)))


def _feature(fields: Fields) -> Feature:
    return Feature(
        code=_coded(fields, "type"),
        excluded=fields.flag("excluded"),
        onset=read_time(fields.inside("onset")),
        resolution=read_time(fields.inside("resolution")),
        severity=_optional(fields, "severity"),
        modifiers=_codes(fields, "modifiers"),
        evidence=tuple(map(_evidence, fields.each("evidence"))),
    )


def _evidence(fields: Fields) -> Evidence:
    reference = fields.inside("reference")
    return Evidence(
        _coded(fields, "evidenceCode"), reference.text("id") if reference is not None else None
    )


def _disease(fields: Fields) -> Disease:
    return Disease(
        code=_coded(fields, "term"),
        excluded=fields.flag("excluded"),
        onset=read_time(fields.inside("onset")),
        resolution=read_time(fields.inside("resolution")),
        stages=_codes(fields, "diseaseStage"),
        tumour_stages=_codes(fields, "clinicalTnmFinding"),
        site=_optional(fields, "primarySite"),
        laterality=_optional(fields, "laterality"),
    )


def _diagnosis(fields: Fields, own: set[str]) -> Diagnosis:
    diagnosis = fields.inside("diagnosis")
    return Diagnosis(
        interpretation_id=fields.needed("id"),
        progress=fields.choice("progressStatus", *_PROGRESS),
        disease=_optional(diagnosis, "disease") if diagnosis is not None else None,
        findings=tuple(_finding(one, own) for one in diagnosis.each("genomicInterpretations"))
        if diagnosis is not None
        else (),
    )


def _finding(fields: Fields, own: set[str]) -> Finding:
    is_own = fields.text("subjectOrBiosampleId") in own
    if not is_own:
        fields.flagged("other_subject")
    judged = fields.inside("variantInterpretation")
    variant = judged.inside("variationDescriptor") if judged is not None else None
    record = variant.inside("vcfRecord") if variant is not None else None
    gene = fields.inside("gene") or (variant.inside("geneContext") if variant else None)
    assembly = record.text("genomeAssembly") if record is not None else None
    contig = record.text("chrom") if record is not None else None
    return Finding(
        status=fields.choice("interpretationStatus", *_FINDING),
        gene=Code(gene.needed("valueId"), gene.text("symbol")) if gene is not None else None,
        variant_id=variant.text("id") if variant is not None else None,
        label=variant.text("label") if variant is not None else None,
        assembly=_ASSEMBLY.get(assembly, assembly) if assembly is not None else None,
        contig=canonical_contig(contig) or contig if contig is not None else None,
        pos=record.number("pos") if record is not None else None,
        ref=record.text("ref") if record is not None else None,
        alt=record.text("alt") if record is not None else None,
        expressions=tuple(
            (one.needed("syntax"), one.needed("value"))
            for one in (variant.each("expressions") if variant is not None else ())
        ),
        allelic_state=_optional(variant, "allelicState") if variant is not None else None,
        structural_type=_optional(variant, "structuralType") if variant is not None else None,
        molecule=variant.text("moleculeContext") if variant is not None else None,
        acmg=judged.choice("acmgPathogenicityClassification", *_ACMG) if judged else _ACMG[0],
        actionability=judged.choice("therapeuticActionability", *_ACTIONABLE)
        if judged
        else _ACTIONABLE[0],
        own=is_own,
    )
