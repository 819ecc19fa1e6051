"""The registry's tables of clinical documents, and of what they tell beyond features."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)
from sqlalchemy import text as sql

from cad.registry.columns import counted, life, metadata, moment, words
from cad.registry.types import Json

delivery = Table(
    "delivery",
    metadata,
    counted("delivery_no"),
    Column("content_sha256", String, nullable=False, index=True),
    Column("receipt", Json, nullable=False),
    moment("pushed_at"),
    *life(),
    comment="One row per accepted push of clinical documents.",
    sqlite_autoincrement=True,
)
document = Table(
    "document",
    metadata,
    counted("document_no"),
    Column("delivery_no", ForeignKey("delivery.delivery_no"), index=True),
    Column("batch_no", ForeignKey("batch.batch_no"), index=True),
    words("kind"),
    Column(
        "key",
        String,
        nullable=False,
        comment="By which a later version replaces this one; a keyed hash of id and person.",
    ),
    words("sha256"),
    Column("place", Integer, comment="Of its file in the receipt, from 1."),
    *life(),
    Index(
        "uq_document_live",
        "kind",
        "key",
        unique=True,
        sqlite_where=sql("removed_at IS NULL"),
        postgresql_where=sql("removed_at IS NULL"),
    ),
    comment="One row per version of what a clinical document says of one person.",
    sqlite_autoincrement=True,
)


def _of_document() -> tuple[Column[str], Column[int]]:
    return (
        Column("person_id", String, nullable=False, index=True),
        Column("document_no", ForeignKey("document.document_no"), nullable=False, index=True),
    )


person = Table(
    "person",
    metadata,
    counted("person_no"),
    *_of_document(),
    words("sex", null=True),
    Column("birth_years", String, comment="Five years, as in 1980-1984."),
    words("vital_status", null=True),
    Column("age_band", String, comment="When last seen."),
    words("family_id", null=True),
    words("affected", null=True),
    Column("details", Json, comment="Age when last seen and at death, karyotypic sex, as told."),
    *life(),
    comment="One row per person and document that tells of them.",
    sqlite_autoincrement=True,
)
disease = Table(
    "disease",
    metadata,
    counted("disease_no"),
    *_of_document(),
    words("system"),
    words("code"),
    words("label", null=True),
    Column("excluded", Boolean, nullable=False),
    words("onset", null=True),
    words("onset_band", null=True),
    Column("recorded_on", Date),
    Column("details", Json, comment="Stages, site, laterality, resolution, certainty."),
    Column("mapped_from", String, comment="SYSTEM:code that a mapping table gave this code for."),
    *life(),
    comment="One row per disease that a document says a person has, or has not.",
    sqlite_autoincrement=True,
)
measurement = Table(
    "measurement",
    metadata,
    counted("measurement_no"),
    *_of_document(),
    words("system"),
    words("code"),
    words("label", null=True),
    Column("value", Float),
    Column("comparator", String, comment="<, <=, >= or > where the value is a bound."),
    words("unit", null=True),
    Column("value_code", String, comment="Where the result is a code."),
    words("value_label", null=True),
    Column("recorded_on", Date),
    *life(),
    comment="One row per measurement of a person.",
    sqlite_autoincrement=True,
)
interpretation = Table(
    "interpretation",
    metadata,
    counted("interpretation_no"),
    *_of_document(),
    Column("disease_code", String, comment="Of the disease it was judged for, as in `disease`."),
    words("progress"),
    words("status"),
    words("acmg", null=True),
    words("gene_id", null=True),
    words("gene_symbol", null=True),
    Column("contig", String, comment="Of the normalised variant, where it is of this assembly."),
    Column("pos", BigInteger),
    words("ref", null=True),
    words("alt", null=True),
    Column("zygosity", String, comment="heterozygous, homozygous, hemizygous."),
    Column("details", Json, nullable=False, comment="The variant as written."),
    *life(),
    Index("ix_interpretation_variant", "contig", "pos"),
    comment="One row per gene or variant that was judged for a diagnosis of a person.",
    sqlite_autoincrement=True,
)
relation = Table(
    "relation",
    metadata,
    counted("relation_no"),
    *_of_document(),
    Column("relative_id", String, index=True, comment="The relative's pseudonym, where told."),
    words("kind"),
    Column("system", String, comment="Of a condition that the relative has."),
    words("code", null=True),
    words("label", null=True),
    Column("details", Json, comment="Sex, death and onset; what the relationship is called."),
    Column("mapped_from", String, comment="SYSTEM:code that a mapping table gave this code for."),
    *life(),
    comment="One row per relative, or condition of a relative, that a document tells of.",
    sqlite_autoincrement=True,
)
