"""Single-sample VCFs into the store: a push of nights against a merge of the same files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.folders import Data, variant_files
from benchmarks.measure import run, step
from benchmarks.stores import build, file_bytes, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base, counted_vcf


def _sides(data: Data, _shared: Path) -> list[Side]:
    batches = data.singles
    files = [path for batch in batches for path in variant_files(batch)]
    made = data.made("singles")

    def cad_figures(folder: Path, _printed: Sequence[str]) -> Figures:
        return {**made, **file_bytes(folder / "store")}

    def peer_figures(folder: Path, _printed: Sequence[str]) -> Figures:
        return {**made, "calls_bytes": (folder / "merged.bcf").stat().st_size}

    def count_store(folder: Path, out: Path) -> None:
        run(build(folder / "store"))
        counted_base("store")(folder, out)

    return [
        Side(
            "cad",
            "cad",
            prepare=lambda folder: make_empty(folder / "store"),
            commands=lambda folder: [push(folder / "store", *batches)],
            figures=cad_figures,
            count=count_store,
        ),
        Side(
            "bcftools merge",
            "bcftools (pysam)",
            commands=lambda folder: [
                step("bcftools", "merge", "-0", "-Ob", "-o", folder / "merged.bcf", *files)
            ],
            figures=peer_figures,
            count=counted_vcf("merged.bcf"),
        ),
    ]


TASK = Task("singles", "single-sample VCFs into the store, night by night", _sides)
