"""Rows of annotation sources: their versions, which of them answers, and the files they lie in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from cad.registry.annotation_tables import annotation, annotation_default, annotation_file
from cad.registry.engine import registry_now
from cad.registry.files import add_files, remove_files
from cad.registry.tables import commit, lake_file, visible
from loaders.jobs import WrittenFile


@dataclass(frozen=True)
class AnnotationRow:
    """One version of a source.

    Attributes:
        annotation_no: given by the registry.
        name: of the source, as it is asked for.
        kind: a key of `loaders.annotation.kinds.KINDS`.
        version: as the loader named it.
        assembly: of its positions.
        sha256: of the file it was loaded from.
        rows: in all its tables.
        facts: what the file says of itself, and what was left out.
        loaded_at: when it was loaded.
        commit_no: the commit that loaded it.
        is_default: whether it answers where no version is named.
    """

    annotation_no: int
    name: str
    kind: str
    version: str
    assembly: str
    sha256: str
    rows: int
    facts: Mapping[str, Any]
    loaded_at: datetime
    commit_no: int
    is_default: bool

    def to_json(self) -> dict[str, Any]:
        """The entry that `cad annotation list` prints."""
        document = dict(vars(self))
        document["source"] = document.pop("name")
        document["loaded_at"] = self.loaded_at.isoformat()
        document["default"] = document.pop("is_default")
        document["commit"] = document.pop("commit_no")
        del document["annotation_no"]
        return document


def sources_at(connection: Connection, commit_no: int) -> list[AnnotationRow]:
    """All versions visible at a commit, by name, the latest loaded first."""
    choice = (
        select(annotation_default.c.annotation_no)
        .where(visible(annotation_default, commit_no))
        .subquery()
    )
    query = (
        select(annotation, choice.c.annotation_no.label("chosen"))
        .outerjoin(choice, choice.c.annotation_no == annotation.c.annotation_no)
        .where(visible(annotation, commit_no))
        .order_by(annotation.c.name, annotation.c.annotation_no.desc())
    )
    return [
        AnnotationRow(
            annotation_no=row.annotation_no,
            name=row.name,
            kind=row.kind,
            version=row.version,
            assembly=row.assembly,
            sha256=row.sha256,
            rows=row.rows,
            facts=row.facts,
            loaded_at=row.loaded_at,
            commit_no=row.added_at,
            is_default=row.chosen is not None,
        )
        for row in connection.execute(query)
    ]


def annotations_changed_at(connection: Connection, commit_no: int) -> int:
    """The last commit up to one that changed what annotations say; 0 where none did."""
    query = select(func.max(commit.c.commit_no)).where(
        commit.c.kind == "annotate", commit.c.commit_no <= commit_no
    )
    return connection.scalar(query) or 0


@dataclass(frozen=True)
class HeldFile:
    """A file computed of the base's variants: its number and its path in the warehouse."""

    file_no: int
    path: str


def computed_files(
    connection: Connection, commit_no: int, source: AnnotationRow | None
) -> tuple[dict[tuple[str, tuple[str, int]], HeldFile], list[tuple[tuple[str, int], HeldFile]]]:
    """What is computed of the base's variants.

    Returns:
        The files that answer by table and bin: consequences of one version of a gene model, and
        what is of none; the consequences of other versions, with their bin.
    """
    query = (
        select(
            lake_file.c.table_name,
            lake_file.c.contig,
            lake_file.c.bin,
            lake_file.c.file_no,
            lake_file.c.path,
            annotation_file.c.annotation_no,
        )
        .outerjoin(annotation_file, annotation_file.c.file_no == lake_file.c.file_no)
        .outerjoin(annotation, annotation.c.annotation_no == annotation_file.c.annotation_no)
        .where(
            visible(lake_file, commit_no),
            or_(
                lake_file.c.table_name.in_(("base_vrs", "base_told")),
                and_(
                    lake_file.c.table_name == "annotation_consequence",
                    annotation.c.kind == "genes",
                ),
            ),
        )
    )
    answering, others = {}, []
    chosen = (None, None if source is None else source.annotation_no)
    for table, contig, place, file_no, path, number in connection.execute(query):
        if number in chosen:
            answering[table, (contig, place)] = HeldFile(file_no, path)
        else:
            others.append(((contig, place), HeldFile(file_no, path)))
    return answering, others


