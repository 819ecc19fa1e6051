"""Sketches tell what all genotypes would, and pushes at the same time meet each other."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cad.build.statements import statement
from cad.commit import open_session
from cad.door import DoorThresholds, examine
from cad.door.sketch import (
    BANDS,
    SIZE,
    Sketch,
    bands,
    compare,
    from_bytes,
    make_sketch,
    pack_entries,
    to_bytes,
    windows,
)
from cad.push import push_batch
from cad.registry.engine import writing
from cad.registry.numbers import lock_head
from cad.warehouse import Warehouse
from schemas.lake import LAKE_TABLES
from tests.genomes import Alleles, Tube, World, looked_at, push_dir

LIMITS = DoorThresholds()


def entries(world: World, genome: Alleles) -> Sketch:
    """All entries of a genome's autosomal SNVs, in the order of the genome."""
    on = np.isin(world.contig, [str(number) for number in range(1, 23)])
    dosage = genome[on].sum(axis=1)
    carried = dosage > 0
    pos, contig = world.pos[on][carried], world.contig[on][carried].astype(np.int64)
    ref, alt = np.zeros(len(pos), np.int64), np.full(len(pos), 2)
    return pack_entries(pos, contig, ref, alt, dosage[carried] == 2)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3, autosomal=22_000)


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, Alleles]:
    father, mother = world.founder("XY"), world.founder("XX")
    children = {name: world.child(father, mother, "XX") for name in ("one", "other")}
    return {"father": father, "mother": mother, **children}


def noisy(world: World, genome: Alleles) -> Alleles:
    """The genome as a second sequencing gives it: 5 % of genotypes lost, 1 % wrong."""
    seen = genome.copy()
    seen[world.rng.random(len(seen)) < 0.05] = 0
    seen[world.rng.random(len(seen)) < 0.01] = (0, 1)
    return seen


class TestSketch:
    def test_is_the_lowest_ranks_whatever_the_order(
        self, world: World, people: dict[str, Alleles]
    ) -> None:
        every = entries(world, people["father"])
        sketch = make_sketch(every)
        assert len(sketch) == SIZE < len(every)
        assert np.array_equal(sketch, np.sort(every)[:SIZE])
        shuffled = world.rng.permutation(np.concatenate([every, every[:50]]))
        assert np.array_equal(make_sketch(shuffled), sketch)
        assert np.array_equal(from_bytes(to_bytes(sketch)), sketch)

    def test_ranks_give_the_places_back(self, world: World, people: dict[str, Alleles]) -> None:
        every = entries(world, people["father"])
        on = np.isin(world.contig, [str(number) for number in range(1, 23)])
        carried = people["father"][on].sum(axis=1) > 0
        contig = world.contig[on][carried].astype(np.int64)
        expected = {
            (int(name) << 32) + int(pos) // 1_000_000
            for name, pos in zip(contig, world.pos[on][carried], strict=True)
        }
        assert set(windows(every).tolist()) == expected

    @pytest.mark.parametrize(
        ("first", "second", "is_same", "is_different"),
        [
            ("father", "again", True, False),
            ("father", "mother", False, True),
            ("father", "one", False, True),
            ("one", "other", False, True),
        ],
    )
    def test_tells_repeats_from_relatives_and_strangers(
        self, world: World, people: dict[str, Alleles], first: str, second: str, is_same: bool,
        is_different: bool,
    ) -> None:  # fmt: skip
        genomes = {**people, "again": noisy(world, people["father"])}
        one, other = (make_sketch(entries(world, genomes[name])) for name in (first, second))
        likeness = compare(one, other)
        assert (likeness.is_same(LIMITS), likeness.is_different(LIMITS)) == (is_same, is_different)
        assert bool(set(bands(one)) & set(bands(other))) == is_same

    def test_a_sketch_tells_what_all_genotypes_tell(
        self, world: World, people: dict[str, Alleles]
    ) -> None:
        every = [entries(world, people[name]) for name in ("father", "mother")]
        whole, keys = compare(*map(np.sort, every)), [set((one >> 1).tolist()) for one in every]
        # Whole lists are longer than a sketch and so are cut at the lower of their last ranks.
        assert abs(whole.shared - len(keys[0] & keys[1])) <= 1
        part = compare(*map(make_sketch, every))
        assert part.shared / part.smaller == pytest.approx(whole.shared / whole.smaller, abs=0.06)
        concordances = [one.concordant / one.shared for one in (part, whole)]
        assert concordances[0] == pytest.approx(concordances[1], abs=0.06)

    def test_repeated_genomes_share_a_band_and_strangers_do_not(self, world: World) -> None:
        genomes = [world.founder("XX") for _ in range(40)]
        first = [set(bands(make_sketch(entries(world, one)))) for one in genomes]
        again = [set(bands(make_sketch(entries(world, noisy(world, one))))) for one in genomes]
        assert all(len(own) == BANDS for own in first)
        assert all(own & other for own, other in zip(first, again, strict=True))
        crossed = sum(bool(first[i] & again[j]) for i in range(40) for j in range(40) if i != j)
        assert crossed <= 15

    def test_of_too_few_places_nothing_is_said(self, world: World) -> None:
        one = make_sketch(entries(world, world.founder("XX")))
        few = compare(one[: LIMITS.min_shared - 1], one[: LIMITS.min_shared - 1])
        assert not few.is_same(LIMITS)
        narrow = one[np.isin(windows_of(one), windows_of(one)[:15])]
        assert not compare(narrow, narrow).is_same(LIMITS)

    @given(st.sets(st.integers(1, 248_000_000), min_size=1, max_size=300))
    def test_comparing_is_symmetric(self, places: set[int]) -> None:
        pos = np.array(sorted(places), np.int64)
        zero = np.zeros(len(pos), np.int64)
        hom = pos % 2 == 0
        one = make_sketch(pack_entries(pos, zero + 1, zero, zero + 2, hom))
        other = make_sketch(
            pack_entries(pos[::2], zero[::2] + 1, zero[::2], zero[::2] + 2, hom[::2])
        )
        assert compare(one, other) == compare(other, one)
        assert compare(one, other).concordant == compare(one, other).shared == len(other)


