"""The documents that the service takes and gives, for OpenAPI; `cad.query` makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.contigs import Assembly

Purpose = Literal["care", "research", "industry"]
State = Literal["seen", "callable_not_seen", "not_callable", "not_assayed", "hidden"]
Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Document(BaseModel):
    """A document with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Problem(Document):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="URN of the reason.")
    title: str = Field(description="The reason in words, always the same.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What was found, and what was expected.")
    reason: str = Field(description="Machine-readable reason; codes are added, never renamed.")
    where: str | None = Field(description="Variant, region, stratum or setting it is about.")


class Frequency(Document):
    """One stratum's figures. Where `hidden` is true the withheld ones are null."""

    stratum: str = Field(description="`all`, `attribute=value`, or several joined by commas.")
    ac: Count | None = Field(description="Alleles carried, passing.")
    an: Count | None = Field(description="Known passing alleles.")
    af: Fraction | None = Field(description="ac / an, on M n_hom / an; null where an is 0.")
    n_het: Count | None = Field(description="Persons with one copy at ploidy 2.")
    n_hom: Count | None = Field(description="Persons with two copies.")
    n_hemi: Count | None = Field(description="Persons with one copy at ploidy 1 on X or Y.")
    persons: Count | None = Field(description="Persons with a known passing allele.")
    faf95: Fraction | None = Field(description="Lower bound of af at 95 % confidence.")
    ac_raw: Count | None = Field(description="ac whatever the thresholds say.")
    an_raw: Count | None = Field(description="an whatever the thresholds say.")
    hidden: bool = Field(description="Whether figures are withheld as too few.")


class Annotation(Document):
    """What one source says of a variant."""

    source: str = Field(description="Name of the source.")
    kind: str = Field(description="What kind of source it is.")
    version: str = Field(description="Version of the source that answers.")
    records: list[dict[str, Any]] = Field(
        description="Its records, columns as the data dictionary has them; none where it has "
        "nothing. What the source leaves out is left out."
    )


class Flag(Document):
    """What to distrust; it changes no count. Chances are corrected for the variants of the base."""

    flag: Literal[
        "platform_difference", "pipeline_difference", "excess_heterozygosity", "low_call_rate"
    ]
    raised: bool = Field(description="Corrected chance below 0.05, or call rate below 0.9.")
    value: Fraction | None = Field(
        default=None, description="Chance or call rate; null where nothing is tested."
    )
    corrected: Fraction | None = Field(
        default=None, description="Chance times the variants of the base (Bonferroni), at most 1."
    )


class _OfBuild(Document):
    """Which base an answer is from."""

    assembly: Assembly
    purpose: Purpose
    commit: int = Field(description="Commit of the build.")
    release: str | None = Field(description="Release, where the answer is from one.")
    built_at: datetime = Field(description="When the base was built.")


class OfBase(_OfBuild):
    """Which base an answer is from, and whom it counts."""

    persons: Count = Field(description="Persons in the base of this purpose.")
    platforms: list[str] = Field(description="Platforms with persons in it.")


_VARIANT_EXAMPLE: Final[dict[str, Any]] = {
    "variant": "22-16050075-A-G",
    "state": "seen",
    "raw_only": False,
    "assembly": "GRCh38",
    "purpose": "care",
    "persons": 2504,
    "platforms": ["AURAGEN", "SEQOIA"],
    "commit": 12,
    "release": None,
    "built_at": "2026-11-20T03:12:09.120000+00:00",
    "normalised_from": None,
    "left_aligned": True,
    "frequencies": [
        {
            "stratum": "all",
            "ac": 2,
            "an": 5008,
            "af": 0.00039936102236421724,
            "n_het": 2,
            "n_hom": 0,
            "n_hemi": 0,
            "persons": 2504,
            "faf95": 7.095876e-05,
            "ac_raw": 2,
            "an_raw": 5008,
            "hidden": False,
        }
    ],
    "annotations": [
        {
            "source": "clinvar",
            "kind": "clinvar",
            "version": "2026-11-15",
            "records": [{"variation_id": 12345, "significance": "Benign", "stars": 2}],
        },
        {"source": "gnomad", "kind": "gnomad", "version": "4.1", "records": []},
    ],
    "flags": [
        {"flag": "platform_difference", "raised": False, "value": 0.31, "corrected": 1.0},
        {"flag": "pipeline_difference", "raised": False, "value": None, "corrected": None},
        {"flag": "excess_heterozygosity", "raised": False, "value": 1.0, "corrected": 1.0},
        {"flag": "low_call_rate", "raised": False, "value": 1.0, "corrected": None},
    ],
    "asked_as": None,
    "hgvs_g": "NC_000022.11:g.16050075A>G",
    "vrs_id": "ga4gh:VA.MjvY_GYgLB1VfYcu29LvXLBH3ZDeAoNZ",
    "vrs_missing": None,
    "most_severe": "intergenic_variant",
    "impact": "MODIFIER",
    "consequences": [],
    "consequences_from": {
        "source": "genes",
        "kind": "genes",
        "version": "gencode-49",
        "origin": "computed",
    },
    "consequences_missing": None,
    "citation": {
        "fr": "22-16050075-A-G (GRCh38) : 2 allèles sur 5 008 connus de 2 504 personnes (fréquence "
        "0,000399) ; base nationale de variants, soins, état 12 du 20/11/2026.",
        "en": "22-16050075-A-G (GRCh38): 2 of 5,008 known alleles of 2,504 persons (frequency "
        "0.000399); national variant base, care, commit 12 of 20 November 2026.",
        "address": "https://cad.example/v1/variants/22-16050075-A-G?purpose=care&as_of=12",
    },
}


