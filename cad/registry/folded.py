"""Rows of what each base has folded, and the strata it numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from cad.registry.tables import folded, stratum


@dataclass(frozen=True)
class FoldedRow:
    """How one person counts in the latest base of one purpose; `strata` are numbers, ascending."""

    sample_no: int
    sex: str
    strata: tuple[int, ...]
    rules_version: int


def folded_rows(connection: Connection, purpose: str) -> dict[str, FoldedRow]:
    """What the base of a purpose has folded, by person."""
    query = select(
        folded.c.person_id,
        folded.c.sample_no,
        folded.c.sex,
        folded.c.strata,
        folded.c.rules_version,
    ).where(folded.c.purpose == purpose)
    return {
        person: FoldedRow(sample, sex, tuple(strata), rules)
        for person, sample, sex, strata, rules in connection.execute(query)
    }


def exchange_folded(
    connection: Connection,
    purpose: str,
    removed: Collection[str],
    added: Mapping[str, FoldedRow],
) -> None:
    """Take persons out of what a purpose has folded, and put persons in."""
    if removed:
        statement = delete(folded).where(
            folded.c.purpose == purpose, folded.c.person_id == bindparam("person")
        )
        connection.execute(statement, [{"person": person} for person in removed])
    rows = [
        {
            "purpose": purpose,
            "person_id": person,
            "sample_no": row.sample_no,
            "sex": row.sex,
            "strata": list(row.strata),
            "rules_version": row.rules_version,
        }
        for person, row in added.items()
    ]
    if rows:
        connection.execute(insert(folded), rows)


def stratum_numbers(connection: Connection, purpose: str) -> dict[str, int]:
    """The strata of a purpose and their numbers, by name."""
    query = select(stratum.c.name, stratum.c.stratum_no).where(stratum.c.purpose == purpose)
    return dict(connection.execute(query).all())


def exchange_strata(
    connection: Connection, purpose: str, removed: Collection[int], added: Mapping[str, int]
) -> None:
    """Forget the numbers of strata without persons, and number new ones."""
    if removed:
        statement = delete(stratum).where(
            stratum.c.purpose == purpose, stratum.c.stratum_no == bindparam("number")
        )
        connection.execute(statement, [{"number": number} for number in removed])
    rows = [
        {"purpose": purpose, "stratum_no": number, "name": name} for name, number in added.items()
    ]
    if rows:
        connection.execute(insert(stratum), rows)
