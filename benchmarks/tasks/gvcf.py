"""gVCFs into the store: a push against bcftools, which writes each of them as BCF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.folders import Data, variant_files
from benchmarks.gvcf_data import GvcfData
from benchmarks.measure import run, step
from benchmarks.peers import write_groups
from benchmarks.stores import build, file_bytes, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base


def _sides(data: Data, shared: Path) -> list[Side]:
    gvcfs = GvcfData.beside(data)
    files, groups = variant_files(gvcfs.people), shared / "groups.tsv"
    write_groups(gvcfs.people, groups)
    made = gvcfs.made("people")

    def own_figures(folder: Path, _printed: Sequence[str]) -> Figures:
        return {**made, **file_bytes(folder / "store")}

    def peer_figures(folder: Path, _printed: Sequence[str]) -> Figures:
        written = sum(path.stat().st_size for path in (folder / "bcf").iterdir())
        return {**made, "calls_bytes": float(written), "callable_bytes": 0.0}

    def count_store(folder: Path, out: Path) -> None:
        run(build(folder / "store"))
        counted_base("store", "cohort", "passing")(folder, out)

    def count_files(folder: Path, out: Path) -> None:
        written = sorted((folder / "bcf").iterdir())
        run(step("gvcf_counts", groups, out, *written))

    return [
        Side(
            "cad",
            "cad",
            prepare=lambda folder: make_empty(folder / "store"),
            commands=lambda folder: [push(folder / "store", gvcfs.people)],
            figures=own_figures,
            count=count_store,
        ),
        Side(
            "bcftools view",
            "bcftools (pysam)",
            prepare=lambda folder: (folder / "bcf").mkdir(),
            commands=lambda folder: [step("view_each", folder / "bcf", *files)],
            figures=peer_figures,
            count=count_files,
        ),
    ]


TASK = Task("gvcf", "gVCFs into the store", _sides)