class Consequence(Document):
    """What a variant does to one transcript."""

    gene_id: str | None = Field(description="Gene, without version.")
    symbol: str | None = Field(description="Symbol of the gene.")
    transcript: str | None = Field(description="Transcript, with version.")
    biotype: str | None = Field(description="Biotype of the transcript.")
    strand: Literal["+", "-"] | None = Field(description="Strand of the transcript.")
    consequences: list[str] = Field(description="Sequence Ontology terms, most severe first.")
    impact: str = Field(description="HIGH, MODERATE, LOW or MODIFIER.")
    mane_select: bool = Field(description="Whether the transcript is MANE Select.")
    canonical: bool = Field(description="Whether it is the source's canonical one.")
    hgvs_c: str | None = Field(description="c. or n. name.")
    hgvs_p: str | None = Field(description="p. name.")


class ConsequenceSource(Document):
    """Which source tells what a variant does."""

    source: str = Field(description="The source; batches where a pushed file told it.")
    kind: str
    version: str | None
    origin: str = Field(description="computed, or the field it was read from: CSQ, ANN, BCSQ.")


class Citation(Document):
    """How a report cites the answer."""

    fr: str = Field(description="A sentence in French.")
    en: str = Field(description="The same in English.")
    address: str = Field(description="Gives this answer while its base or release is there.")


class VariantEntry(OfBase):
    """How often a variant is seen, in how many who could have shown it, in whom."""

    variant: str = Field(description="The variant in the base's own form.")
    state: State = Field(description="Of `all`, or of the one stratum asked for.")
    raw_only: bool = Field(description="Not seen among passing genotypes, but among others.")
    normalised_from: str | None = Field(description="The variant as asked, where it differs.")
    left_aligned: bool = Field(
        description="False where no registered reference tells whether it lies further left."
    )
    frequencies: list[Frequency]
    flags: list[Flag] = Field(description="All four, raised or not.")
    vaf_histogram: list[Count] | None = Field(
        default=None,
        min_length=10,
        max_length=10,
        description="On M only: persons with a passing call by VAF, in tenths from 0 to 1.",
    )
    annotations: list[Annotation] = Field(description="What each source asked says, or nothing.")
    asked_as: str | None = Field(description="The name it was asked by, where that is no id.")
    hgvs_g: str = Field(description="Its g. name, m. on the mitochondrion.")
    vrs_id: str | None = Field(description="GA4GH VRS 2.0 identifier of the allele.")
    vrs_missing: str | None = Field(description="Why it has no VRS identifier here.")
    most_severe: str | None = Field(description="Its most severe consequence.")
    impact: str | None = Field(description="IMPACT of the most severe one.")
    consequences: list[Consequence] = Field(description="By transcript, most severe first.")
    consequences_from: ConsequenceSource | None
    consequences_missing: str | None = Field(description="Why none is told.")


class VariantAnswer(VariantEntry):
    """The answer about one variant."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_VARIANT_EXAMPLE]})

    citation: Citation


class Page(OfBase):
    """A part of an answer, in the answer's order."""

    next: str | None = Field(
        description="Where it was cut: `cursor` of the next part; null where nothing is left."
    )


