"""`cad export hail`: a Table that is the base, a MatrixTable that is the twin's genotypes."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.registry.samples import desired_samples
from cad.warehouse import Warehouse
from tests.base.nights import Nights
from tests.cli import cad, cad_json
from tests.queried import scan
from tests.twin import TwinBase
from tests.twin.cohorts import Shape, random_batch_dirs
from tests.twin.count import Person

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow]
CONTIGS = (*map(str, range(1, 23)), "X")
COPIES = {"het": 1, "hom": 2, "hemi": 2}
"""A man's single X is written as of two copies alike."""
OF_VARIANT = ("p_platform", "p_pipeline", "p_excess_het", "call_rate", "flags")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder = tmp_path_factory.mktemp("exported")
    shape = Shape(persons=9, batches=2, callabilities=("bed", "sites", "blocks"))
    cohort = random_batch_dirs(3, folder / "cohort", shape)
    with Nights.of(cohort, folder / "warehouse") as made:
        made.push_and_build(*cohort.batches)
        yield made


@pytest.fixture(scope="module")
def twin(nights: Nights) -> TwinBase:
    return nights.expected()


def person_of(warehouse: Warehouse) -> dict[str, str]:
    """The person by sample number."""
    with reading(warehouse.engine) as connection:
        found = desired_samples(connection, latest_commit(connection))
    return {str(one.sample_no): one.person_id for one in found}


def key_of(row: Any) -> tuple[str, int, str, str]:
    return (row.locus.contig.removeprefix("chr"), row.locus.position, *row.alleles)


def genotypes(path: Path) -> dict[tuple[tuple[str, int, str, str], str], int | None]:
    """Alternate alleles by variant and column; None where the genotype is missing."""
    entries = import_module("hail").read_matrix_table(str(path)).entries().collect()
    return {
        (key_of(row), row.s): None if row.GT is None else row.GT.n_alt_alleles() for row in entries
    }


def expected_genotypes(people: list[Person]) -> dict[tuple[tuple[str, int, str, str], str], Any]:
    """Likewise by the twin: missing unless all copies are known."""
    keys = {key for person in people for key in person.raw_calls if key.contig in CONTIGS}
    found = {}
    for key in keys:
        for person in people:
            ploidy = person.ploidy(key.contig, key.pos)
            known = ploidy > 0 and person.weight(key.contig, key.pos, True) == ploidy
            copies = COPIES.get(person.passing_calls.get(key, ""), 0)
            place = (key.contig, key.pos, key.ref, key.alt)
            found[place, person.sample.person_id] = copies if known else None
    return found


def test_the_table_is_the_base(nights: Nights, twin: TwinBase, tmp_path: Path) -> None:
    out = tmp_path / "base.ht"
    told = cad_json("export", "hail", "-o", out, "-w", nights.warehouse.path)
    expected = scan(nights.warehouse, "care")
    assert told["variants"] == len(expected.variants) > 10
    assert told["persons"] == len(twin.members("care", "all"))
    table = import_module("hail").read_table(str(out))
    strata = set(table.index_globals().strata.collect()[0])
    found = {key_of(row): row for row in table.collect()}
    assert set(found) == set(expected.variants)
    for key, row in found.items():
        assert set(row.frequencies) == strata
        figures = {name: dict(struct) for name, struct in row.frequencies.items()}
        assert figures == {
            name: own | {"faf95": pytest.approx(own["faf95"], rel=1e-12)}
            for name, own in expected.variants[key].items()
        }
        assert {name: row[name] for name in OF_VARIANT} == expected.flags[key]


def test_the_matrix_is_the_twins_genotypes(nights: Nights, twin: TwinBase, tmp_path: Path) -> None:
    out = tmp_path / "care.mt"
    told = cad_json("export", "hail", "--genotypes", "-o", out, "-w", nights.warehouse.path)
    people = twin.members("care", "all")
    person = person_of(nights.warehouse)
    found = {(key, person[s]): copies for (key, s), copies in genotypes(out).items()}
    expected = expected_genotypes(people)
    assert found == expected
    assert {0, 1, 2, None} <= set(expected.values())
    assert told["persons"] == len(people) > 4
    assert told["variants"] == len({key for key, _ in expected})


def test_what_is_there_or_makes_no_sense_is_refused(nights: Nights, tmp_path: Path) -> None:
    at = ("-w", nights.warehouse.path)
    there = cad_json("export", "hail", "-o", tmp_path, *at, code=1)
    assert there["reason"] == "output_exists"
    for words in (("--genotypes", "--release", "R"), ("--where", "sex=XX"), ("--project", "P")):
        assert cad("export", "hail", "-o", tmp_path / "x", *words, *at).exit_code == 2
    empty = ("--genotypes", "--where", "person=NOBODY")
    refused = cad_json("export", "hail", "-o", tmp_path / "x", *empty, *at, code=1)
    assert refused["reason"] == "nobody_takes_part"
    assert list(tmp_path.iterdir()) == []
