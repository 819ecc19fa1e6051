"""The tables of a batch (DESIGN 4): their columns as data, and one typed row per line.

Tables are UTF-8, tab separated, with a header, without quoting. An empty cell is a missing value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple


class Form(StrEnum):
    """How the cells of a column are written."""

    ID = "id"
    """An identifier: one line of text, without spaces around it."""
    PARENT = "parent"
    """A person's id; the placeholders that pedigree files use for "none" are refused."""
    TEXT = "text"
    """Free text; searched for direct identifiers."""
    CHOICE = "choice"
    """One of the allowed values."""
    FLAG = "flag"
    """``0`` or ``1`` (``false`` and ``true`` are read likewise)."""
    DATE = "date"
    """A day, YYYY-MM-DD."""
    QUARTER = "quarter"
    """A quarter of a year, YYYY-Qn."""
    NUMBER = "number"
    """A decimal number from 0 to 150."""
    PATH = "path"
    """A path relative to the batch directory."""


class SheetColumn(NamedTuple):
    """One column of a table. A required column must be there and filled in every row."""

    name: str
    form: Form
    description: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    default: str | None = None


MATERIALS: Final = (
    "germline",
    "tumour",
    "metastasis",
    "cfdna",
    "cell_line",
    "organoid",
    "xenograft",
    "other",
)
ASSAYS: Final = ("WGS", "WES", "panel", "RNA")
SHEET_SEXES: Final = ("XX", "XY", "other", "unknown")
SCOPES: Final = ("care", "research", "industry", "recontact")
STATUSES: Final = ("given", "refused", "opposed", "withdrawn")
SYSTEMS: Final = ("HPO", "ORPHA", "ICD10", "OMIM", "local")
NO_PARENT: Final = frozenset({"0", ".", "-", "-9", "NA", "na", "unknown"})
"""What other formats write for "no parent declared"; taken for ids they would make a founder a
child."""

SAMPLE_COLUMNS: Final = (
    SheetColumn("sample_id", Form.ID, "The sample, unique within the batch.", required=True),
    SheetColumn(
        "person_id", Form.ID, "The person's pseudonym, the same in every batch.", required=True
    ),
    SheetColumn(
        "sex",
        Form.CHOICE,
        "Declared sex chromosomes; they decide the ploidy of X and Y.",
        required=True,
        allowed=SHEET_SEXES,
    ),
    SheetColumn(
        "material",
        Form.CHOICE,
        "What was sequenced; only germline samples are counted.",
        allowed=MATERIALS,
        default="germline",
    ),
    SheetColumn("assay", Form.CHOICE, "How it was sequenced.", allowed=ASSAYS, default="WGS"),
    SheetColumn("family_id", Form.ID, "The family."),
    SheetColumn(
        "father_id", Form.PARENT, "The father's person_id, whether he was sequenced or not."
    ),
    SheetColumn(
        "mother_id", Form.PARENT, "The mother's person_id, whether she was sequenced or not."
    ),
    SheetColumn("twin_of", Form.PARENT, "The person_id of a monozygotic twin."),
    SheetColumn(
        "affected",
        Form.CHOICE,
        "Whether the person has the disease of the indication.",
        allowed=("0", "1", "unknown"),
        default="unknown",
    ),
    SheetColumn("proband", Form.FLAG, "Whether the family was sequenced for this person."),
    SheetColumn("indication", Form.TEXT, "The pre-indication the sequencing was prescribed for."),
    SheetColumn("region", Form.TEXT, "The region of the prescription."),
    SheetColumn("hospital", Form.TEXT, "The hospital of the prescription."),
    SheetColumn("cohort", Form.TEXT, "The cohort, trial or pilot; it may narrow the purposes."),
    SheetColumn("normal_of", Form.ID, "The sample_id of the tumour whose normal this is."),
    SheetColumn("ffpe", Form.FLAG, "Whether the tissue was fixed in formalin."),
    SheetColumn("age_years", Form.NUMBER, "Age at collection, in years."),
    SheetColumn(
        "collected_on",
        Form.DATE,
        "Day of collection; the latest germline sample of an assay is counted.",
    ),
    SheetColumn("prescribed_on", Form.DATE, "Day of prescription."),
    SheetColumn("callable_bed", Form.PATH, "BED of this sample alone, instead of its file's."),
)
CONSENT_COLUMNS: Final = (
    SheetColumn("person_id", Form.ID, "The person who consents or refuses.", required=True),
    SheetColumn("scope", Form.CHOICE, "What the decision is about.", required=True, allowed=SCOPES),
    SheetColumn("status", Form.CHOICE, "The decision.", required=True, allowed=STATUSES),
    SheetColumn("text_version", Form.TEXT, "Version of the text that was signed."),
    SheetColumn(
        "signed_on",
        Form.DATE,
        "Day of the decision; the latest holds, on a tie the more restrictive.",
        required=True,
    ),
    SheetColumn(
        "representative",
        Form.FLAG,
        "1 where a representative decided for a minor.",
        default="0",
    ),
    SheetColumn(
        "of_age_from",
        Form.QUARTER,
        "Quarter in which the minor comes of age; from then on what a representative gave for "
        "research, industry and recontact lapses until the person decides.",
    ),
)
PHENOTYPE_COLUMNS: Final = (
    SheetColumn("person_id", Form.ID, "The person observed.", required=True),
    SheetColumn("system", Form.CHOICE, "The code system.", required=True, allowed=SYSTEMS),
    SheetColumn("code", Form.ID, "The code, as its system writes it (HP:0001250).", required=True),
    SheetColumn("label", Form.TEXT, "The code's label, for the reader."),
    SheetColumn(
        "excluded", Form.FLAG, "1 where the feature was looked for and is absent.", default="0"
    ),
    SheetColumn("onset", Form.TEXT, "Age of onset: an HPO term or an ISO 8601 duration."),
    SheetColumn("severity", Form.TEXT, "Severity: an HPO term or words."),
    SheetColumn("recorded_on", Form.DATE, "Day of the observation."),
)

