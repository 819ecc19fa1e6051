"""Sessions, commits and pins: what one writer does, and what others see of it meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, insert, select

from cad.commit import Session, open_session
from cad.leases import kept_alive, pin
from cad.registry.engine import reading, writing
from cad.registry.files import remove_files
from cad.registry.numbers import latest_commit
from cad.registry.sessions import close_session, session_states
from cad.registry.tables import commit, lease, session, tombstone
from cad.sweep import sweep
from cad.warehouse import Warehouse
from schemas.errors import Conflict, Unavailable
from tests.staged import adding, commit_file, expire_all, on_disk, seen, stage


class BoomError(Exception):
    """What a writer may die of."""


def commits(warehouse: Warehouse) -> list[int]:
    with reading(warehouse.engine) as connection:
        return list(connection.scalars(select(commit.c.commit_no).order_by(commit.c.commit_no)))


class TestSession:
    def test_commit_makes_files_exist(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            files = [stage(writer, "deep/er/a"), stage(writer, "b", table="tracks")]
            result = writer.commit(adding(writer, *files), files)

        assert result == (1, None)
        assert seen(warehouse) == ["a"]
        assert [name for name in on_disk(warehouse) if name.endswith(("a", "b"))] == [
            "lake/1/b",
            "lake/1/deep/er/a",
        ]
        assert (warehouse.path / "lake/1/deep/er/a").read_bytes() == b"rows"
        assert list(warehouse.staging.iterdir()) == []

    def test_result_of_what_is_applied_is_returned(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            assert writer.commit(lambda _, number: f"commit {number}") == (1, "commit 1")
        assert on_disk(warehouse) == []

    def test_block_left_without_commit_leaves_nothing(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            stage(writer, "a")
        assert (on_disk(warehouse), seen(warehouse), commits(warehouse)) == ([], [], [])

    def test_error_leaves_nothing(self, warehouse: Warehouse) -> None:
        def fail() -> None:
            with open_session(warehouse, "push") as writer:
                stage(writer, "a")
                raise BoomError

        with pytest.raises(BoomError):
            fail()
        assert (on_disk(warehouse), commits(warehouse)) == ([], [])

    def test_error_in_the_transaction_leaves_nothing(self, warehouse: Warehouse) -> None:
        def apply(connection: Connection, _: int) -> None:
            connection.execute(insert(tombstone).values(keyed_hash="x"))
            raise BoomError

        with pytest.raises(BoomError), open_session(warehouse, "push") as writer:
            writer.commit(apply, [stage(writer, "a")])
        with reading(warehouse.engine) as connection:
            assert connection.scalars(select(tombstone.c.keyed_hash)).all() == []
            assert session_states(connection) == {1: "aborted"}
        assert (on_disk(warehouse), commits(warehouse)) == ([], [])
        assert commit_file(warehouse, "b") == 1

    def test_strays_are_not_committed(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            kept = stage(writer, "kept")
            stage(writer, "scratch/stray")
            writer.commit(adding(writer, kept), [kept])
        assert [path.name for path in warehouse.lake.folder.rglob("*") if path.is_file()] == [
            "kept"
        ]

    @pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"more rows")])
    def test_lost_file_is_noticed(
        self, warehouse: Warehouse, spoil: Callable[[Path], object]
    ) -> None:
        with open_session(warehouse, "push") as writer:
            file = stage(writer, "a")
            spoil(file.path)
            with pytest.raises(Conflict) as caught:
                writer.commit(adding(writer, file), [file])
        assert caught.value.reason == "staged_file_lost"
        assert on_disk(warehouse) == []

    def test_numbers_are_never_given_twice(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as one, open_session(warehouse, "push") as other:
            assert [one.reserve("sample", 3), other.reserve("sample", 2)] == [1, 4]
        with open_session(warehouse, "push") as third:
            assert (third.number, third.reserve("sample", 1)) == (3, 6)


class TestExpiry:
    def test_swept_writer_cannot_commit(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            file = stage(writer, "a")
            with writing(warehouse.engine) as connection:
                # The sweep's first half: the writer still has its files, and must not commit them.
                close_session(connection, writer.number, "aborted")
            with pytest.raises(Conflict) as caught:
                writer.commit(adding(writer, file), [file])
        assert caught.value.reason == "session_expired"
        sweep(warehouse)
        assert (on_disk(warehouse), commits(warehouse)) == ([], [])

    def test_slow_writer_that_was_not_swept_commits(self, warehouse: Warehouse) -> None:
        with open_session(warehouse, "push") as writer:
            file = stage(writer, "a")
            expire_all(warehouse)
            writer.commit(adding(writer, file), [file])
        assert seen(warehouse) == ["a"]

    def test_writer_is_told_early(self, warehouse: Warehouse) -> None:
        lost = Event()
        writer = Session(warehouse, "push", 1, lost)
        writer.check()
        lost.set()
        with pytest.raises(Conflict) as caught:
            writer.check()
        assert caught.value.reason == "session_expired"

    def test_lease_is_renewed_until_the_end(self) -> None:
        answers = iter((True, True, False))
        renewed = []

        def renew() -> bool:
            renewed.append(1)
            return next(answers)

        with kept_alive(renew, 0) as lost:
            assert lost.wait(60)
        assert len(renewed) == 3

    def test_renewal_outlives_a_busy_registry(self) -> None:
        answers = iter((Unavailable("registry_unusable", "busy"), True, False))

        def renew() -> bool:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with kept_alive(renew, 0) as lost:
            assert lost.wait(60)

    def test_renewal_puts_the_end_off(self, warehouse: Warehouse) -> None:
        quick = warehouse.settings.model_copy(update={"session_seconds": 0})
        with open_session(replace(warehouse, settings=quick), "push") as writer:
            renewed = select(session.c.expires_at).where(session.c.session_no == writer.number)
            with reading(warehouse.engine) as connection:
                before = connection.scalar(renewed)
            for _ in range(10_000):
                with reading(warehouse.engine) as connection:
                    after = connection.scalar(renewed)
                if after != before:
                    break
            assert before is not None
            assert after is not None
            assert after > before


class TestPin:
    def test_reader_sees_nothing_younger(self, warehouse: Warehouse) -> None:
        commit_file(warehouse, "a")
        with pin(warehouse) as pinned:
            commit_file(warehouse, "b")
            assert (pinned, seen(warehouse, pinned), seen(warehouse)) == (1, ["a"], ["a", "b"])

    def test_pin_is_let_go_of(self, warehouse: Warehouse) -> None:
        def leases() -> list[int]:
            with reading(warehouse.engine) as connection:
                return list(connection.scalars(select(lease.c.commit_no)))

        def fail() -> None:
            with pin(warehouse):
                assert leases() == [0]
                raise BoomError

        with pytest.raises(BoomError):
            fail()
        assert leases() == []

    def test_removed_file_lives_as_long_as_a_reader_sees_it(self, warehouse: Warehouse) -> None:
        commit_file(warehouse, "a")
        with pin(warehouse) as early, pin(warehouse):
            with open_session(warehouse, "compact") as writer:
                writer.commit(lambda connection, number: remove_files(connection, number, [1]))
            with pin(warehouse):
                assert sweep(warehouse).files_deleted == 0
            assert (seen(warehouse, early), seen(warehouse)) == (["a"], [])
            assert (warehouse.path / "lake/1/a").exists()
        with pin(warehouse):
            assert sweep(warehouse).files_deleted == 1
        assert on_disk(warehouse) == []

    def test_dead_reader_s_lease_runs_out(self, warehouse: Warehouse) -> None:
        commit_file(warehouse, "a")
        with pin(warehouse):
            with open_session(warehouse, "compact") as writer:
                writer.commit(lambda connection, number: remove_files(connection, number, [1]))
            expire_all(warehouse)
            report = sweep(warehouse)
        assert (report.leases_ended, report.files_deleted) == (1, 1)


class TestManyWriters:
    def test_all_land_and_numbers_have_no_gaps(self, warehouse: Warehouse) -> None:
        names = [f"file-{number}" for number in range(12)]
        with ThreadPoolExecutor(4) as pool:
            numbers = list(pool.map(lambda name: commit_file(warehouse, name), names))
        assert sorted(numbers) == commits(warehouse) == list(range(1, 13))
        assert sorted(seen(warehouse)) == sorted(names)

    def test_no_number_is_read_before_all_earlier_ones(self, warehouse: Warehouse) -> None:
        """A number taken early and committed late let a pinned reader see {B}, then {A, B}."""
        order: list[str] = []
        first_is_in, reader_is_done = Event(), Event()

        def slow(connection: Connection, number: int) -> None:
            order.append("A in")
            first_is_in.set()
            assert reader_is_done.wait(60)
            order.append("A out")

        def commit_slowly() -> int:
            with open_session(warehouse, "push") as writer:
                return writer.commit(slow)[0]

        def commit_quickly(writer: Session) -> int:
            return writer.commit(lambda *_: order.append("B in"))[0]

        with (
            open_session(warehouse, "push") as other,
            ThreadPoolExecutor(2) as pool,
        ):
            slow_number = pool.submit(commit_slowly)
            assert first_is_in.wait(60)
            quick_number = pool.submit(commit_quickly, other)
            with reading(warehouse.engine) as connection:
                assert latest_commit(connection) == 0
            reader_is_done.set()
            assert (slow_number.result(60), quick_number.result(60)) == (1, 2)
        assert order == ["A in", "A out", "B in"]
