"""What a task is: one question, and the sides that answer it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.folders import Data
from benchmarks.measure import Command, run, step

Figures = Mapping[str, float]


def _nothing(_: Path) -> None:
    """Prepares nothing."""


def _no_figures(_folder: Path, _printed: Sequence[str]) -> Figures:
    return {}


@dataclass(frozen=True)
class Side:
    """One way to answer a task's question.

    Each repeat gets an empty folder. `prepare` works in it unmeasured, then `commands` are measured
    together; `figures` reads more from what they left and printed. After the last repeat `count`
    writes what the side counted to a file as `benchmarks.counts_file` describes it.

    Attributes:
        name: of the side, unique in the task.
        tool: the program that is measured, as `benchmarks.machine.tool_version` knows it.
        group: sides of one group must count alike.
    """

    name: str
    tool: str
    commands: Callable[[Path], Sequence[Command]]
    count: Callable[[Path, Path], None]
    prepare: Callable[[Path], None] = _nothing
    figures: Callable[[Path, Sequence[str]], Figures] = _no_figures
    group: str = "all"


@dataclass(frozen=True)
class Task:
    """A question, and how to set up what its sides share.

    Attributes:
        name: for the command line.
        text: the question.
        sides: of some data, the sides; what they share is made in the given folder, unmeasured.
    """

    name: str
    text: str
    sides: Callable[[Data, Path], list[Side]]


def counted_base(
    warehouse: str, attribute: str = "all", which: str = "raw"
) -> Callable[[Path, Path], None]:
    """Count by a warehouse's base; `warehouse` is its name in the side's folder."""

    def count(folder: Path, out: Path) -> None:
        run(step("base_counts", folder / warehouse, out, attribute, which))

    return count


def kept_counts(name: str) -> Callable[[Path, Path], None]:
    """Take the counts that the measured command left in the side's folder."""

    def count(folder: Path, out: Path) -> None:
        shutil.copyfile(folder / name, out)

    return count


def counted_vcf(name: str) -> Callable[[Path, Path], None]:
    """Count the genotypes of a VCF or BCF in the side's folder."""

    def count(folder: Path, out: Path) -> None:
        filled = folder / "filled.bcf"
        run(["bcftools", "+fill-AN-AC", folder / name, "-Ob", "-o", filled])
        run(step("vcf_counts", filled, out, "all"))

    return count


def printed_json(printed: Sequence[str]) -> dict[str, float]:
    """The JSON object that the last command printed."""
    found: dict[str, float] = json.loads(printed[-1])
    return found