CORRECTION_KEYS: Final = (
    SheetColumn("sample_id", Form.ID, "The sample; with batch_id where several batches have it."),
    SheetColumn("batch_id", Form.ID, "The batch the samples came with."),
    SheetColumn("person_id", Form.ID, "The person; without a sample_id, all samples of theirs."),
)
"""What a row of a table of corrections names its samples by: those that all filled cells fit."""
CORRECTION_COLUMNS: Final = (
    *CORRECTION_KEYS,
    *(
        column._replace(required=False, default=None)
        for column in SAMPLE_COLUMNS
        # Which positions were looked at cannot be told anew without the files.
        if column.name not in ("sample_id", "person_id", "callable_bed")
    ),
)
"""A table of corrections: the keys, and the columns of samples.tsv it may give new values of."""
CORRECTION_CLEARED: Final[dict[str, str | None]] = {
    column.name: column.default
    for column in SAMPLE_COLUMNS
    if column.name not in ("sample_id", "person_id", "sex", "callable_bed")
}
"""What a value taken away becomes: what an empty cell of samples.tsv stands for."""

SHEETS: Final[dict[str, tuple[SheetColumn, ...]]] = {
    "samples.tsv": SAMPLE_COLUMNS,
    "consents.tsv": CONSENT_COLUMNS,
    "phenotypes.tsv": PHENOTYPE_COLUMNS,
}
"""Columns by file name."""


@dataclass(frozen=True)
class SampleRow:
    """One row of samples.tsv: one sample. A flag that the sheet does not state is None."""

    sample_id: str
    person_id: str
    sex: str
    material: str = "germline"
    assay: str = "WGS"
    family_id: str | None = None
    father_id: str | None = None
    mother_id: str | None = None
    twin_of: str | None = None
    affected: str = "unknown"
    proband: bool | None = None
    indication: str | None = None
    region: str | None = None
    hospital: str | None = None
    cohort: str | None = None
    normal_of: str | None = None
    ffpe: bool | None = None
    age_years: float | None = None
    collected_on: date | None = None
    prescribed_on: date | None = None
    callable_bed: str | None = None


@dataclass(frozen=True)
class ConsentRow:
    """One row of consents.tsv: one decision of one person about one scope."""

    person_id: str
    scope: str
    status: str
    signed_on: date
    text_version: str | None = None
    representative: bool = False
    of_age_from: str | None = None


@dataclass(frozen=True)
class PhenotypeRow:
    """One row of phenotypes.tsv: one observed or excluded feature of one person."""

    person_id: str
    system: str
    code: str
    label: str | None = None
    excluded: bool = False
    onset: str | None = None
    severity: str | None = None
    recorded_on: date | None = None
