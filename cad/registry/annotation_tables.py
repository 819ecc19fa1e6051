"""The registry's tables of annotation sources, and of what somebody watches."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    text,
)

from cad.registry.columns import counted, life, metadata, moment, words
from cad.registry.types import Json

annotation = Table(
    "annotation",
    metadata,
    counted("annotation_no"),
    Column("name", String, nullable=False, index=True),
    words("kind"),
    words("version"),
    words("assembly"),
    words("sha256"),
    Column("rows", BigInteger, nullable=False),
    Column("facts", Json, nullable=False, comment="What the file says of itself."),
    moment("loaded_at"),
    *life(),
    Index(
        "uq_annotation_live",
        "name",
        "version",
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    ),
    comment="One row per version of an annotation source that was loaded.",
    sqlite_autoincrement=True,
)
annotation_default = Table(
    "annotation_default",
    metadata,
    counted("choice_no"),
    Column("annotation_no", ForeignKey("annotation.annotation_no"), nullable=False, index=True),
    Column("name", String, nullable=False, index=True),
    *life(),
    comment="One row per choice of the version that answers for a source where none is named.",
    sqlite_autoincrement=True,
)
annotation_file = Table(
    "annotation_file",
    metadata,
    Column("file_no", ForeignKey("lake_file.file_no", ondelete="CASCADE"), primary_key=True),
    Column("annotation_no", ForeignKey("annotation.annotation_no"), nullable=False, index=True),
    comment="One row per file of the lake that belongs to a version of a source.",
)
watch = Table(
    "watch",
    metadata,
    counted("watch_no"),
    Column(
        "kind", String, CheckConstraint("kind IN ('variant', 'gene')", name="kind"), nullable=False
    ),
    Column("key", String, nullable=False, comment="The variant's id, or the gene's symbol."),
    moment("since"),
    *life(),
    comment="One row per variant or gene that somebody asked to be told of.",
    sqlite_autoincrement=True,
)
