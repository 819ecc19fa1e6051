"""A build in this process: ``python -m benchmarks.steps.build WAREHOUSE WARM``.

`WARM` is a small warehouse that is built first, so that loading compiled code is not taken for
counting. Prints one JSON object: the CPU seconds, of all threads, that the build of `WAREHOUSE`
took as a whole (`build`), and of it for counting calls and denominators (`counting`), and for
adding them to the base and writing it (`merging`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import process_time

from cad.build.run import BuildReport, build_base
from cad.warehouse import Warehouse


def main(folder: str, warm: str) -> None:
    """Build both, and print what the build of the first reports."""
    _build(warm)
    began = process_time()
    report = _build(folder)
    found = {
        "build": process_time() - began,
        "counting": report.counting_cpu,
        "merging": report.merging_cpu,
    }
    sys.stdout.write(json.dumps(found))


def _build(folder: str) -> BuildReport:
    with Warehouse.open(Path(folder)) as warehouse:
        return build_base(warehouse)


if __name__ == "__main__":
    main(*sys.argv[1:])
