"""AN and AC of each cohort at every variant of gVCFs: a build against Hail on a VDS of the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data, variant_files
from benchmarks.gvcf_data import GvcfData
from benchmarks.measure import measure, run, step
from benchmarks.peers import write_groups
from benchmarks.steps.hail_counts import read
from benchmarks.stores import build, copy, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base, printed_json

CAD: Final = "cad"
APART: Final = "cad build"
HAIL: Final = "hail vds"


def _sides(data: Data, shared: Path) -> list[Side]:
    gvcfs = GvcfData.beside(data)
    store, vds, groups = shared / "store", shared / "people.vds", shared / "groups.tsv"
    write_groups(gvcfs.people, groups)
    make_empty(shared / "warm")
    run(push(shared / "warm", gvcfs.tiny.people))
    make_empty(store)
    pushed, _ = measure(push(store, gvcfs.people))
    files = variant_files(gvcfs.people)
    combined, _ = measure(step("hail_combine", vds, shared / "scratch", *files))
    made = gvcfs.made("people")

    def figures(importing: float) -> Figures:
        return {**made, "importing": importing}

    def own(_folder: Path, _printed: Sequence[str]) -> Figures:
        return figures(pushed.cpu_s)

    def hails(_folder: Path, _printed: Sequence[str]) -> Figures:
        return figures(combined.cpu_s)

    def prepare_apart(folder: Path) -> None:
        copy(store, folder / "store")
        copy(shared / "warm", folder / "warm")

    return [
        Side(
            CAD,
            "cad",
            prepare=lambda folder: copy(store, folder / "store"),
            commands=lambda folder: [build(folder / "store")],
            figures=own,
            count=counted_base("store", "cohort", "passing"),
        ),
        Side(
            APART,
            "cad",
            prepare=prepare_apart,
            commands=lambda folder: [step("build", folder / "store", folder / "warm")],
            figures=lambda _folder, printed: {**made, **printed_json(printed)},
            count=counted_base("store", "cohort", "passing"),
        ),
        Side(
            HAIL,
            "hail",
            commands=lambda folder: [step("hail_counts", vds, groups, folder / "found.tsv")],
            figures=hails,
            count=lambda folder, out: read(folder / "found.tsv", groups, out),
        ),
    ]


TASK = Task("denominators", "AN by cohort at every variant of gVCFs", _sides)
