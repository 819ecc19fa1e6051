"""What replaces a batch, and what becomes of the columns of withdrawn persons."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from cad.leases import pin
from cad.push import push_batch
from cad.receipt import Receipt
from cad.registry.engine import reading, writing
from cad.registry.numbers import latest_commit
from cad.registry.people import keyed_hash, resolved_consents
from cad.registry.samples import Sample, desired_samples
from cad.registry.tables import folded, phenotype, tombstone, visible
from cad.sweep import sweep
from cad.warehouse import Warehouse
from schemas.errors import CadError
from tests.batch_dir import BatchDir
from tests.pushed import (
    assert_swept_clean,
    assert_whole,
    batch_ids,
    change,
    contents,
    every_value,
    family,
)


@pytest.fixture
def made(tmp_path: Path) -> BatchDir:
    """The trio's batch."""
    return family(tmp_path / "batch")


def refused(push: Callable[[], object]) -> CadError:
    with pytest.raises(CadError) as caught:
        push()
    return caught.value


def samples_of(warehouse: Warehouse) -> list[Sample]:
    with reading(warehouse.engine) as connection:
        return desired_samples(connection, latest_commit(connection))


def withdraw(warehouse: Warehouse, *persons: str) -> None:
    """Leave the tombstones of withdrawn persons."""
    with writing(warehouse.engine) as connection:
        for person in persons:
            row = {"keyed_hash": keyed_hash(warehouse.key, person)}
            connection.execute(insert(tombstone).values(row))


class TestReplace:
    def replace(self, warehouse: Warehouse, made: BatchDir) -> Receipt:
        for name in ("samples.tsv", "consents.tsv", "phenotypes.tsv", "wgs.bed", "x.vcf"):
            change(made, name)
        return push_batch(warehouse, made.path, replace=True)

    def test_new_comes_where_old_leaves(self, warehouse: Warehouse, made: BatchDir) -> None:
        push_batch(warehouse, made.path)
        other = family(made.path.with_name("other"), "NIGHT-2")
        push_batch(warehouse, other.path)
        old = contents(warehouse)
        with pin(warehouse) as pinned:
            receipt = self.replace(warehouse, made)
            assert (receipt.commit, receipt.status) == (3, "accepted")
            sweep(warehouse)
            assert contents(warehouse, pinned) == old

        found = contents(warehouse)
        assert found["calls"] != old["calls"]
        untouched = [row for row in found["calls"] if row[0] == "NIGHT-2"]
        assert untouched == [row for row in old["calls"] if row[0] == "NIGHT-2"]
        one = [row[:6] for row in found["calls"] if row[2] == "X"]
        assert one == [("NIGHT-1", "FATHER", "X", 90000009, "G", "A")]
        assert len({row.sample_no for row in samples_of(warehouse)}) == 6
        with reading(warehouse.engine) as connection:
            assert resolved_consents(connection, 2) == {"P-CHILD": {"research": "given"}}
            codes = select(phenotype.c.code).where(visible(phenotype, 3), phenotype.c.batch_no == 3)
            assert sorted(connection.scalars(codes)) == ["HP:0001251", "HP:0001263"]
        assert batch_ids(warehouse) == ["NIGHT-1", "NIGHT-2"]
        assert_whole(warehouse)
        assert_swept_clean(warehouse)

    def test_same_result_as_pushing_the_new_alone(
        self, warehouse: Warehouse, made: BatchDir, tmp_path: Path
    ) -> None:
        push_batch(warehouse, made.path)
        self.replace(warehouse, made)
        with Warehouse.create(tmp_path / "alone", "GRCh38") as alone:
            push_batch(alone, made.path)
            assert contents(warehouse) == contents(alone)

    def test_old_files_stay_while_the_base_counts_them(
        self, warehouse: Warehouse, made: BatchDir
    ) -> None:
        push_batch(warehouse, made.path)
        counted = {"purpose": "care", "person_id": "P-CHILD", "sample_no": 3, "sex": "XX"}
        with writing(warehouse.engine) as connection:
            connection.execute(insert(folded).values(**counted, strata=[1], rules_version=1))
        self.replace(warehouse, made)
        assert sweep(warehouse).files_deleted == 0
        with writing(warehouse.engine) as connection:
            connection.execute(folded.delete())
        assert sweep(warehouse).files_deleted == 2  # calls and tracks; all is known elsewhere
        assert_swept_clean(warehouse)

    def test_of_nothing_is_a_push(self, sqlite_warehouse: Warehouse, made: BatchDir) -> None:
        assert push_batch(sqlite_warehouse, made.path, replace=True).status == "accepted"

    def test_refused_replacement_leaves_the_old(
        self, sqlite_warehouse: Warehouse, made: BatchDir
    ) -> None:
        push_batch(sqlite_warehouse, made.path)
        before = contents(sqlite_warehouse)
        made.manifest["files"][0]["records"] = 77
        made.write()
        refused(lambda: push_batch(sqlite_warehouse, made.path, replace=True))
        assert contents(sqlite_warehouse) == before


class TestWithdrawn:
    def test_columns_are_ignored_and_no_id_is_kept(
        self, warehouse: Warehouse, made: BatchDir
    ) -> None:
        withdraw(warehouse, "P-FATHER", "P-MOTHER")
        receipt = push_batch(warehouse, made.path)
        assert (receipt.samples, receipt.samples_ignored) == (1, 2)
        assert [entry.to_json() for entry in receipt.warnings] == [
            {"reason": "samples_ignored", "records": 2, "examples": []}
        ]
        assert [file.loaded for file in receipt.files] == [1, 0]
        text = every_value(warehouse)
        assert "P-CHILD" in text
        for gone in ("P-FATHER", "P-MOTHER", "'FATHER'", "'MOTHER'", "HP:0001263"):
            assert gone not in text
        [child] = samples_of(warehouse)
        assert (child.father_id, child.mother_id, child.founder) == (None, None, False)
        assert {row[1] for rows in contents(warehouse).values() for row in rows} == {"CHILD"}
        for path in warehouse.lake.folder.rglob("*.parquet"):
            assert b"FATHER" not in path.read_bytes()

    def test_batch_of_nobody_else_is_accepted(self, warehouse: Warehouse, made: BatchDir) -> None:
        withdraw(warehouse, "P-FATHER", "P-MOTHER", "P-CHILD")
        receipt = push_batch(warehouse, made.path)
        assert (receipt.samples, receipt.samples_ignored) == (0, 3)
        assert contents(warehouse) == {"calls": [], "callable": [], "tracks": []}
        assert push_batch(warehouse, made.path).status == "unchanged"

    def test_withdrawal_during_the_push_counts(self, warehouse: Warehouse, made: BatchDir) -> None:
        left = ["P-CHILD"]

        def withdraw_meanwhile(*_: int) -> None:
            while left:
                withdraw(warehouse, left.pop())

        receipt = push_batch(warehouse, made.path, progress=withdraw_meanwhile)
        assert (receipt.samples, receipt.samples_ignored) == (2, 1)
        assert "P-CHILD" not in every_value(warehouse)
        assert "CHILD" not in {row[1] for row in contents(warehouse)["calls"]}
        assert_swept_clean(warehouse)
