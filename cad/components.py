"""Principal components of the persons who count for a purpose, as `cad analyse pca` left them."""

from __future__ import annotations

import pyarrow.parquet as pq
from sqlalchemy import Connection

from cad.registry.analyses import analyses_at, analysis_paths
from cad.warehouse import Warehouse


def latest_components(
    connection: Connection,
    warehouse: Warehouse,
    commit_no: int,
    purpose: str,
    project: str | None = None,
) -> dict[int, dict[int, float]]:
    """Scores of the latest components of a purpose, or of a project's, by component, then sample.

    Empty where none were computed, or the latest lie in no file any more.
    """
    whose = ("pca", purpose, project)
    runs = (
        one.analysis_no
        for one in analyses_at(connection, commit_no)
        if (one.name, one.purpose, one.project) == whose
    )
    latest = next(runs, None)
    paths = dict(analysis_paths(connection, commit_no).get("analysis_pca", []))
    if latest not in paths:
        return {}
    found: dict[int, dict[int, float]] = {}
    for row in pq.read_table(warehouse.lake.local(paths[latest])).to_pylist():
        found.setdefault(row["component"], {})[row["sample"]] = row["score"]
    return found


def component_number(name: str) -> int | None:
    """The component that a covariate names, None where it names something else.

    >>> component_number("pc3"), component_number("platform")
    (3, None)
    """
    return int(name[2:]) if name.startswith("pc") and name[2:].isdigit() else None
