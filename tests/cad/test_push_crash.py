"""Many pushes at once, and pushes killed anywhere: a whole batch or none, never a part."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from pydantic import ByteSize
from sqlalchemy import select

from cad.faults import EXIT_CODE, PROTOCOL_STEPS, all_steps, reach
from cad.push import push_batch
from cad.registry.engine import reading
from cad.registry.tables import commit
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import BatchRefused
from tests import crash
from tests.batch_dir import BatchDir, vcf
from tests.pushed import Row, assert_swept_clean, assert_whole, batch_ids, contents, family

SPREAD_KILLS = 30
AFTER_COMMIT = ("push:committed", "push:finished")


def commits(warehouse: Warehouse) -> list[int]:
    with reading(warehouse.engine) as connection:
        return list(connection.scalars(select(commit.c.commit_no).order_by(commit.c.commit_no)))


@pytest.fixture
def batch(tmp_path: Path) -> BatchDir:
    return family(tmp_path / "batch")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """What the batch holds where nothing went wrong."""
    folder = tmp_path_factory.mktemp("whole")
    with Warehouse.create(folder / "w", "GRCh38") as warehouse:
        push_batch(warehouse, family(folder / "b").path)
        return contents(warehouse)


NONE: dict[str, list[Row]] = {"calls": [], "callable": [], "tracks": []}


class TestKilled:
    @pytest.mark.parametrize("step", all_steps("push"))
    def test_at_each_step(
        self, warehouse: Warehouse, batch: BatchDir, whole: dict[str, list[Row]], step: str
    ) -> None:
        assert crash.run(crash.push_at, warehouse.path, batch.path, step) == EXIT_CODE
        assert contents(warehouse) == (whole if step in AFTER_COMMIT else NONE)
        assert_whole(warehouse)

        again = push_batch(warehouse, batch.path)
        assert again.status == ("unchanged" if step in AFTER_COMMIT else "accepted")
        assert contents(warehouse) == whole
        assert commits(warehouse) == [1]
        assert_swept_clean(warehouse)
        assert contents(warehouse) == whole

    def test_at_thirty_places_spread_over_the_push(
        self, warehouse: Warehouse, batch: BatchDir, whole: dict[str, list[Row]], tmp_path: Path
    ) -> None:
        """A kill anywhere between two calls, in a push that replaces another."""
        other = family(tmp_path / "other")
        other.manifest["pipeline"] = {"name": "gatk", "version": "5"}
        other.write()
        push_batch(warehouse, batch.path)
        told = tmp_path / "calls"
        assert crash.run(crash.count_calls, warehouse.path, other.path, told) == 0
        total, before = int(told.read_text()), 2
        pushes = [batch.path, other.path]
        landed = 0
        for number in range(SPREAD_KILLS):
            at = 1 + total * number // SPREAD_KILLS
            code = crash.run(crash.push_until, warehouse.path, pushes[0], at)
            assert code in (crash.KILLED, 0)
            assert contents(warehouse) == whole
            assert_whole(warehouse)
            now = len(commits(warehouse))
            assert now - before in (0, 1)
            landed += now - before
            if now > before:
                pushes.reverse()
            before = now
        assert landed < SPREAD_KILLS / 2
        assert push_batch(warehouse, pushes[0], replace=True).status == "accepted"
        assert contents(warehouse) == whole
        assert_swept_clean(warehouse)
        assert contents(warehouse) == whole

    def test_no_step_without_a_name(self) -> None:
        with pytest.raises(KeyError):
            reach("push:somewhere")
        assert {f"push:{step}" for step in PROTOCOL_STEPS} < set(all_steps("push"))


class TestAtOnce:
    def test_all_land(self, warehouse: Warehouse, tmp_path: Path) -> None:
        ids = [[f"P{process}-{number}" for number in range(3)] for process in range(4)]
        batches = [[family(tmp_path / name, name).path for name in names] for names in ids]
        # One batch is everybody's: only the first of them gets it in.
        shared = family(tmp_path / "shared", "SHARED").path
        processes = [
            crash.start(crash.push, warehouse.path, *paths[:2], shared, *paths[2:])
            for paths in batches
        ]
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * 4

        expected = sorted([*(name for names in ids for name in names), "SHARED"])
        assert batch_ids(warehouse) == expected
        assert commits(warehouse) == list(range(1, 14))
        assert len(contents(warehouse)["calls"]) == 13 * 4
        assert_whole(warehouse)
        assert_swept_clean(warehouse)

    def test_reader_is_never_shown_a_part(
        self, warehouse: Warehouse, batch: BatchDir, whole: dict[str, list[Row]]
    ) -> None:
        with ThreadPoolExecutor(1) as pool:
            pushing = pool.submit(push_batch, warehouse, batch.path)
            seen = []
            while not pushing.done():
                seen.append(contents(warehouse))
            pushing.result()
        assert all(found in (NONE, whole) for found in seen)
        assert contents(warehouse) == whole


class TestProcesses:
    """Files read in processes of their own."""

    @pytest.fixture
    def apart(self, tmp_path: Path) -> Iterator[Warehouse]:
        settings = Settings(threads=2, parallel_bytes=ByteSize(0))
        with Warehouse.create(tmp_path / "w", "GRCh38", settings=settings) as made:
            yield made

    def test_give_the_same(
        self, apart: Warehouse, batch: BatchDir, whole: dict[str, list[Row]]
    ) -> None:
        told: list[tuple[int, int]] = []
        receipt = push_batch(apart, batch.path, progress=lambda *now: told.append(now))
        assert [file.path for file in receipt.files] == ["trio.vcf", "x.vcf"]
        assert contents(apart) == whole
        assert told[-1][0] == told[-1][1]

    def test_refuse_the_same(self, apart: Warehouse, batch: BatchDir) -> None:
        lines = ("chr22 10 . A G . . . GT 0/0", "chr22 9 . A G . . . GT 0/0")
        batch.manifest["files"].pop()
        batch.add("unsorted.vcf", vcf("FATHER", lines=lines))
        batch.write()
        with pytest.raises(BatchRefused) as caught:
            push_batch(apart, batch.path)
        assert caught.value.reason == "file_unsorted"
        assert contents(apart) == NONE
        assert not any(apart.staging.iterdir())

    def test_end_with_a_killed_push(
        self, apart: Warehouse, batch: BatchDir, tmp_path: Path
    ) -> None:
        told = tmp_path / "readers"
        assert crash.run(crash.push_apart, apart.path, batch.path, told) == crash.KILLED
        readers = {int(number) for number in told.read_text().split()}
        assert len(readers) >= 2
        left = [process for process in psutil.process_iter() if process.pid in readers]
        assert psutil.wait_procs(left, timeout=60)[1] == []
        assert contents(apart) == NONE
        assert_swept_clean(apart)
