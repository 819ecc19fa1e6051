"""Results as JSON lines: one line for each side of each task, complete in itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.counts_file import Digest


@dataclass(frozen=True)
class Result:
    """What one side of one task gave.

    Attributes:
        run: which run; only sides of one run are compared.
        size: of the data.
        task: the question.
        side: who answered.
        tool: the program, and its version.
        repeats: how often it was measured.
        cpu_s: user and system seconds of the process tree, median.
        cpu_all: the same of each repeat.
        startup_s: CPU seconds of the same commands on tiny data: what starting costs.
        wall_s: seconds on the clock, median.
        peak_rss: bytes of the largest process, of all repeats.
        figures: more of the side, each the median; seconds, bytes or numbers.
        group: sides of one group must count alike.
        counts: what the side counted.
        git: revision of the code.
        versions: of Python and the libraries.
        machine: cores, memory, processor.
    """

    run: str
    size: str
    task: str
    side: str
    tool: str
    repeats: int
    cpu_s: float
    cpu_all: tuple[float, ...]
    startup_s: float
    wall_s: float
    peak_rss: int
    figures: dict[str, float]
    group: str
    counts: Digest
    git: str
    versions: dict[str, str]
    machine: dict[str, str | int]

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(_rounded(asdict(self)))

    @classmethod
    def from_line(cls, line: str) -> Result:
        """Read a line of JSON.

        Raises:
            ValueError: it is not such a line.
        """
        row = json.loads(line)
        names = {field.name for field in fields(cls)}
        if not isinstance(row, dict) or row.keys() != names:
            raise ValueError("not a line of benchmark results")
        return cls(**{**row, "counts": Digest(**row["counts"]), "cpu_all": tuple(row["cpu_all"])})


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Write results, in place of those that were there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(result.to_line() + "\n" for result in results)
    path.write_text(text, encoding="utf-8")


def read_results(path: Path) -> list[Result]:
    """Read results.

    Raises:
        ValueError: a line is not one of them.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Result.from_line(line) for line in lines if line.strip()]


def _rounded(value: Any) -> Any:
    """Floats to 6 significant digits: more would pretend."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
