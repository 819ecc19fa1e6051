"""The registry's tables: small, mutable, transactional.

Rows with `added_at` and `removed_at` belong to commits: such a row is visible at commit c when
``added_at <= c`` and it was not removed at c or before (`visible`). Times are UTC, by the
registry's clock.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
    text,
)

# Their tables are part of the metadata.
from cad.registry import access_tables as access_tables
from cad.registry import analysis_tables as analysis_tables
from cad.registry import annotation_tables as annotation_tables
from cad.registry import clinical_tables as clinical_tables
from cad.registry.columns import counted, life, moment, numbered, words
from cad.registry.columns import metadata as metadata
from cad.registry.columns import visible as visible
from cad.registry.types import Json

warehouse = Table(
    "warehouse",
    metadata,
    Column(
        "one",
        Integer,
        CheckConstraint("one = 1", name="one"),
        primary_key=True,
        autoincrement=False,
    ),
    words("warehouse_id"),
    words("assembly"),
    Column("thresholds", Json, nullable=False),
    Column("small_count", Integer, nullable=False),
    Column("conjunctions", Json, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("reference", Json),
    moment("created_at"),
    comment="One row: what the warehouse was made with.",
)
head = Table(
    "head",
    metadata,
    Column(
        "one",
        Integer,
        CheckConstraint("one = 1", name="one"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("commit_no", Integer, nullable=False),
    *(
        Column(f"next_{name}_no", Integer, nullable=False)
        for name in ("session", "batch", "sample", "track", "bucket", "file", "base")
    ),
    comment="One row, locked by each commit to its end: the latest commit, the next free numbers.",
)
session = Table(
    "session",
    metadata,
    numbered("session_no"),
    words("kind"),
    Column(
        "state",
        String,
        CheckConstraint("state IN ('open', 'committed', 'aborted')", name="state"),
        nullable=False,
    ),
    moment("opened_at"),
    moment("expires_at"),
    comment="One row per writer that ever wrote; its folder in the lake bears session_no.",
)
commit = Table(
    "commits",
    metadata,
    numbered("commit_no"),
    words("kind"),
    Column("session_no", ForeignKey("session.session_no"), nullable=False),
    moment("at"),
    comment="One row per accepted change; the numbers have no gaps.",
)
lease = Table(
    "lease",
    metadata,
    counted("lease_no"),
    Column("commit_no", Integer, nullable=False),
    moment("expires_at"),
    comment="One row per reader that is reading now.",
    sqlite_autoincrement=True,
)
batch = Table(
    "batch",
    metadata,
    numbered("batch_no"),
    words("batch_id"),
    words("platform"),
    words("pipeline_name"),
    words("pipeline_version"),
    words("content_sha256"),
    Column("receipt", Json, nullable=False),
    moment("pushed_at"),
    *life(),
    Index(
        "uq_batch_live",
        "batch_id",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
    comment="One row per accepted push of a batch.",
)
sample = Table(
    "sample",
    metadata,
    numbered("sample_no"),
    Column("batch_no", ForeignKey("batch.batch_no"), nullable=False, index=True),
    Column("sample_id", String, nullable=False, index=True),
    Column("person_id", String, nullable=False, index=True),
    words("sex"),
    words("material"),
    words("assay"),
    words("family_id", null=True),
    words("father_id", null=True),
    words("mother_id", null=True),
    Column(
        "founder",
        Boolean,
        nullable=False,
        comment="No parent declared; kept when the parent's id is erased.",
    ),
    words("twin_of", null=True),
    words("affected"),
    Column("proband", Boolean),
    words("indication", null=True),
    words("region", null=True),
    words("hospital", null=True),
    words("cohort", null=True),
    words("normal_of", null=True),
    Column("ffpe", Boolean),
    Column("age_years", Float),
    Column("collected_on", Date),
    Column("prescribed_on", Date),
    Column("has_germline", Boolean, nullable=False),
    Column("has_mitochondrial", Boolean, nullable=False),
    *life(),
    comment="One row per sample of a batch, as its sheet declares it.",
)
CORRECTABLE = tuple(
    column.name
    for column in sample.columns
    if column.name not in ("sample_no", "batch_no", "sample_id", "person_id", "has_germline")
    and column.name not in ("has_mitochondrial", "added_at", "removed_at")
)
"""Columns of `sample` that a correction may change."""
sample_past = Table(
    "sample_past",
    metadata,
    Column("sample_no", ForeignKey("sample.sample_no"), primary_key=True),
    Column("removed_at", Integer, primary_key=True, autoincrement=False),
    Column("added_at", Integer, nullable=False),
    *(Column(name, sample.c[name].type, nullable=sample.c[name].nullable) for name in CORRECTABLE),
    comment="One row per sample and correction: what held before it, for readers of then.",
)
fingerprint = Table(
    "fingerprint",
    metadata,
    Column("sample_no", ForeignKey("sample.sample_no"), primary_key=True),
    Column("sex", String, comment="XX or XY as the genotypes of X and Y say, where they do."),
    Column("sketch", LargeBinary, comment="Of its autosomal SNVs (cad.door.sketch)."),
    comment="One row per sample of which the genotypes tell the sex or the person.",
)
fingerprint_band = Table(
    "fingerprint_band",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("sample_no", ForeignKey("sample.sample_no"), primary_key=True, index=True),
    comment="One row per sample and band of its sketch: samples that share none are not alike.",
)
finding = Table(
    "finding",
    metadata,
    counted("finding_no"),
    words("kind"),
    Column("sample_no", ForeignKey("sample.sample_no"), nullable=False, index=True),
    Column("other_no", ForeignKey("sample.sample_no"), index=True),
    *life(),
    comment="One row per contradiction of genotypes and sheet: of a sample, or with another one.",
    sqlite_autoincrement=True,
)
track = Table(
    "track",
    metadata,
    numbered("track_no"),
    Column("batch_no", ForeignKey("batch.batch_no"), nullable=False, index=True),
    Column(
        "kind",
        String,
        CheckConstraint("kind IN ('bed', 'sites', 'contigs')", name="kind"),
        nullable=False,
    ),
    words("sha256"),
    comment="One row per track: where the assay of some samples looked.",
)
sample_track = Table(
    "sample_track",
    metadata,
    Column("sample_no", ForeignKey("sample.sample_no"), primary_key=True),
    Column("track_no", ForeignKey("track.track_no"), primary_key=True),
    comment="One row per sample and track it has.",
)
bucket = Table(
    "bucket",
    metadata,
    numbered("bucket_no"),
    Column(
        "kind",
        String,
        CheckConstraint("kind IN ('batch', 'compacted')", name="kind"),
        nullable=False,
    ),
    Column("added_at", Integer, nullable=False),
    comment="One row per group of samples whose rows lie in the same files.",
)
bucket_sample = Table(
    "bucket_sample",
    metadata,
    Column("bucket_no", ForeignKey("bucket.bucket_no"), primary_key=True),
    Column("sample_no", ForeignKey("sample.sample_no"), primary_key=True, index=True),
    *life(),
    comment="One row per sample and bucket with its rows; removed where compaction moved them.",
)
lake_file = Table(
    "lake_file",
    metadata,
    numbered("file_no"),
    words("table_name"),
    words("purpose", null=True),
    Column("bucket_no", ForeignKey("bucket.bucket_no"), index=True),
    Column("contig", String, comment="The contig, where the file holds one only."),
    Column("bin", Integer, comment="The 10 Mb bin, where the file holds one only, from 0."),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    words("sha256"),
    Column("path", String, nullable=False, unique=True, comment="Relative to the warehouse."),
    *life(),
    Index("ix_lake_file_place", "table_name", "purpose", "contig", "bin"),
    Index("ix_lake_file_removed", "removed_at"),
    comment="One row per file of the lake; what is not here does not exist for readers.",
)
lake_span = Table(
    "lake_span",
    metadata,
    Column("file_no", ForeignKey("lake_file.file_no", ondelete="CASCADE"), primary_key=True),
    Column("contig", String, primary_key=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    comment="One row per file and contig: the positions its rows lie in.",
)
consent = Table(
    "consent",
    metadata,
    counted("consent_no"),
    Column("person_id", String, nullable=False, index=True),
    words("scope"),
    words("status"),
    words("text_version", null=True),
    Column("signed_on", Date, nullable=False),
    Column("by_representative", Boolean, nullable=False, server_default=false()),
    Column(
        "of_age_from",
        String,
        comment="Quarter in which a minor comes of age, as in 2031-Q2.",
    ),
    Column("batch_no", ForeignKey("batch.batch_no"), index=True),
    Column("document_no", ForeignKey("document.document_no"), index=True),
    *life(),
    comment="One row per decision of a person about a scope; the latest holds.",
    sqlite_autoincrement=True,
)
phenotype = Table(
    "phenotype",
    metadata,
    counted("phenotype_no"),
    Column("person_id", String, nullable=False, index=True),
    words("system"),
    words("code"),
    words("label", null=True),
    Column("excluded", Boolean, nullable=False),
    words("onset", null=True),
    words("onset_band", null=True),
    words("severity", null=True),
    Column("recorded_on", Date),
    Column("details", Json, comment="What else was told: resolution, modifiers, evidence."),
    Column("mapped_from", String, comment="SYSTEM:code that a mapping table gave this code for."),
    Column("batch_no", ForeignKey("batch.batch_no"), index=True),
    Column("document_no", ForeignKey("document.document_no"), index=True),
    *life(),
    comment="One row per feature observed or excluded in a person.",
    sqlite_autoincrement=True,
)
tombstone = Table(
    "tombstone",
    metadata,
    Column("keyed_hash", String, primary_key=True),
    comment="One row per withdrawn person, known by a keyed hash only.",
)
code_list = Table(
    "code_list",
    metadata,
    Column("name", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("rows", Json, nullable=False),
    comment="One row per version of a code list.",
)
base = Table(
    "base",
    metadata,
    numbered("base_no"),
    Column("commit_no", Integer, nullable=False, unique=True),
    Column(
        "parent_commit",
        Integer,
        unique=True,
        comment="Commit of the base it was made from; none for the first.",
    ),
    moment("built_at"),
    words("engine"),
    Column("seconds", Float, nullable=False),
    comment="One row per build.",
)
base_purpose = Table(
    "base_purpose",
    metadata,
    Column("base_no", ForeignKey("base.base_no"), primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("persons", Integer, nullable=False),
    Column("variants", Integer, nullable=False),
    comment="One row per build and purpose: what its base holds.",
)
folded = Table(
    "folded",
    metadata,
    Column("purpose", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("sample_no", ForeignKey("sample.sample_no"), nullable=False, index=True),
    words("sex"),
    Column("strata", Json, nullable=False, comment="Stratum numbers, ascending."),
    Column("rules_version", Integer, nullable=False),
    comment="One row per purpose and person: how the person counts in the latest base.",
)
stratum = Table(
    "stratum",
    metadata,
    Column("purpose", String, primary_key=True),
    numbered("stratum_no"),
    words("name"),
    Index("uq_stratum_purpose_name", "purpose", "name", unique=True),
    comment="One row per purpose and stratum; numbers start from 1 in each purpose.",
)

COUNTERS = tuple(name.name for name in head.columns if name.name.startswith("next_"))
"""Columns of `head` that hold the next free number of a kind."""
