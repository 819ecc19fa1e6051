"""What CAD keeps of a GA4GH phenopacket (schema 2): one person's features, diseases and findings.

Codes stand as written, in whatever system; what a release of HPO makes of them is asked on reading.
Ages are kept as told and as a band, dates of a calendar are not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.clinical_values import Code, FieldTally, LifeTime


@dataclass(frozen=True)
class Evidence:
    """Why a feature is believed: a code of the Evidence and Conclusion Ontology, and a source."""

    code: Code
    reference: str | None


@dataclass(frozen=True)
class Feature:
    """A feature that was observed in the person, or looked for and absent."""

    code: Code
    excluded: bool
    onset: LifeTime | None
    resolution: LifeTime | None
    severity: Code | None
    modifiers: tuple[Code, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Disease:
    """A disease that the person has, or was shown not to have."""

    code: Code
    excluded: bool
    onset: LifeTime | None
    resolution: LifeTime | None
    stages: tuple[Code, ...]
    tumour_stages: tuple[Code, ...]
    site: Code | None
    laterality: Code | None


@dataclass(frozen=True)
class Finding:
    """A gene or variant that was judged for a diagnosis.

    Attributes:
        status: CAUSATIVE, CONTRIBUTORY, CANDIDATE, REJECTED or UNKNOWN_STATUS.
        gene: HGNC id or other and symbol.
        variant_id: of the descriptor.
        label: its label.
        assembly: GRCh37 or GRCh38, or the word written for another.
        contig: counted contig, or the name written for another.
        pos: 1-based, as written, not normalised.
        ref: as written.
        alt: as written.
        expressions: syntax and value, such as ``hgvs.c`` and a name.
        allelic_state: a GENO code: heterozygous, homozygous, hemizygous.
        structural_type: a Sequence Ontology code, where there is no sequence.
        molecule: genomic, transcript or protein.
        acmg: ACMG/AMP class as written, NOT_PROVIDED where none is.
        actionability: as written, UNKNOWN_ACTIONABILITY where none is.
        own: whether it is said of the packet's subject or a sample of theirs.
    """

    status: str
    gene: Code | None
    variant_id: str | None
    label: str | None
    assembly: str | None
    contig: str | None
    pos: int | None
    ref: str | None
    alt: str | None
    expressions: tuple[tuple[str, str], ...]
    allelic_state: Code | None
    structural_type: Code | None
    molecule: str | None
    acmg: str
    actionability: str
    own: bool


@dataclass(frozen=True)
class Diagnosis:
    """An interpretation: a disease, how far it was settled, and what was found for it."""

    interpretation_id: str
    progress: str
    disease: Code | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Phenopacket:
    """One phenopacket, of one person.

    Attributes:
        packet_id: unique among packets.
        subject_id: as its author called the person, often unique in one packet only.
        sex: XX, XY, other or unknown.
        karyotypic_sex: as written.
        age: when the person was last seen.
        vital_status: ALIVE, DECEASED or UNKNOWN_STATUS.
        died: at what age.
        cause_of_death: a disease.
        vocabularies: version of each code system by its prefix, as the packet declares them.
    """

    packet_id: str
    subject_id: str
    sex: str
    karyotypic_sex: str | None
    age: LifeTime | None
    vital_status: str | None
    died: LifeTime | None
    cause_of_death: Code | None
    features: tuple[Feature, ...]
    diseases: tuple[Disease, ...]
    diagnoses: tuple[Diagnosis, ...]
    vocabularies: Mapping[str, str]
    tally: FieldTally
