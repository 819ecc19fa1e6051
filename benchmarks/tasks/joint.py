"""A joint VCF into the store: a push against the imports of bcftools and plink2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.folders import Data, variant_files
from benchmarks.measure import run, step
from benchmarks.peers import plink_counts, plink_import, read_plink_counts
from benchmarks.stores import build, file_bytes, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base, counted_vcf


def _sides(data: Data, _shared: Path) -> list[Side]:
    (vcf,) = variant_files(data.joint)
    made = data.made("joint")

    def cad_figures(folder: Path, _printed: Sequence[str]) -> Figures:
        return {**made, **file_bytes(folder / "store")}

    def size_of(name: str) -> Callable[[Path, Sequence[str]], Figures]:
        return lambda folder, _: {**made, "calls_bytes": (folder / name).stat().st_size}

    def count_store(folder: Path, out: Path) -> None:
        run(build(folder / "store"))
        counted_base("store")(folder, out)

    def count_plink(folder: Path, out: Path) -> None:
        run(plink_counts(folder / "joint", folder / "found"))
        read_plink_counts(folder, "found", out)

    return [
        Side(
            "cad",
            "cad",
            prepare=lambda folder: make_empty(folder / "store"),
            commands=lambda folder: [push(folder / "store", data.joint)],
            figures=cad_figures,
            count=count_store,
        ),
        Side(
            "bcftools view",
            "bcftools (pysam)",
            commands=lambda folder: [
                step("bcftools", "view", "-Ob", "-o", folder / "joint.bcf", vcf)
            ],
            figures=size_of("joint.bcf"),
            count=counted_vcf("joint.bcf"),
        ),
        Side(
            "plink2 import",
            "plink2",
            commands=lambda folder: [plink_import(vcf, folder / "joint")],
            figures=size_of("joint.pgen"),
            count=count_plink,
        ),
    ]


TASK = Task("joint", "a joint VCF of many persons into the store", _sides)
