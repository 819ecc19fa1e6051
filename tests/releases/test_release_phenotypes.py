"""Persons by term, as a release tells them: counted anew from what the persons were drawn with."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from cad.build.run import build_base
from cad.consents import import_consents
from cad.releases.create import create_release
from cad.releases.phenotypes import FIGURES
from cad.releases.read import find_phenotypes
from tests.cad.questions.cohorts import (
    ALTERNATIVE,
    PARENTS,
    Made,
    Person,
    closure,
    phenotyped,
)
from tests.disclosure.attack_terms import Told, assert_free

SMALL = 5
TERMS = list(PARENTS)


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


def told(made: Made, release: str) -> Told:
    """What a release tells researchers of each term, beside the truth of now."""
    found = find_phenotypes(made.warehouse, release, "research")
    rows = {row["hpo_id"]: row for row in found["terms"]}
    people = made.counting("research")
    assert found["persons"] == len(people)
    hidden = [[rows.get(one, {}).get(name, 0) is None for name in FIGURES] for one in TERMS]
    return Told(np.array([count(people, one) for one in TERMS]), np.array(hidden), len(people))


def test_two_releases_tell_no_more_together(tmp_path: Path) -> None:
    """Eight persons join, the first ones for industry: what is few there is hidden for research."""
    with phenotyped(tmp_path, persons=70) as made:
        create_release(made.warehouse, "R1")
        first = told(made, "R1")
        joining = [one for one in made.people if "research" not in one.consents][:8]
        table = tmp_path / "consents.tsv"
        lines = [
            f"{one.person_id}\t{scope}\tgiven\t2126-01-05"
            for one in joining
            for scope in ("research", "industry")
        ]
        table.write_text("\n".join(["person_id\tscope\tstatus\tsigned_on", *lines]) + "\n")
        import_consents(made.warehouse, table)
        for one in joining:
            one.consents.add("research")
        build_base(made.warehouse)
        create_release(made.warehouse, "R2")
        second = told(made, "R2")
    assert first.hidden.any()
    assert (second.hidden | ~first.hidden).all()
    assert (~second.hidden).any()
    parents = [[TERMS.index(up) for up in PARENTS[one]] for one in TERMS]
    assert_free(parents, SMALL, first)
    assert_free(parents, SMALL, second)
    assert_free(parents, SMALL, first, second)
