"""The two engines of CAD: a first build of the same batch, of a quarter, half and all its persons.

What is told is the ratio at each size, and so where it heads: both count the same base.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.batches import write_batch
from benchmarks.folders import Data, variant_files
from benchmarks.measure import cad, run, step
from benchmarks.stores import build, copy, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base

TIMES: Final = (1, 2, 4)


def side_name(engine: str, times: int) -> str:
    """The name of an engine's side at so many times the smallest size."""
    return f"{engine} x{times}"


def _sides(data: Data, shared: Path) -> list[Side]:
    (vcf,) = variant_files(data.joint)
    names = _samples(data.joint)
    sides = []
    for times in TIMES:
        store = shared / f"store{times}"
        chosen = names[: len(names) * times // TIMES[-1]]
        _store(vcf, chosen, shared / f"batch{times}", store)
        figures = _persons(len(chosen))
        for engine in ("duckdb", "hail"):
            sides.append(_side(engine, times, store, figures))
    return sides


def _samples(batch: Path) -> list[str]:
    lines = (batch / "samples.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines[1:]]


def _store(vcf: Path, samples: Sequence[str], batch: Path, store: Path) -> None:
    """A warehouse into which the VCF's first persons are pushed, not built yet."""
    batch.mkdir()
    listed = batch.with_suffix(".txt")
    listed.write_text("\n".join(samples) + "\n", encoding="utf-8")
    part = batch / "part.vcf.gz"
    run(step("bcftools", "view", "-S", listed, "-Oz", "-o", part, vcf))
    write_batch(batch, "PART", samples, "sites")
    make_empty(store)
    run(push(store, batch))


def _persons(count: int) -> Callable[[Path, Sequence[str]], Figures]:
    return lambda _folder, _printed: {"persons": float(count)}


def _side(
    engine: str, times: int, store: Path, figures: Callable[[Path, Sequence[str]], Figures]
) -> Side:
    def command(folder: Path) -> list[list[str | Path]]:
        if engine == "duckdb":
            return [list(build(folder / "store"))]
        words = ("--engine", "hail", "--format", "json", "-qq")
        return [cad("build", "-w", folder / "store", *words)]

    return Side(
        side_name(engine, times),
        "cad",
        prepare=lambda folder: copy(store, folder / "store"),
        commands=command,
        figures=figures,
        count=counted_base("store"),
        group=f"x{times}",
    )


TASK = Task("engines", "a first build on DuckDB and on Hail", _sides)
