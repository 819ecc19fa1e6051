"""The attack on tables of phenotypes: what a hidden figure may be, with all that is told."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

Parents = list[list[int]]
"""Of each term those that it is directly a kind of, as places."""


@dataclass(frozen=True)
class Told:
    """One purpose of a table."""

    own: np.ndarray
    hidden: np.ndarray
    total: int


def programme(parents: Parents, *tables: Told) -> list[tuple[int, int, int, float, float]]:
    """Of each hidden figure its table and place, least and greatest value, by linear programmes.

    Of several tables the persons of each are among those of the next. The variables are figures of
    each table's new persons; what a table tells is the sum of those up to it.
    """
    terms, blocks = len(parents), len(tables)
    size = 2 * terms
    rows, right, equal, equal_to = [], [], [], []
    new = [table.total - (tables[at - 1].total if at else 0) for at, table in enumerate(tables)]
    for block, persons in enumerate(new):
        start = block * size
        for at in range(terms):
            for up in parents[at]:
                for low, high in ((at, up), (terms + up, terms + at)):
                    row = np.zeros(size * blocks)
                    row[start + low], row[start + high] = 1, -1
                    rows.append(row)
                    right.append(0)
            row = np.zeros(size * blocks)
            row[[start + at, start + terms + at]] = 1
            rows.append(row)
            right.append(persons)
    for place, table in enumerate(tables):
        for at in np.flatnonzero(~table.hidden.T.ravel()).tolist():
            equal.append(_sum_at(at, place, size, blocks))
            equal_to.append(table.own[at % terms, at // terms])
    found = []
    for place, table in enumerate(tables):
        for at in np.flatnonzero(table.hidden.T.ravel()).tolist():
            ends = []
            for sign in (1, -1):
                solved = linprog(
                    sign * _sum_at(at, place, size, blocks),
                    np.array(rows), right,
                    np.array(equal) if equal else None, equal_to or None,
                    method="highs",
                )  # fmt: skip
                assert solved.status == 0, solved.message
                ends.append(sign * solved.fun)
            found.append((place, at % terms, at // terms, *ends))
    return found


def _sum_at(at: int, place: int, size: int, blocks: int) -> np.ndarray:
    row = np.zeros(size * blocks)
    row[at : (place + 1) * size : size] = 1
    return row


def assert_free(parents: Parents, small: int, *tables: Told) -> None:
    """No hidden figure has less freedom than the small count, or what everybody counts or grew."""
    for place, term, kind, low, high in programme(parents, *tables):
        table = tables[place]
        assert low - 1e-6 <= table.own[term, kind] <= high + 1e-6
        grew = [
            abs(table.total - other.total)
            for other in tables
            if other is not table and not other.hidden[term, kind]
        ]
        if kind == 0 or not table.hidden[:, 1].all():
            wanted = min(small, table.total, *grew)
            assert high - low >= wanted - 1e-6, (place, term, kind, low, high)
