"""Where clinical documents contradict sample sheets, or each other, on a person's sex or parents.

Nothing is refused for it: the sheets go on deciding how somebody counts, and who their parents are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import Connection, select

from cad.registry.chunks import chunks
from cad.registry.clinical_tables import person, relation
from cad.registry.tables import sample, visible
from schemas.receipt import ReasonCount

SEX_DIFFERS: Final = "document_sex_differs"
PARENT_DIFFERS: Final = "document_parent_differs"
_PARENTS: Final = ("father", "mother")


def find_contradictions(
    connection: Connection, commit_no: int, persons: Collection[str]
) -> tuple[ReasonCount, ...]:
    """How many of some persons have two sexes, or two fathers or mothers, told of them."""
    sexes: dict[str, set[str]] = {}
    parents: dict[tuple[str, str], set[str]] = {}
    for some in chunks(persons):
        for owner, sex in _sexes(connection, commit_no, some):
            sexes.setdefault(owner, set()).add(sex)
        for owner, kind, parent in _parents(connection, commit_no, some):
            parents.setdefault((owner, kind), set()).add(parent)
    of_two = {owner for (owner, _), told in parents.items() if len(told) > 1}
    counts = {
        SEX_DIFFERS: sum(len(told) > 1 for told in sexes.values()),
        PARENT_DIFFERS: len(of_two),
    }
    return tuple(ReasonCount(why, count) for why, count in counts.items() if count)


def _sexes(
    connection: Connection, commit_no: int, persons: Collection[str]
) -> Iterable[tuple[str, str]]:
    """Sexes that sheets and documents tell; an unknown one is not told."""
    for table in (sample, person):
        query = select(table.c.person_id, table.c.sex).where(
            table.c.person_id.in_(persons), visible(table, commit_no)
        )
        for owner, sex in connection.execute(query.distinct()):
            if sex not in (None, "unknown"):
                yield owner, sex


def _parents(
    connection: Connection, commit_no: int, persons: Collection[str]
) -> Iterable[tuple[str, str, str]]:
    """Parents that sheets and documents name."""
    query = select(sample.c.person_id, sample.c.father_id, sample.c.mother_id).where(
        sample.c.person_id.in_(persons), visible(sample, commit_no)
    )
    for owner, *named in connection.execute(query):
        for kind, parent in zip(_PARENTS, named, strict=True):
            if parent is not None:
                yield owner, kind, parent
    told = select(relation.c.person_id, relation.c.kind, relation.c.relative_id).where(
        relation.c.person_id.in_(persons),
        relation.c.kind.in_(_PARENTS),
        relation.c.relative_id.is_not(None),
        visible(relation, commit_no),
    )
    yield from ((owner, kind, parent) for owner, kind, parent in connection.execute(told))
