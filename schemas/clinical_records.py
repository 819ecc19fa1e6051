"""What every clinical document becomes: records of one person each, whatever its format was.

A statement is one place of a document. Where it carries several codes, each is a record of its
own, and all have the same `source`; so have the codes that a mapping table adds. Codes are in the
form of `loaders.clinical.codes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from schemas.clinical_values import Code, FieldTally, LifeTime
from schemas.phenopackets import Finding

Kind = Literal["phenopacket", "fhir", "omop", "pedigree", "consents", "phenotypes"]
"""Formats of clinical documents."""


@dataclass(frozen=True)
class PersonRecord:
    """What a document says of a person as such. What it does not say is None.

    Attributes:
        person_id: pseudonym.
        sex: XX, XY or other.
        birth_years: five years of birth, as in ``1980-1984``.
        age: when the person was last seen.
        vital_status: alive or deceased.
        died: at what age.
        karyotypic_sex: as written.
        affected: 1 or 0, whether the person has the disease of the family's indication.
        family_id: the family.
    """

    person_id: str
    sex: str | None = None
    birth_years: str | None = None
    age: LifeTime | None = None
    vital_status: Literal["alive", "deceased"] | None = None
    died: LifeTime | None = None
    karyotypic_sex: str | None = None
    affected: str | None = None
    family_id: str | None = None


@dataclass(frozen=True)
class Detail:
    """A code that says more of a feature.

    Attributes:
        name: severity, modifier, evidence, reference, resolved, stage, tumour_stage, site,
            laterality, clinical_status, question (what was asked where the answer is the feature)
            or mapping (the version of the table).
        code: as written; of `resolved` a time as told.
        label: of the code.
    """

    name: str
    code: str
    label: str | None = None


@dataclass(frozen=True)
class FeatureRecord:
    """A code said of a person: a phenotypic feature or a disease, present or excluded.

    Attributes:
        person_id: pseudonym.
        kind: a feature (what is seen) or a disease (what it is called).
        system: HPO, ORPHA, ICD10, OMIM or local.
        code: in the form of `loaders.clinical.codes`; a local one with its own system.
        label: as written.
        excluded: whether it was looked for and is absent.
        onset: when it began.
        severity: a code or words.
        recorded_on: day of the record.
        certainty: how sure a disease is, in the document's words; cause_of_death where it was.
        details: further codes.
        source: the statement's place in its document.
        mapped_from: ``SYSTEM:code`` that a mapping table gave this code for; its version is in
            the details.
    """

    person_id: str
    kind: Literal["feature", "disease"]
    system: str
    code: str
    label: str | None = None
    excluded: bool = False
    onset: LifeTime | None = None
    severity: str | None = None
    recorded_on: date | None = None
    certainty: str | None = None
    details: tuple[Detail, ...] = ()
    source: str = ""
    mapped_from: str | None = None


@dataclass(frozen=True)
class MeasurementRecord:
    """A value measured in a person, under one code.

    Attributes:
        person_id: pseudonym.
        system: as of a feature.
        code: what was measured.
        label: of the code.
        value: the number, None where the result is a code.
        comparator: ``<``, ``<=``, ``>=`` or ``>`` where the number is a bound.
        unit: of the number, UCUM where the document has it.
        result: the coded result.
        recorded_on: day of the record.
        source: the statement's place in its document.
    """

    person_id: str
    system: str
    code: str
    label: str | None = None
    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    result: Code | None = None
    recorded_on: date | None = None
    source: str = ""


@dataclass(frozen=True)
class FindingRecord:
    """A gene or variant judged for a person's diagnosis; one row per finding.

    Attributes:
        person_id: pseudonym.
        interpretation_id: of the diagnosis.
        progress: how far the diagnosis is settled: SOLVED, UNSOLVED, IN_PROGRESS, ...
        disease: the diagnosis, its code as written.
        finding: what was judged, None for a diagnosis without a finding.
        source: the diagnosis' place in its document.
    """

    person_id: str
    interpretation_id: str
    progress: str
    disease: Code | None
    finding: Finding | None
    source: str = ""


@dataclass(frozen=True)
class RelationRecord:
    """A relative who is a person of the warehouse: `relative_id` is the `kind` of `person_id`."""

    person_id: str
    kind: Literal["father", "mother", "twin"]
    relative_id: str
    source: str = ""


@dataclass(frozen=True)
class HistoryRecord:
    """A disease in a relative who has no id: one row per relative and code.

    Attributes:
        person_id: pseudonym of the person whose relative it is.
        relationship: code of HL7 v3 RoleCode (FTH, MTH, SIS, ...) or another, and its label.
        relative_sex: XX, XY or other.
        deceased: whether the relative died.
        system: as of a feature; None where the relative is told without a disease.
        code: the disease.
        label: of the code.
        onset: when it began.
        details: further codes.
        source: the relative's place in the document.
        mapped_from: as of a feature.
    """

    person_id: str
    relationship: Code
    relative_sex: str | None = None
    deceased: bool | None = None
    system: str | None = None
    code: str | None = None
    label: str | None = None
    onset: LifeTime | None = None
    details: tuple[Detail, ...] = ()
    source: str = ""
    mapped_from: str | None = None


@dataclass(frozen=True)
class ConsentRecord:
    """One decision of one person about one scope.

    Attributes:
        person_id: pseudonym.
        scope: of `schemas.sheets.SCOPES`.
        status: of `schemas.sheets.STATUSES`.
        signed_on: day of the decision.
        text_version: what was signed.
        by_representative: whether somebody signed for the person; None where it is not told.
        of_age_from: quarter in which a minor comes of age, as in ``2031-Q3``.
        source: its place in the document.
    """

    person_id: str
    scope: str
    status: str
    signed_on: date
    text_version: str | None = None
    by_representative: bool | None = None
    of_age_from: str | None = None
    source: str = ""


@dataclass(frozen=True)
class ClinicalRecords:
    """The records of a document, in its order."""

    persons: tuple[PersonRecord, ...] = ()
    features: tuple[FeatureRecord, ...] = ()
    measurements: tuple[MeasurementRecord, ...] = ()
    findings: tuple[FindingRecord, ...] = ()
    relations: tuple[RelationRecord, ...] = ()
    history: tuple[HistoryRecord, ...] = ()
    consents: tuple[ConsentRecord, ...] = ()

    def each(self) -> Iterator[Any]:
        """All records, list after list."""
        for name in RECORD_LISTS:
            yield from getattr(self, name)

    def person_ids(self) -> set[str]:
        """Everybody of whom the records say something."""
        return {one.person_id for one in self.each()}


RECORD_LISTS: Final = (
    "persons", "features", "measurements", "findings", "relations", "history", "consents",
)  # fmt: skip
"""The fields of `ClinicalRecords`."""


@dataclass(frozen=True)
class ClinicalDocument:
    """One document as it was read.

    Attributes:
        path: within the directory, with ``/``, and the line where a file holds several documents;
            of OMOP tables their folder.
        document_id: what a later version of it has, too: the id of a phenopacket or a Bundle, else
            the path.
        sha256: of its bytes; of OMOP tables of their names and sums.
        kind: its format.
        records: what it says.
        tally: what became of each of its values.
        vocabularies: versions of code systems, as the document declares them: prefix and version.
    """

    path: str
    document_id: str
    sha256: str
    kind: Kind
    records: ClinicalRecords
    tally: FieldTally
    vocabularies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ClinicalDocuments:
    """All documents of a push by path, no two of which contradict each other on a person."""

    documents: tuple[ClinicalDocument, ...] = field(default=())

    def person_ids(self) -> set[str]:
        """Everybody of whom a document says something."""
        return set().union(*(one.records.person_ids() for one in self.documents))
