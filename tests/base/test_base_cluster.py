"""A real Spark cluster counts the base, and goes on counting when one of its workers is killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.base.cluster import Cluster
from tests.base.engines import assert_one_base
from tests.base.nights import Nights
from tests.twin.cohorts import Shape, random_batch_dirs

SHAPE = Shape(callabilities=("bed", "sites", "blocks"), batches=4)


@pytest.mark.slow
def test_a_build_survives_the_kill_of_a_worker(tmp_path: Path) -> None:
    cohort = random_batch_dirs(11, tmp_path / "cohort", SHAPE)
    (tmp_path / "shared").mkdir()
    with (
        Nights.of(cohort, tmp_path / "cluster") as nights,
        Nights.of(cohort, tmp_path / "alone") as alone,
        Cluster.start(tmp_path / "spark", workers=2) as cluster,
    ):
        for batch in cohort.batches:
            nights.push(batch)
            alone.push(batch)
        alone.build()
        doomed = cluster.workers[0]
        command = [sys.executable, "-m", "tests.base.cluster", str(nights.warehouse.path)]
        command += [cluster.master, str(tmp_path / "shared"), str(doomed.pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert doomed.wait() < 0
        assert told["executors_left"] == 1
        assert told["killed_in_stage"] < told["last_stage"]
        assert assert_one_base(nights.warehouse, alone.warehouse) > 0
        nights.check(cohort.places)
    assert list((tmp_path / "shared").iterdir()) == []
