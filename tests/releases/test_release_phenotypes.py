"""Persons by term, as a release tells them: counted anew from what the persons were drawn with."""

from pathlib import Path

import pyarrow.parquet as pq

from cad.releases.create import create_release
from tests.cad.questions.cohorts import ALTERNATIVE, PARENTS, Person, closure, phenotyped

SMALL = 5


def count(people: list[Person], term: str) -> tuple[int, int]:
    """Persons with a term or a kind of it, and persons in whom it or what it is a kind of lacks."""
    gone = [{ALTERNATIVE.get(one, one) for one in person.excluded} for person in people]
    observed = sum(term in person.closed for person in people)
    return observed, sum(bool(closure(term) & own) for own in gone)


def test_persons_by_term_are_counted_and_small_ones_hidden(tmp_path: Path) -> None:
    with phenotyped(tmp_path, persons=40) as made:
        document = create_release(made.warehouse, "R1")
        paths = {
            one["purpose"]: made.warehouse.path / one["path"]
            for one in document["files"]
            if one["holds"] == "phenotypes"
        }
        tables = {
            purpose: {row["hpo_id"]: row for row in pq.read_table(path).to_pylist()}
            for purpose, path in paths.items()
        }
    hidden = shown = 0
    # Nobody consented for industry: its rows are those that research hides.
    for purpose, rows in tables.items():
        people = made.counting(purpose)
        for term in PARENTS:
            truth = count(people, term)
            if term not in rows:
                assert truth == (0, 0)
                continue
            row = rows[term]
            for name, true in zip(("observed", "excluded"), truth, strict=True):
                assert row[name] in (None, true), (purpose, term, name)
                if purpose == "care":
                    assert row[name] == true
                elif 1 <= true < SMALL:
                    assert row[name] is None
                hidden, shown = hidden + (row[name] is None), shown + (row[name] is not None)
            assert row["hidden"] is (row["observed"] is None or row["excluded"] is None)
    assert {"care", "research"} <= set(tables)
    assert hidden > 3
    assert shown > 20
