"""The service, gate and audit included, against tabix on the exported sites VCF in process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data
from benchmarks.measure import cad, run, step
from benchmarks.stores import build, copy, make_empty, push
from benchmarks.task import Figures, Side, Task, kept_counts, printed_json
from benchmarks.tasks.lookup import choose

_SECONDS: Final = "60"
_RECORDS: Final = "1000000"
SERVED: Final = "cad serve"
TABIX: Final = "pysam tabix"


def _sides(data: Data, shared: Path) -> list[Side]:
    store, vcf, keys = shared / "store", shared / "base.vcf.gz", shared / "keys.tsv"
    make_empty(store)
    run(push(store, data.joint))
    run(build(store))
    run(cad("export", "vcf", "-w", store, "-o", vcf, "-qq"))
    choose(store, keys)
    seconds, records = ("2", "2000") if data == data.tiny else (_SECONDS, _RECORDS)

    def figures(_folder: Path, printed: Sequence[str]) -> Figures:
        return printed_json(printed)

    def ask(folder: Path) -> list[list[str | Path]]:
        found = folder / "found"
        return [step("serve_load", folder / "store", keys, found, data.night, seconds, records)]

    return [
        Side(
            SERVED,
            "cad",
            prepare=lambda folder: copy(store, folder / "store"),
            commands=ask,
            figures=figures,
            count=kept_counts("found"),
        ),
        Side(
            TABIX,
            "pysam",
            commands=lambda folder: [step("lookup_tabix", vcf, keys, folder / "found")],
            figures=figures,
            count=kept_counts("found"),
        ),
    ]


TASK = Task("service", "questions over HTTP", _sides)
