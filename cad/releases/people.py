"""Whom a release may count: everybody whom its base counts must still be allowed to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from cad.build.people import PURPOSES, desired_people
from cad.registry.folded import folded_rows
from cad.registry.people import cohort_purposes
from cad.registry.samples import desired_samples
from cad.warehouse import Warehouse
from schemas.errors import Conflict


def counted_people(
    connection: Connection, warehouse: Warehouse, commit_no: int
) -> Mapping[str, Collection[str]]:
    """The persons of the latest base by purpose.

    Raises:
        Conflict: `release_stale`, where somebody it counts has withdrawn, or may not be counted
            for the purpose any more.
    """
    folded = {purpose: folded_rows(connection, purpose).keys() for purpose in PURPOSES}
    desired = desired_people(
        desired_samples(connection, commit_no),
        cohort_purposes(connection),
        warehouse.config.conjunctions,
    )
    for purpose, persons in folded.items():
        if not persons <= desired[purpose].keys():
            raise Conflict("release_stale", "run cad build, then make the release", purpose)
    return folded
