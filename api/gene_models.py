"""The documents about genes that the service takes and gives, for OpenAPI."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.models import (
    AnnotatedQuestion,
    Annotation,
    Count,
    Document,
    Page,
    PagedQuestion,
    VariantAnswer,
)


class OverlappingGene(Document):
    """A gene that shares positions with another."""

    gene_id: str
    symbol: str
    strand: Literal["+", "-"]


class GeneTranscript(Document):
    """A transcript of a gene."""

    transcript: str = Field(description="Transcript, with version.")
    protein: str | None = Field(description="Its protein, with version where known.")
    biotype: str
    mane_select: bool = Field(description="Whether it is the MANE Select transcript.")
    canonical: bool = Field(description="Whether it is the source's canonical one.")
    start: int
    end: int
    exons: Count
    coding_bases: Count = Field(description="Coding bases, stop codon included; 0 without any.")


class GeneDocument(Document):
    """A gene of the gene model."""

    gene_id: str = Field(description="Gene, without version.")
    gene_version: int | None
    symbol: str
    hgnc_id: str | None
    aliases: list[str] = Field(description="Other names in use.")
    previous: list[str] = Field(description="Symbols it had before.")
    biotype: str
    contig: str
    start: int
    end: int
    strand: Literal["+", "-"]
    transcripts: list[GeneTranscript]
    overlapping: list[OverlappingGene] = Field(description="Genes that share positions with it.")
    annotations: list[Annotation] = Field(description="What sources about genes say of it.")


class InGene(Document):
    """What a variant does to the gene asked for."""

    gene_id: str
    symbol: str
    most_severe: str = Field(description="Of all the gene's transcripts.")
    impact: str
    transcript: str | None = Field(description="MANE Select, else canonical, else most changed.")
    consequences: list[str] = Field(description="On that transcript.")
    hgvs_c: str | None = Field(description="On that transcript.")
    hgvs_p: str | None = Field(description="On that transcript.")


class GeneVariant(VariantAnswer):
    """A variant with what it does to the gene asked for."""

    in_gene: InGene


class GeneModelSource(Document):
    """Which gene model answers."""

    source: str
    kind: str
    version: str


class ByConsequence(Document):
    """How many variants have a consequence as their most severe one for the gene."""

    consequence: str
    impact: str
    variants: Count


class GeneAnswer(Page):
    """The variants of a gene, the most severe first."""

    asked: str
    matched_by: Literal["symbol", "gene_id", "hgnc_id", "previous", "alias"]
    genes: list[GeneDocument] = Field(description="All that have the name.")
    gene_model: GeneModelSource
    by_consequence: list[ByConsequence]
    without_consequences: Count = Field(
        description="Variants of the base there whose consequences are not told."
    )
    variants: list[GeneVariant]


class GeneQuestion(AnnotatedQuestion, PagedQuestion):
    """A question about a gene; figures are those of `all` where no stratum is named."""

    impact: list[Literal["HIGH", "MODERATE", "LOW", "MODIFIER"]] = Field(
        default=[], description="Only variants with one of these."
    )
    consequence: list[str] = Field(
        default=[],
        description="Only variants with one of these Sequence Ontology terms.",
        examples=[["missense_variant"]],
    )
