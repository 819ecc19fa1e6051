"""The registry's tables of who asks, under which projects, of releases, and of audit seals."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
)

from cad.registry.columns import counted, metadata, moment, words
from cad.registry.types import Json

project = Table(
    "project",
    metadata,
    counted("project_no"),
    Column("name", String, nullable=False, unique=True),
    words("title"),
    words("purpose"),
    Column("scope", Json, nullable=False, comment="Cohorts, indications, phenotypes: who is in."),
    Column("ends_on", Date, nullable=False),
    Column(
        "state",
        String,
        CheckConstraint("state IN ('requested', 'approved', 'closed')", name="state"),
        nullable=False,
    ),
    words("approved_by", null=True),
    Column("pseudonym_key", LargeBinary, comment="Of its persons' pseudonyms; gone once closed."),
    moment("created_at"),
    moment("approved_at", null=True),
    moment("closed_at", null=True),
    comment="One row per project of researchers.",
    sqlite_autoincrement=True,
)
release = Table(
    "release",
    metadata,
    counted("release_no"),
    Column("name", String, nullable=False, unique=True),
    Column("commit_no", Integer, nullable=False, comment="Of the base that was frozen."),
    Column("manifest", Json, nullable=False, comment="Files, thresholds, sources, persons."),
    Column("withdrawn_since", Integer, nullable=False),
    moment("created_at"),
    comment="One row per release.",
    sqlite_autoincrement=True,
)
release_person = Table(
    "release_person",
    metadata,
    Column("release_no", ForeignKey("release.release_no"), primary_key=True),
    Column("person_id", String, primary_key=True),
    comment="One row per release and person it counts, until the person withdraws.",
)
person_key = Table(
    "person_key",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    comment="One row per person the audit log names, by a hash under this key.",
)
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("chain_id", String, primary_key=True),
    Column("entries", Integer, nullable=False),
    Column("head", String, nullable=False, comment="Hash of its last sealed entry."),
    moment("opened_at"),
    moment("sealed_at"),
    comment="One row per process that wrote to the audit log: how far its chain is sealed.",
)
client = Table(
    "client",
    metadata,
    counted("client_no"),
    Column("name", String, nullable=False, index=True),
    words("role"),
    Column("key_hash", String, nullable=False, unique=True),
    Column("scope", Json, nullable=False, comment="Purposes, platform and projects it may ask."),
    moment("created_at"),
    moment("expires_at"),
    moment("revoked_at", null=True),
    comment="One row per key that was given to a client.",
    sqlite_autoincrement=True,
)
contact = Table(
    "contact",
    metadata,
    counted("contact_no"),
    words("platform"),
    words("variant"),
    words("message"),
    words("asked_by"),
    moment("asked_at"),
    moment("read_at", null=True),
    comment="One row per message and platform that is to relay it to its carriers.",
    sqlite_autoincrement=True,
)
