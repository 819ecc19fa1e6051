"""What the registry knows of persons as tables for SQL: all that holds at a pinned commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, Table, select

from cad.clinical.hpo import Hpo, open_hpo
from cad.registry.annotations import sources_at
from cad.registry.clinical_tables import disease, interpretation, measurement, person
from cad.registry.families import read_members
from cad.registry.people import holding_decisions
from cad.registry.tables import phenotype, visible
from cad.warehouse import Warehouse
from schemas.clinical_views import (
    CONSENTS,
    DISEASES,
    INTERPRETATIONS,
    MEASUREMENTS,
    PERSONS,
    PHENOTYPES,
)

_OF_REGISTRY: Final[Mapping[str, tuple[Table, pa.Schema]]] = {
    "phenotypes": (phenotype, PHENOTYPES),
    "diseases": (disease, DISEASES),
    "measurements": (measurement, MEASUREMENTS),
    "interpretations": (interpretation, INTERPRETATIONS),
}


def person_tables(
    connection: Connection, warehouse: Warehouse, commit_no: int
) -> dict[str, pa.Table]:
    """The tables by name, whoever may count for which purpose: the operator's."""
    found = {
        name: _rows(connection, commit_no, table, schema)
        for name, (table, schema) in _OF_REGISTRY.items()
    }
    found["phenotypes"] = _with_terms(
        found["phenotypes"], _loaded(connection, warehouse, commit_no)
    )
    found["persons"] = _persons(connection, commit_no)
    found["consents"] = _consents(connection, commit_no)
    return found


def _rows(connection: Connection, commit_no: int, table: Table, schema: pa.Schema) -> pa.Table:
    """The rows that are visible, in the order in which they came."""
    names = [name for name in schema.names if name in table.c]
    key = next(iter(table.primary_key.columns))
    query = select(*(table.c[name] for name in names)).where(visible(table, commit_no))
    rows = connection.execute(query.order_by(key)).all()
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    arrays = {
        name: pa.array(column, schema.field(name).type)
        for name, column in zip(names, columns, strict=True)
    }
    return pa.table(arrays)


def _with_terms(rows: pa.Table, hpo: Hpo | None) -> pa.Table:
    """The rows with the term of HPO in use that each code stands for."""

    def term(system: str, code: str) -> str | None:
        if system != "HPO":
            return None
        return (hpo.resolve(code) if hpo else None) or code

    pairs = zip(rows["system"].to_pylist(), rows["code"].to_pylist(), strict=True)
    terms = [term(str(system), str(code)) for system, code in pairs]
    whole = rows.append_column("term", pa.array(terms, pa.string()))
    return whole.select(PHENOTYPES.names).cast(PHENOTYPES)


def _loaded(connection: Connection, warehouse: Warehouse, commit_no: int) -> Hpo | None:
    """The loaded release that answers; without one there is no closure to join either."""
    if all(one.kind != "hpo" for one in sources_at(connection, commit_no)):
        return None
    return open_hpo(warehouse, commit_no)


def _persons(connection: Connection, commit_no: int) -> pa.Table:
    names = ("birth_years", "vital_status", "age_band")
    query = (
        select(person.c.person_id, *(person.c[name] for name in names))
        .where(visible(person, commit_no))
        .order_by(person.c.person_no.desc())
    )
    told: dict[str, dict[str, Any]] = {}
    for owner, *values in connection.execute(query):
        known = told.setdefault(owner, {})
        for name, value in zip(names, values, strict=True):
            if value is not None:
                known.setdefault(name, value)
    rows = [
        {**vars(one), **told.get(owner, {})}
        for owner, one in read_members(connection, commit_no).items()
    ]
    return pa.Table.from_pylist(rows, PERSONS)


def _consents(connection: Connection, commit_no: int) -> pa.Table:
    rows = [
        {"person_id": owner, "scope": scope, **decision._asdict(), "holds": holds}
        for (owner, scope), (decision, holds) in sorted(
            holding_decisions(connection, commit_no).items(), key=lambda one: one[0]
        )
    ]
    return pa.Table.from_pylist(rows, CONSENTS)
