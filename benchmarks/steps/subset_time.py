"""Frequencies in a subset, in process: what an answer takes once the warehouse is open.

``python -m benchmarks.steps.subset_time WAREHOUSE OUT.tsv GENE VARIANT TERM...`` prints seconds on
the clock and of CPU of a gene's answer and of a variant's, the least of three each, and writes the
gene's counts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.counts_file import Counts, write_counts
from cad.cohort.filter import parse_filter
from cad.cohort.select import latest_cohort
from cad.query import BaseReader, open_base
from cad.questions.frequency import find_frequencies
from cad.warehouse import Warehouse

_TIMES = 3


def main(folder: str, out: str, gene: str, variant: str, *terms: str) -> None:
    """Ask, print what it took, and write the counts down."""
    chosen = parse_filter(terms)
    figures = {}
    with (
        Warehouse.open(Path(folder)) as warehouse,
        open_base(warehouse, "care") as base,
        latest_cohort(warehouse) as cohort,
    ):
        reader = BaseReader(warehouse, base)
        for name, what in (("gene", gene), ("variant", variant)):
            ask = partial(find_frequencies, reader, cohort, what, chosen)
            runs = [_timed(ask) for _ in range(_TIMES)]
            figures[f"{name}_s"] = min(run[0] for run in runs)
            figures[f"{name}_cpu_s"] = min(run[1] for run in runs)
        document = find_frequencies(reader, cohort, gene, chosen)
    counts: Counts = {}
    for one in document["variants"]:
        _, pos, ref, alt = one["variant"].split("-")
        counts[int(pos), ref, alt] = {"all": (one["ac"], one["an"])}
    write_counts(Path(out), counts)
    sys.stdout.write(json.dumps(figures))


def _timed(ask: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the clock, and of CPU."""
    wall, used = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - wall, time.process_time() - used


if __name__ == "__main__":
    main(*sys.argv[1:])
