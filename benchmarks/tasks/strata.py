"""Twenty strata counted anew from what is stored: a full build against bcftools and plink2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data, variant_files
from benchmarks.measure import run, step
from benchmarks.peers import plink_counts, plink_import, read_plink_counts, write_groups
from benchmarks.stores import build, copy, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base, printed_json

_TAGS: Final = "AC,AN,AC_Hom,AC_Het,AC_Hemi"
"""What the base holds of a stratum; without ``-t`` the plugin would work out more."""


def _sides(data: Data, shared: Path) -> list[Side]:
    bcf, pgen = shared / "joint.bcf", shared / "joint"
    groups, categories = shared / "groups.tsv", shared / "categories.tsv"
    (vcf,) = variant_files(data.joint)
    run(step("bcftools", "view", "-Ob", "-o", bcf, vcf))
    run(plink_import(vcf, pgen))
    write_groups(data.joint, groups)
    write_groups(data.joint, categories, "#IID\tCOHORT")
    by_category = ("--pheno", categories, "--loop-cats", "COHORT")

    def count_filled(folder: Path, out: Path) -> None:
        run(step("vcf_counts", folder / "filled.bcf", out, "cohort"))

    return [
        *_own(data, shared),
        Side(
            "bcftools +fill-tags",
            "bcftools (system)",
            commands=lambda folder: [
                [
                    *("bcftools", "+fill-tags", bcf, "-Ob", "-o", folder / "filled.bcf"),
                    *("--", "-S", groups, "-t", _TAGS),
                ]
            ],
            count=count_filled,
        ),
        Side(
            "plink2 --loop-cats",
            "plink2",
            commands=lambda folder: [plink_counts(pgen, folder / "found", *by_category)],
            count=lambda folder, out: read_plink_counts(folder, "found", out),
        ),
    ]


def _own(data: Data, shared: Path) -> list[Side]:
    """CAD's command, and its build taken apart."""
    store, warm = shared / "store", shared / "warm"
    for folder, batch in ((store, data.joint), (warm, data.tiny.joint)):
        make_empty(folder)
        run(push(folder, batch))
    made = data.made("joint")

    def prepare_steps(folder: Path) -> None:
        copy(store, folder / "store")
        copy(warm, folder / "warm")

    def figures(_folder: Path, printed: Sequence[str]) -> Figures:
        return {**made, **printed_json(printed)}

    return [
        Side(
            "cad",
            "cad",
            prepare=lambda folder: copy(store, folder / "store"),
            commands=lambda folder: [build(folder / "store")],
            figures=lambda _folder, _printed: made,
            count=counted_base("store", "cohort"),
        ),
        Side(
            "cad build",
            "cad",
            prepare=prepare_steps,
            commands=lambda folder: [step("build", folder / "store", folder / "warm")],
            figures=figures,
            count=counted_base("store", "cohort"),
        ),
    ]


TASK = Task("strata", "ac and an of 20 strata, counted anew from the store", _sides)
