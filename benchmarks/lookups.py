"""Timing of many lookups of one variant each, the same for every side."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter_ns, process_time
from typing import TypeVar

from benchmarks.counts_file import Counts, Key, add_counts, write_counts

Found = TypeVar("Found")

_ROUNDS = 5


def read_keys(path: Path) -> list[Key]:
    """The variants to look up, one per line: position, ref, alt."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [(int(pos), ref, alt) for pos, ref, alt in rows]


def time_lookups(lookup: Callable[[Key], Found], keys: Sequence[Key]) -> list[Found]:
    """Look every variant up, some rounds after an unmeasured one; returns what was found.

    Prints one JSON object: microseconds of CPU per lookup (`cpu_us`) and on the clock, the median
    (`p50_us`).
    """
    found = [lookup(key) for key in keys]
    walls = []
    began = process_time()
    for _ in range(_ROUNDS):
        for key in keys:
            started = perf_counter_ns()
            lookup(key)
            walls.append(perf_counter_ns() - started)
    spent = process_time() - began
    middle = sorted(walls)[len(walls) // 2]
    report = {"cpu_us": 1e6 * spent / len(walls), "p50_us": middle / 1000}
    sys.stdout.write(json.dumps(report))
    return found


def write_found(path: Path, keys: Sequence[Key], found: Sequence[tuple[int, int]]) -> None:
    """Write ac and an of everybody, as found."""
    counts: Counts = {}
    for key, figures in zip(keys, found, strict=True):
        add_counts(counts, key, {"all": figures})
    write_counts(path, counts)