def windows_of(sketch: Sketch) -> Sketch:
    """The megabase of each entry."""
    return np.concatenate([windows(sketch[at : at + 1]) for at in range(len(sketch))])


class TestMeeting:
    def test_pushes_at_the_same_time_meet_as_they_commit(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        world = World()
        genome, stranger = world.founder("XY"), world.founder("XY")
        mine = [Tube("a", "A", "XY", genome, seed=1), Tube("b", "B", "XY", stranger)]
        arrivals = looked_at(warehouse, push_dir(tmp_path / "N1", world, mine), tmp_path / "out")
        door = examine(warehouse, arrivals, tmp_path / "spill")
        assert door.warnings == ()
        others = [Tube("c", "C", "XY", genome, seed=2), Tube("d", "B", "XY", genome, seed=3)]
        push_batch(warehouse, push_dir(tmp_path / "N2", world, others))
        with writing(warehouse.engine) as connection:
            lock_head(connection)
            door.meet(connection)
            first = door.warnings
            door.meet(connection)
            assert door.warnings == first
        assert {one.reason: one.examples for one in first} == {
            "same_genome_two_persons": (2,),
            "two_genomes_one_person": (3,),
        }

    def test_the_door_leaves_no_file_and_no_row(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        world = World()
        tubes = [Tube("a", "A", "XY", world.founder("XY"))]
        batch = push_dir(tmp_path / "N1", world, tubes)
        with open_session(sqlite_warehouse, "push") as session:
            arrivals = looked_at(sqlite_warehouse, batch, session.staging)
            before = sorted(session.staging.rglob("*"))
            examine(sqlite_warehouse, arrivals, session.staging / "spill")
            assert [path for path in session.staging.rglob("*") if path.is_file()] == [
                path for path in before if path.is_file()
            ]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("door_snvs", {"multiplier": 3, "below": 5}),
        ("door_sex", {"x_first": 1, "x_last": 2, "y_first": 1, "y_last": 2}),
        ("door_calls", {"contig": "1", "first": 1, "last": 2}),
        ("door_callable", {"contig": "1", "first": 1, "last": 2, "page": 9}),
        ("door_known_y", {}),
    ],
)
def test_statements_bind(tmp_path: Path, name: str, parameters: dict[str, int | str]) -> None:
    table = "callable" if name in ("door_callable", "door_known_y") else "calls"
    path = tmp_path / "empty.parquet"
    pq.write_table(LAKE_TABLES[table].empty_table(), path)
    with duckdb.connect() as database:
        database.execute("CREATE TABLE looked_at (sample INTEGER)")
        rows = database.execute(statement(name), {"files": [str(path)], **parameters}).fetchall()
    assert rows == []