def insert_annotation(
    connection: Connection,
    commit_no: int,
    *,
    name: str,
    kind: str,
    version: str,
    assembly: str,
    sha256: str,
    rows: int,
    facts: Mapping[str, Any],
) -> int:
    """Record a version of a source and let it answer from now on; returns its number."""
    result = connection.execute(
        insert(annotation).values(
            name=name,
            kind=kind,
            version=version,
            assembly=assembly,
            sha256=sha256,
            rows=rows,
            facts=dict(facts),
            loaded_at=registry_now(connection),
            added_at=commit_no,
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    number = int(key[0])
    choose_default(connection, commit_no, name, number)
    return number


def choose_default(connection: Connection, commit_no: int, name: str, number: int | None) -> None:
    """Let a version answer for its source; with None, no version does."""
    connection.execute(
        update(annotation_default)
        .where(annotation_default.c.name == name, annotation_default.c.removed_at.is_(None))
        .values(removed_at=commit_no)
    )
    if number is not None:
        connection.execute(
            insert(annotation_default).values(annotation_no=number, name=name, added_at=commit_no)
        )


def add_annotation_files(
    connection: Connection,
    commit_no: int,
    number: int,
    files: Sequence[tuple[WrittenFile, str]],
) -> None:
    """Make files of a version exist from a commit on: pairs of what was written and its path."""
    add_files(connection, commit_no, files)
    paths = [path for _, path in files]
    query = select(lake_file.c.file_no).where(lake_file.c.path.in_(paths))
    rows = [{"file_no": one, "annotation_no": number} for one in connection.scalars(query)]
    if rows:
        connection.execute(insert(annotation_file), rows)


def annotation_files(
    connection: Connection,
    commit_no: int,
    numbers: Collection[int],
    *,
    table: str | None = None,
    contig: str | None = None,
    bin_: int | None = None,
) -> list[tuple[int, str, str | None, int | None, str]]:
    """Files of some versions at a commit: number, table, contig, bin, path in the warehouse.

    Args:
        connection: an open transaction.
        commit_no: the pinned commit.
        numbers: of the versions.
        table: files of this table only.
        contig: files of this contig only.
        bin_: with `contig`, files of this 10 Mb bin only.
    """
    conditions = [annotation_file.c.annotation_no.in_(numbers), visible(lake_file, commit_no)]
    for column, wanted in (
        (lake_file.c.table_name, table),
        (lake_file.c.contig, contig),
        (lake_file.c.bin, bin_),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    query = (
        select(
            annotation_file.c.annotation_no,
            lake_file.c.table_name,
            lake_file.c.contig,
            lake_file.c.bin,
            lake_file.c.path,
        )
        .join(lake_file, lake_file.c.file_no == annotation_file.c.file_no)
        .where(*conditions)
        .order_by(lake_file.c.file_no)
    )
    return [tuple(row) for row in connection.execute(query)]


def remove_annotation_rows(connection: Connection, commit_no: int, row: AnnotationRow) -> None:
    """Make a version cease to exist; where it answered, the latest one left answers."""
    connection.execute(
        update(annotation)
        .where(annotation.c.annotation_no == row.annotation_no)
        .values(removed_at=commit_no)
    )
    numbers = select(annotation_file.c.file_no).where(
        annotation_file.c.annotation_no == row.annotation_no
    )
    remove_files(connection, commit_no, list(connection.scalars(numbers)))
    if row.is_default:
        left = connection.scalar(
            select(func.max(annotation.c.annotation_no)).where(
                annotation.c.name == row.name, annotation.c.removed_at.is_(None)
            )
        )
        choose_default(connection, commit_no, row.name, left)
