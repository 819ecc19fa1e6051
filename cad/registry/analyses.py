"""Rows of genetic analyses: runs, their files, who took part, and who must leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from cad.registry.analysis_tables import analysis, analysis_file, analysis_person
from cad.registry.engine import registry_now
from cad.registry.files import add_files, remove_files
from cad.registry.tables import lake_file, visible
from loaders.jobs import WrittenFile


@dataclass(frozen=True)
class AnalysisRow:
    """One run: what it was made of and when."""

    analysis_no: int
    name: str
    purpose: str
    project: str | None
    base_commit: int
    persons: int
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: float
    made_at: datetime
    commit_no: int

    def to_json(self) -> dict[str, Any]:
        """The entry that `cad analyse` prints."""
        document = dict(vars(self))
        document["analysis"] = document.pop("analysis_no")
        document["commit"] = document.pop("commit_no")
        document["seconds"] = round(self.seconds, 3)
        document["made_at"] = self.made_at.isoformat()
        return document


def analyses_at(connection: Connection, commit_no: int) -> list[AnalysisRow]:
    """Every run visible at a commit, the latest first."""
    query = (
        select(analysis).where(visible(analysis, commit_no)).order_by(analysis.c.analysis_no.desc())
    )
    return [
        AnalysisRow(
            **{name: row[name] for name in AnalysisRow.__annotations__ if name != "commit_no"},
            commit_no=row["added_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def analysis_paths(connection: Connection, commit_no: int) -> dict[str, list[tuple[int, str]]]:
    """Numbers of runs and paths of their files in the warehouse, by table."""
    query = (
        select(lake_file.c.table_name, analysis_file.c.analysis_no, lake_file.c.path)
        .join(analysis_file, analysis_file.c.file_no == lake_file.c.file_no)
        .where(visible(lake_file, commit_no))
        .order_by(lake_file.c.file_no)
    )
    found: dict[str, list[tuple[int, str]]] = {}
    for table, number, path in connection.execute(query):
        found.setdefault(table, []).append((number, path))
    return found


def insert_analysis(
    connection: Connection,
    commit_no: int,
    row: Mapping[str, Any],
    files: Sequence[tuple[WrittenFile, str]],
    persons: Mapping[str, bool | None],
) -> int:
    """Record a run, its files, and who took part; returns its number."""
    values = {**row, "made_at": registry_now(connection), "added_at": commit_no}
    query = insert(analysis).values(**values).returning(analysis.c.analysis_no)
    number: int = connection.execute(query).scalar_one()
    add_files(connection, commit_no, files, purpose=row["purpose"])
    paths = [path for _, path in files]
    placed = select(lake_file.c.file_no).where(lake_file.c.path.in_(paths))
    own = [{"file_no": file, "analysis_no": number} for file in connection.scalars(placed)]
    if own:
        connection.execute(insert(analysis_file), own)
    people = [
        {"analysis_no": number, "person_id": person, "unrelated": unrelated}
        for person, unrelated in persons.items()
    ]
    connection.execute(insert(analysis_person), people)
    return number


def people_of(connection: Connection, analysis_no: int) -> frozenset[str]:
    """Who took part in a run."""
    query = select(analysis_person.c.person_id).where(analysis_person.c.analysis_no == analysis_no)
    return frozenset(connection.scalars(query))


def unrelated_persons(connection: Connection, commit_no: int, purpose: str) -> dict[str, bool]:
    """Whether each person is in the purpose's latest set without relatives; empty without one."""
    latest = (
        select(analysis.c.analysis_no)
        .where(
            visible(analysis, commit_no),
            analysis.c.purpose == purpose,
            analysis.c.project.is_(None),
            analysis.c.name == "relatedness",
        )
        .order_by(analysis.c.analysis_no.desc())
        .limit(1)
    )
    query = select(analysis_person.c.person_id, analysis_person.c.unrelated).where(
        analysis_person.c.analysis_no == latest.scalar_subquery()
    )
    return {person: bool(unrelated) for person, unrelated in connection.execute(query)}


def remove_analyses_of(connection: Connection, commit_no: int, person_id: str) -> None:
    """Take every run in which a person took part away: its files hold what they contributed."""
    runs = list(
        connection.scalars(
            select(analysis_person.c.analysis_no).where(analysis_person.c.person_id == person_id)
        )
    )
    remove_analyses(connection, commit_no, runs)


def remove_analyses(connection: Connection, commit_no: int, runs: Collection[int]) -> None:
    """Take runs and their files away from a commit on."""
    if not runs:
        return
    own = select(analysis_file.c.file_no).where(analysis_file.c.analysis_no.in_(runs))
    remove_files(connection, commit_no, list(connection.scalars(own)))
    gone = update(analysis).where(analysis.c.analysis_no.in_(runs), analysis.c.removed_at.is_(None))
    connection.execute(gone.values(removed_at=commit_no))
