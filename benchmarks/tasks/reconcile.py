"""A base that changes by a few of many persons: a night added, one withdrawn, against a recount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.folders import Data
from benchmarks.gvcf_data import GvcfData
from benchmarks.measure import cad, run, step
from benchmarks.stores import build, copy, make_empty, push
from benchmarks.task import Figures, Side, Task, counted_base, printed_json

FEWER: Final = "onto fewer"
MORE: Final = "onto more"
WITHDRAWN: Final = "one withdrawn"
RECOUNT: Final = "recount"
_GONE: Final = "P00001"


def _sides(data: Data, shared: Path) -> list[Side]:
    gvcfs = GvcfData.beside(data)
    make_empty(shared / "warm")
    run(push(shared / "warm", gvcfs.tiny.night))
    sides = []
    for name, persons in zip((FEWER, MORE), gvcfs.size.cohorts, strict=True):
        pushed, built = _cohort(gvcfs, persons, shared / name)
        about = {**gvcfs.made("night"), "cohort": float(persons)}
        for store, side in ((built, f"night {name}"), (pushed, f"{RECOUNT} {name}")):
            changed = store.with_name(f"{store.name}-night")
            copy(store, changed)
            run(push(changed, gvcfs.night))
            sides.append(_side(side, changed, shared, about, group=name))
    for store, side in ((built, WITHDRAWN), (pushed, f"{RECOUNT}, {WITHDRAWN}")):
        run(cad("withdraw", _GONE, "-w", store, "-q"))
        sides.append(_side(side, store, shared, about, group=WITHDRAWN))
    return sides


def _cohort(gvcfs: GvcfData, persons: int, folder: Path) -> tuple[Path, Path]:
    """A store with a cohort, compacted as after any night, and the same with its base."""
    pushed, built = folder / "pushed", folder / "built"
    folder.mkdir()
    make_empty(pushed)
    run(push(pushed, *gvcfs.cohort(persons)))
    run(cad("maintain", "-w", pushed, "-q"))
    copy(pushed, built)
    run(build(built))
    return pushed, built


def _side(name: str, store: Path, shared: Path, about: Mapping[str, float], group: str) -> Side:
    """A build of a store, taken apart."""

    def prepare(folder: Path) -> None:
        copy(store, folder / "store")
        copy(shared / "warm", folder / "warm")

    def figures(_folder: Path, printed: Sequence[str]) -> Figures:
        return {**about, **printed_json(printed)}

    return Side(
        name,
        "cad",
        prepare=prepare,
        commands=lambda folder: [step("build", folder / "store", folder / "warm")],
        figures=figures,
        count=counted_base("store", "cohort", "passing"),
        group=group,
    )


TASK = Task("reconcile", "a night added to two cohorts, and one person withdrawn", _sides)
