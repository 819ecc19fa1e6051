"""The registry's tables: small, mutable, transactional.

Rows with `added_at` and `removed_at` belong to commits: such a row is visible at commit c when
``added_at <= c`` and it was not removed at c or before (`visible`). Times are UTC, by the
registry's clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    or_,
    text,
)

from cad.registry.types import Json, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _number(name: str, *rest: Any, **options: Any) -> Column[int]:
    """A key that the registry hands out itself (`head`), so that none is ever given twice."""
    return Column(name, Integer, *rest, primary_key=True, autoincrement=False, **options)


def _counted(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=True)


def _life() -> tuple[Column[int], Column[int]]:
    return Column("added_at", Integer, nullable=False), Column("removed_at", Integer)


def _time(name: str, *, null: bool = False) -> Column[datetime]:
    return Column(name, UtcTime(), nullable=null)


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, String, nullable=null)


def visible(table: Table, commit: int) -> ColumnElement[bool]:
    """Whether a row is visible at a commit."""
    return and_(
        table.c.added_at <= commit,
        or_(table.c.removed_at.is_(None), table.c.removed_at > commit),
    )


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
    _text("warehouse_id"),
    _text("assembly"),
    Column("thresholds", Json, nullable=False),
    Column("small_count", Integer, nullable=False),
    Column("conjunctions", Json, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("reference", Json),
    _time("created_at"),
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
    _number("session_no"),
    _text("kind"),
    Column(
        "state",
        String,
        CheckConstraint("state IN ('open', 'committed', 'aborted')", name="state"),
        nullable=False,
    ),
    _time("opened_at"),
    _time("expires_at"),
    comment="One row per writer that ever wrote; its folder in the lake bears session_no.",
)
commit = Table(
    "commits",
    metadata,
    _number("commit_no"),
    _text("kind"),
    Column("session_no", ForeignKey("session.session_no"), nullable=False),
    _time("at"),
    comment="One row per accepted change; the numbers have no gaps.",
)
lease = Table(
    "lease",
    metadata,
    _counted("lease_no"),
    Column("commit_no", Integer, nullable=False),
    _time("expires_at"),
    comment="One row per reader that is reading now.",
    sqlite_autoincrement=True,
)
batch = Table(
    "batch",
    metadata,
    _number("batch_no"),
    _text("batch_id"),
    _text("platform"),
    _text("pipeline_name"),
    _text("pipeline_version"),
    _text("content_sha256"),
    Column("receipt", Json, nullable=False),
    _time("pushed_at"),
    *_life(),
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
    _number("sample_no"),
    Column("batch_no", ForeignKey("batch.batch_no"), nullable=False, index=True),
    Column("sample_id", String, nullable=False, index=True),
    Column("person_id", String, nullable=False, index=True),
    _text("sex"),
    _text("material"),
    _text("assay"),
    _text("family_id", null=True),
    _text("father_id", null=True),
    _text("mother_id", null=True),
    Column(
        "founder",
        Boolean,
        nullable=False,
        comment="No parent declared; kept when the parent's id is erased.",
    ),
    _text("twin_of", null=True),
    _text("affected"),
    Column("proband", Boolean),
    _text("indication", null=True),
    _text("region", null=True),
    _text("hospital", null=True),
    _text("cohort", null=True),
    _text("normal_of", null=True),
    Column("ffpe", Boolean),
    Column("age_years", Float),
    Column("collected_on", Date),
    Column("prescribed_on", Date),
    Column("has_germline", Boolean, nullable=False),
    Column("has_mitochondrial", Boolean, nullable=False),
    *_life(),
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
    _counted("finding_no"),
    _text("kind"),
    Column("sample_no", ForeignKey("sample.sample_no"), nullable=False, index=True),
    Column("other_no", ForeignKey("sample.sample_no"), index=True),
    *_life(),
    comment="One row per contradiction of genotypes and sheet: of a sample, or with another one.",
    sqlite_autoincrement=True,
)
track = Table(
    "track",
    metadata,
    _number("track_no"),
    Column("batch_no", ForeignKey("batch.batch_no"), nullable=False, index=True),
    Column(
        "kind",
        String,
        CheckConstraint("kind IN ('bed', 'sites', 'contigs')", name="kind"),
        nullable=False,
    ),
    _text("sha256"),
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
    _number("bucket_no"),
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
    *_life(),
    comment="One row per sample and bucket with its rows; removed where compaction moved them.",
)
lake_file = Table(
    "lake_file",
    metadata,
    _number("file_no"),
    _text("table_name"),
    _text("purpose", null=True),
    Column("bucket_no", ForeignKey("bucket.bucket_no"), index=True),
    Column("contig", String, comment="The contig, where the file holds one only."),
    Column("bin", Integer, comment="The 10 Mb bin, where the file holds one only, from 0."),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    _text("sha256"),
    Column("path", String, nullable=False, unique=True, comment="Relative to the warehouse."),
    *_life(),
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
    _counted("consent_no"),
    Column("person_id", String, nullable=False, index=True),
    _text("scope"),
    _text("status"),
    _text("text_version", null=True),
    Column("signed_on", Date, nullable=False),
    Column("batch_no", ForeignKey("batch.batch_no"), index=True),
    *_life(),
    comment="One row per decision of a person about a scope; the latest holds.",
    sqlite_autoincrement=True,
)
phenotype = Table(
    "phenotype",
    metadata,
    _counted("phenotype_no"),
    Column("person_id", String, nullable=False, index=True),
    _text("system"),
    _text("code"),
    _text("label", null=True),
    Column("excluded", Boolean, nullable=False),
    _text("onset", null=True),
    _text("severity", null=True),
    Column("recorded_on", Date),
    Column("batch_no", ForeignKey("batch.batch_no"), index=True),
    *_life(),
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
    _number("base_no"),
    Column("commit_no", Integer, nullable=False, unique=True),
    Column(
        "parent_commit",
        Integer,
        unique=True,
        comment="Commit of the base it was made from; none for the first.",
    ),
    _time("built_at"),
    _text("engine"),
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
    _text("sex"),
    Column("strata", Json, nullable=False, comment="Stratum numbers, ascending."),
    Column("rules_version", Integer, nullable=False),
    comment="One row per purpose and person: how the person counts in the latest base.",
)
stratum = Table(
    "stratum",
    metadata,
    Column("purpose", String, primary_key=True),
    _number("stratum_no"),
    _text("name"),
    Index("uq_stratum_purpose_name", "purpose", "name", unique=True),
    comment="One row per purpose and stratum; numbers start from 1 in each purpose.",
)

COUNTERS = tuple(name.name for name in head.columns if name.name.startswith("next_"))
"""Columns of `head` that hold the next free number of a kind."""
