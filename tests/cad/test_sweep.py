"""The sweep deletes what nobody needs, and nothing else."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert

from cad.commit import open_session
from cad.faults import EXIT_CODE, all_steps
from cad.registry.batches import insert_batch, insert_bucket
from cad.registry.engine import reading, registry_now, writing
from cad.registry.files import registered_paths, remove_empty_buckets, remove_files
from cad.registry.samples import insert_samples, move_samples, remove_samples
from cad.registry.sessions import session_states
from cad.registry.tables import folded
from cad.sweep import SweepReport, sweep
from cad.warehouse import Warehouse
from tests import crash
from tests.staged import adding, commit_file, expire_all, on_disk, seen, stage

NOTHING = SweepReport(0, 0, 0, 0, 0)


def die(warehouse: Warehouse, step: str) -> None:
    """Let a writer die where it commits one file."""
    assert crash.run(crash.commit_one, warehouse.path, "push", f"push:{step}") == EXIT_CODE


def remove(warehouse: Warehouse, *file_nos: int) -> None:
    """Remove files in a commit of their own."""
    with open_session(warehouse, "compact") as writer:
        writer.commit(lambda connection, number: remove_files(connection, number, file_nos))


class TestDeadWriters:
    @pytest.mark.parametrize(("step", "left"), [("staged", "staging/1/a"), ("moved", "lake/1/a")])
    def test_leftovers_go_once_the_lease_has_run_out(
        self, warehouse: Warehouse, step: str, left: str
    ) -> None:
        die(warehouse, step)
        assert left in on_disk(warehouse)
        assert sweep(warehouse) == NOTHING
        assert left in on_disk(warehouse)

        expire_all(warehouse)
        assert sweep(warehouse) == SweepReport(1, 0, 1, 0, len(b"rows"))
        assert (on_disk(warehouse), seen(warehouse)) == ([], [])
        with reading(warehouse.engine) as connection:
            assert session_states(connection) == {1: "aborted"}

    def test_committed_files_stay_when_their_writer_dies_later(self, warehouse: Warehouse) -> None:
        die(warehouse, "committed")
        expire_all(warehouse)
        assert sweep(warehouse) == NOTHING
        assert (on_disk(warehouse), seen(warehouse)) == (["lake/1", "lake/1/a"], ["a"])

    def test_living_writer_keeps_its_files(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            file = stage(writer, "a")
            assert sweep(warehouse) == NOTHING
            writer.commit(adding(writer, file), [file])
            assert sweep(warehouse) == NOTHING
        assert seen(warehouse) == ["a"]

    def test_what_is_not_ours_stays(self, warehouse: Warehouse) -> None:
        for folder in (warehouse.lake.folder, warehouse.staging):
            (folder / "README").write_text("an operator's note")
            # No session bears this number: it may be another registry's, restored from a copy.
            (folder / "77").mkdir()
            (folder / "77" / "a").write_text("rows")
        before = on_disk(warehouse)
        assert sweep(warehouse) == NOTHING
        assert on_disk(warehouse) == before


class TestRemovedFiles:
    def test_removed_file_is_deleted_and_others_stay(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            files = [stage(writer, "x/a"), stage(writer, "x/b")]
            writer.commit(adding(writer, *files), files)
        remove(warehouse, 1)
        assert sweep(warehouse) == SweepReport(0, 0, 0, 1, len(b"rows"))
        assert on_disk(warehouse) == ["lake/1", "lake/1/x", "lake/1/x/b"]
        with reading(warehouse.engine) as connection:
            assert registered_paths(connection) == {"lake/1/x/b"}

    def test_emptied_folders_go(self, warehouse: Warehouse) -> None:
        commit_file(warehouse, "deep/er/a")
        remove(warehouse, 1)
        sweep(warehouse)
        assert on_disk(warehouse) == []

    @pytest.mark.parametrize("step", all_steps("sweep"))
    def test_sweep_cut_short_is_completed_by_the_next(
        self, warehouse: Warehouse, step: str
    ) -> None:
        for name in ("a", "b", "c"):
            commit_file(warehouse, name)
        remove(warehouse, 1, 2)
        die(warehouse, "moved")
        expire_all(warehouse)
        assert crash.run(crash.sweep_until, warehouse.path, step) == EXIT_CODE
        assert seen(warehouse) == ["c"]
        sweep(warehouse)
        assert on_disk(warehouse) == ["lake/3", "lake/3/c"]


class TestFoldedSamples:
    """Files of samples that the base still counts; the next build reads them to take them out."""

    def load(self, connection: Connection, commit_no: int) -> int:
        """A batch of one sample, and the bucket of its rows."""
        now = registry_now(connection)
        text = dict.fromkeys(
            ("batch_id", "platform", "pipeline_name", "pipeline_version", "content_sha256"), "x"
        )
        row = {**text, "batch_id": f"B{commit_no}", "receipt": {}, "pushed_at": now}
        batch_no = insert_batch(connection, commit_no, row)
        sample = dict.fromkeys(
            ("sample_id", "person_id", "sex", "material", "assay", "affected"), "x"
        )
        flags = dict.fromkeys(("founder", "has_germline", "has_mitochondrial"), True)
        number = {"sample_no": batch_no, "batch_no": batch_no, "added_at": commit_no}
        insert_samples(connection, [{**sample, **flags, **number}])
        bucket_no = insert_bucket(connection, commit_no, "batch")
        move_samples(connection, commit_no, [batch_no], bucket_no)
        return bucket_no

    @pytest.fixture
    def loaded(self, warehouse: Warehouse) -> Warehouse:
        """Sample 1 with one file, counted in the base."""

        def apply(connection: Connection, commit_no: int) -> None:
            bucket_no = self.load(connection, commit_no)
            writer.add_files(connection, commit_no, [file], bucket_no=bucket_no)
            person = {"purpose": "care", "person_id": "P", "sample_no": 1, "sex": "XX"}
            connection.execute(insert(folded).values(**person, strata=[1], rules_version=1))

        with open_session(warehouse, "push") as writer:
            file = stage(writer, "a")
            writer.commit(apply, [file])
        return warehouse

    def replace(self, warehouse: Warehouse) -> None:
        def apply(connection: Connection, commit_no: int) -> None:
            remove_empty_buckets(connection, commit_no, remove_samples(connection, commit_no, 1))

        with open_session(warehouse, "push") as writer:
            writer.commit(apply)

    def test_file_stays_until_the_sample_is_out_of_the_base(self, loaded: Warehouse) -> None:
        self.replace(loaded)
        assert seen(loaded) == []
        assert sweep(loaded).files_deleted == 0
        assert Path(loaded.lake.folder / "1" / "a").exists()

        with writing(loaded.engine) as connection:
            connection.execute(delete(folded))
        assert sweep(loaded).files_deleted == 1
        assert on_disk(loaded) == []

    def test_compacted_file_goes_though_its_sample_is_counted(self, loaded: Warehouse) -> None:
        def apply(connection: Connection, commit_no: int) -> None:
            bucket_no = insert_bucket(connection, commit_no, "compacted")
            move_samples(connection, commit_no, [1], bucket_no)
            remove_files(connection, commit_no, [1])
            writer.add_files(connection, commit_no, [file], bucket_no=bucket_no)

        with open_session(loaded, "compact") as writer:
            file = stage(writer, "b")
            writer.commit(apply, [file])
        assert sweep(loaded).files_deleted == 1
        self.replace(loaded)
        assert seen(loaded) == []
        assert sweep(loaded).files_deleted == 0
        assert on_disk(loaded) == ["lake/2", "lake/2/b"]

    def test_bucket_with_another_sample_keeps_its_files(self, loaded: Warehouse) -> None:
        def apply(connection: Connection, commit_no: int) -> None:
            self.load(connection, commit_no)
            move_samples(connection, commit_no, [2], 1)

        with open_session(loaded, "compact") as writer:
            writer.commit(apply)
        self.replace(loaded)
        assert seen(loaded) == ["a"]
