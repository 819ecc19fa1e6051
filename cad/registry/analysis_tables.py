"""The registry's tables of genetic analyses: what each was made of, its files, who took part."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table

from cad.registry.columns import counted, life, metadata, moment, words
from cad.registry.types import Json

analysis = Table(
    "analysis",
    metadata,
    counted("analysis_no"),
    Column("name", String, nullable=False, index=True),
    words("purpose"),
    Column("project", String, comment="Whose it is: persons of its scope alone took part."),
    Column("base_commit", Integer, nullable=False, comment="Of the base whose persons it took."),
    Column("persons", Integer, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("versions", Json, nullable=False, comment="Of CAD, Hail and Spark, and of sources."),
    Column("seconds", Float, nullable=False),
    moment("made_at"),
    *life(),
    comment="One row per run of an analysis.",
    sqlite_autoincrement=True,
)
analysis_file = Table(
    "analysis_file",
    metadata,
    Column("file_no", ForeignKey("lake_file.file_no", ondelete="CASCADE"), primary_key=True),
    Column("analysis_no", ForeignKey("analysis.analysis_no"), nullable=False, index=True),
    comment="One row per file of the lake that a run wrote.",
)
analysis_person = Table(
    "analysis_person",
    metadata,
    Column("analysis_no", ForeignKey("analysis.analysis_no"), primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("unrelated", Boolean, comment="In the set without relatives, where one was made."),
    comment="One row per run and person who took part, until the person withdraws.",
)
