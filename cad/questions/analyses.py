"""What genetic analyses of a project found, as the project may see it.

A run is shown where it was made for the project and all who took part are still in its scope and
still count for its purpose; its persons appear under the project's pseudonyms.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cad.cohort.select import Members
from cad.registry.analyses import AnalysisRow, analyses_at, analysis_paths, people_of
from cad.registry.engine import reading
from schemas.analyses import ANALYSIS_TABLES
from schemas.errors import NotFound

_PERSONS: Final = {"sample": "person", "other": "other"}
"""Columns that hold sample numbers, and what they are called under pseudonyms."""


def list_analyses(members: Members) -> list[dict[str, Any]]:
    """The runs that members of a project may see, the latest first, each with its tables."""
    cohort = members.cohort
    with reading(cohort.warehouse.engine) as connection:
        files = analysis_paths(connection, cohort.commit_no)
    tables: dict[int, list[str]] = {}
    for table, found in files.items():
        for number, _ in found:
            tables.setdefault(number, []).append(table)
    return [
        row.to_json() | {"tables": sorted(tables.get(row.analysis_no, ()))}
        for row in _shown(members)
    ]


def find_analysis_rows(
    members: Members, number: int, table: str, offset: int, limit: int
) -> dict[str, Any]:
    """Some rows of a table of a run, in the table's order.

    Args:
        members: everybody in the project's scope.
        number: of the run.
        table: of `schemas.analyses.ANALYSIS_TABLES`.
        offset: how many rows are left out before them.
        limit: how many at most.

    Raises:
        NotFound: `analysis_unknown`.
    """
    cohort = members.cohort
    run = next((row for row in _shown(members) if row.analysis_no == number), None)
    with reading(cohort.warehouse.engine) as connection:
        own = dict(analysis_paths(connection, cohort.commit_no).get(table, ()))
    if run is None or number not in own or table not in ANALYSIS_TABLES:
        raise NotFound("analysis_unknown", "the project has no such table of a run", str(number))
    rows = pq.read_table(cohort.warehouse.lake.local(own[number]))
    told = _under_pseudonyms(rows.slice(offset, limit), members).to_pylist()
    return {"analysis": run.to_json(), "table": table, "total": rows.num_rows, "rows": told}


def _shown(members: Members) -> list[AnalysisRow]:
    cohort, project = members.cohort, members.project
    persons = frozenset(members.person_ids)
    whose = (None if project is None else project.name, members.purpose)
    with reading(cohort.warehouse.engine) as connection:
        return [
            row
            for row in analyses_at(connection, cohort.commit_no)
            if (row.project, row.purpose) == whose
            and people_of(connection, row.analysis_no) <= persons
        ]


def _under_pseudonyms(rows: pa.Table, members: Members) -> pa.Table:
    called = dict(zip(members.sample_no.tolist(), members.persons, strict=True))
    for place, name in enumerate(rows.column_names):
        if name in _PERSONS:
            names = pa.array([called[number] for number in rows[name].to_pylist()], pa.string())
            rows = rows.set_column(place, _PERSONS[name], names)
    return rows
