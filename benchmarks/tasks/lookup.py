"""One variant looked up in process: CAD's key index against tabix on the exported sites VCF."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data
from benchmarks.measure import cad, run, step
from benchmarks.stores import build, make_empty, push
from benchmarks.task import Figures, Side, Task, kept_counts, printed_json

_LOOKUPS: Final = 2_000


def _sides(data: Data, shared: Path) -> list[Side]:
    store, vcf, keys = shared / "store", shared / "base.vcf.gz", shared / "keys.tsv"
    make_empty(store)
    run(push(store, data.joint))
    run(build(store))
    run(cad("export", "vcf", "-w", store, "-o", vcf, "-qq"))
    choose(store, keys)

    def figures(_folder: Path, printed: Sequence[str]) -> Figures:
        return printed_json(printed)

    def own(name: str, depth: str) -> Side:
        return Side(
            name,
            "cad",
            commands=lambda folder: [step("lookup_index", store, keys, folder / "found", depth)],
            figures=figures,
            count=kept_counts("found"),
        )

    return [
        own("cad", "figures"),
        Side(
            "pysam tabix",
            "pysam",
            commands=lambda folder: [step("lookup_tabix", vcf, keys, folder / "found")],
            figures=figures,
            count=kept_counts("found"),
        ),
        own("cad, whole answer", "answer"),
        own("cad, bare key", "bare"),
    ]


def choose(store: Path, keys: Path) -> None:
    """Choose variants of a base at random, always the same."""
    everything = keys.with_suffix(".all")
    run(step("base_counts", store, everything, "all"))
    lines = everything.read_text(encoding="utf-8").splitlines()
    chosen = random.Random(1).sample(lines, min(_LOOKUPS, len(lines)))
    text = "".join("\t".join(line.split("\t")[:3]) + "\n" for line in chosen)
    keys.write_text(text, encoding="utf-8")


TASK = Task("lookup", "one variant looked up in process", _sides)
