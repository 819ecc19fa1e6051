"""A night of a few persons added to cohorts of two sizes: counting must not depend on theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data, variant_files
from benchmarks.measure import run, step
from benchmarks.stores import build, copy, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base, counted_vcf, printed_json

SMALLER: Final = "smaller cohort"
LARGER: Final = "larger cohort"
_MERGE: Final = ("merge", "-0", "-Ob", "-o")


def _sides(data: Data, shared: Path) -> list[Side]:
    warm = shared / "warm"
    make_empty(warm)
    run(push(warm, data.tiny.joint))
    return [
        side
        for name, persons in zip((SMALLER, LARGER), data.cohorts, strict=True)
        for side in _of_cohort(data, shared, name, persons)
    ]


def _of_cohort(data: Data, shared: Path, name: str, persons: int) -> list[Side]:
    """CAD's commands, its build taken apart, and a new merge of the cohort with the night."""
    before, after = shared / f"before-{persons}", shared / f"after-{persons}"
    bcf = shared / f"cohort-{persons}.bcf"
    (vcf,) = variant_files(data.cohort(persons))
    make_empty(before)
    run(push(before, data.cohort(persons)))
    run(build(before))
    copy(before, after)
    run(push(after, data.night))
    run(step("bcftools", "view", "-Ob", "-o", bcf, vcf))
    run(["bcftools", "index", bcf])
    about = {**data.made("night"), "persons": persons}

    def prepare_steps(folder: Path) -> None:
        copy(after, folder / "store")
        copy(shared / "warm", folder / "warm")

    def figures(_folder: Path, printed: Sequence[str]) -> Figures:
        return {**about, **printed_json(printed)}

    return [
        Side(
            f"cad, {name}",
            "cad",
            prepare=lambda folder: copy(before, folder / "store"),
            commands=lambda folder: [push(folder / "store", data.night), build(folder / "store")],
            figures=lambda _folder, _printed: about,
            count=counted_base("store"),
            group=name,
        ),
        Side(
            f"cad build, {name}",
            "cad",
            prepare=prepare_steps,
            commands=lambda folder: [step("build", folder / "store", folder / "warm")],
            figures=figures,
            count=counted_base("store"),
            group=name,
        ),
        Side(
            f"bcftools merge, {name}",
            "bcftools (pysam)",
            commands=lambda folder: [
                step("bcftools", *_MERGE, folder / "merged.bcf", bcf, *variant_files(data.night))
            ],
            count=counted_vcf("merged.bcf"),
            group=name,
        ),
    ]


TASK = Task("night", "a night of few persons added to two cohorts", _sides)