class RegionAnswer(Page):
    """The variants of the base in a region, sorted by position and alleles."""

    region: str
    variants: list[VariantAnswer]


class DepthRun(Document):
    """Positions that follow one another and have the same figures."""

    start: int = Field(description="First position.")
    end: int = Field(description="Last position.")
    an: Count = Field(description="Known passing alleles.")
    an_raw: Count = Field(description="Known alleles whatever the thresholds say.")
    persons: Count | None = Field(
        description="Persons with a known passing allele; null where a release withholds them."
    )
    assayed: Count | None = Field(
        description="Persons whose assay covers the positions; null where withheld."
    )


class StratumDepth(Document):
    """One stratum's runs, which follow one another without gaps."""

    stratum: str = Field(description="`all`, `attribute=value`, or several joined by commas.")
    hidden: bool = Field(description="Whether a release withholds figures; all of them, no run.")
    runs: list[DepthRun]


class DepthAnswer(_OfBuild):
    """In how many alleles a variant could have been seen, at each position of a region."""

    region: str
    strata: list[StratumDepth]


class NowQuestion(Document):
    """What a question about figures may say that the latest base alone answers."""

    purpose: str = Field(
        default="care",
        description="Whose consents and cohorts let them count.",
        json_schema_extra={"enum": ["care", "research", "industry"]},
    )
    stratum: list[str] = Field(
        default=[],
        description="Only these strata; all of them where none is named.",
        examples=[["all", "founder=1"]],
    )
    format: Literal["json", "csv", "arrow"] | None = Field(
        default=None, description="Form of the answer; what `Accept` asks for where unset."
    )


class Moment(Document):
    """Which state is to answer."""

    release: str | None = Field(
        default=None,
        max_length=200,
        description="Answered from this release; from the latest base where unset, in care.",
        examples=["2026-1"],
    )
    as_of: str | None = Field(
        default=None,
        description="What was the latest at a commit's number, or at the end of a day (UTC): the "
        "base, or a release; refused where nothing that old is kept.",
        examples=["2026-11-20"],
    )


class Question(Moment, NowQuestion):
    """What any question about figures may say beside what it is about."""


class PagedQuestion(NowQuestion):
    """A question whose answer comes in parts."""

    limit: int = Field(default=1000, ge=1, le=100_000, description="Rows of one part at most.")
    cursor: str | None = Field(
        default=None, max_length=2000, description="`next` of the part before."
    )


class AnnotatedQuestion(Question):
    """A question whose answer holds annotations."""

    annotation: list[str] | None = Field(
        default=None,
        description="Sources of annotations, as NAME or NAME@VERSION; all of them by their default "
        "version where none is named; none where it is `none`.",
        examples=[["clinvar", "gnomad@4.1"]],
    )


class VariantQuestion(AnnotatedQuestion):
    """A question about one variant."""

    excluding_family: str | None = Field(
        default=None, description="Count as if this family were not in the base."
    )


class VariantError(Document):
    """Why one of many is no variant."""

    reason: str
    detail: str


class VariantFigures(Document):
    """The figures of one of many variants; null where it is none."""

    asked: str
    variant: str | None
    state: State | None
    raw_only: bool | None
    normalised_from: str | None
    frequencies: list[Frequency] | None
    error: VariantError | None


class VariantsAnswer(OfBase):
    """The figures of many variants, in the order asked."""

    variants: list[VariantFigures]


class VariantsQuestion(Question):
    """A question about up to 10 000 variants."""

    variants: list[Annotated[str, Field(max_length=2000)]] = Field(
        min_length=1,
        max_length=10_000,
        description="Each by its id, or any other name of a variant.",
        examples=[["22-16050075-A-G", "chr22:g.16050075A>G"]],
    )
    stratum: list[str] = Field(
        default=["all"], max_length=100, description="Whose figures.", examples=[["all"]]
    )


class StatusAnswer(BaseModel):
    """What the warehouse holds at its latest commit, and what waits to be built."""

    warehouse_id: str
    assembly: Assembly
    commit: int
    base: dict[str, Any] | None = Field(description="The latest build.")
    purposes: dict[str, dict[str, int]] = Field(description="Persons and variants by purpose.")
    is_built: bool = Field(description="Whether a build would find nothing to do.")
