"""Genetic analyses as views for SQL: every run of the purpose, told apart by its number."""

from __future__ import annotations

import json

import pyarrow as pa
from sqlalchemy import Connection

from cad.registry.analyses import analyses_at, analysis_paths
from cad.warehouse import Warehouse
from schemas.views import ANALYSES


def analysis_table(connection: Connection, commit_no: int, purpose: str) -> pa.Table:
    """Rows of `schemas.views.ANALYSES`."""
    rows = [
        {
            "analysis": one.analysis_no,
            "name": one.name,
            "project": one.project,
            "base_commit": one.base_commit,
            "persons": one.persons,
            "parameters": json.dumps(one.parameters),
            "versions": json.dumps(one.versions),
            "made_at": one.made_at,
            "commit_no": one.commit_no,
        }
        for one in analyses_at(connection, commit_no)
        if one.purpose == purpose
    ]
    return pa.Table.from_pylist(rows, ANALYSES)


def analysis_files(
    connection: Connection, warehouse: Warehouse, commit_no: int, purpose: str
) -> dict[str, list[tuple[int, str]]]:
    """Numbers of the purpose's runs and their files, by table."""
    own = {one.analysis_no for one in analyses_at(connection, commit_no) if one.purpose == purpose}
    return {
        table: [(number, warehouse.lake.address(path)) for number, path in files if number in own]
        for table, files in analysis_paths(connection, commit_no).items()
    }
