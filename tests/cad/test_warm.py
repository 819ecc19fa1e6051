"""Kernels are compiled once: a night, counted and asked, has none compiled for other types."""

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np

import cad
from cad.build.run import build_base
from cad.cohort.select import latest_cohort
from cad.push import push_batch
from cad.query.parse import Variant
from cad.questions.carriers import read_carrying
from cad.statistics.fisher import fisher_exact, odds_ratios
from cad.warehouse import Warehouse
from cad.warm import warm
from tests.pushed import family
from tests.queried import built

CALLED = {
    "cad.build.count_kernel.count_calls",
    "cad.build.depth_kernel.count_changes",
    "cad.build.depth_kernel.add_changes",
    "cad.build.depth_kernel.figures_at",
    "cad.cohort.overlay.overlay",
    "cad.statistics.fisher._two_sided",
    "cad.statistics.fisher._conditional",
}
SOURCES = Path(cad.__file__).parent


def kernels() -> dict[str, Any]:
    """All compiled functions of the package, by name."""
    found = {}
    for path in sorted(SOURCES.rglob("*.py")):
        if re.search(r"^from numba", path.read_text(), re.MULTILINE):
            name = ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts)
            for one in vars(importlib.import_module(name)).values():
                if hasattr(one, "targetoptions"):
                    found[f"{name}.{one.__name__}"] = one
    return found


def test_warm_compiles_all_that_a_night_and_its_questions_need(tmp_path: Path) -> None:
    warm()
    before = {name: len(kernel.signatures) for name, kernel in kernels().items()}
    # A kernel that only kernels call is told of where it was compiled, not where it was kept.
    assert before.keys() >= CALLED
    assert all(before[name] for name in CALLED), before
    with built(tmp_path / "warehouse", [family(tmp_path / "one").path], None) as warehouse:
        again(warehouse, tmp_path / "two")
    fisher_exact(np.array([[8, 2, 1, 5], [0, 0, 3, 4]], np.int32))
    odds_ratios([(8, 2, 1, 5)])
    assert {name: len(kernel.signatures) for name, kernel in kernels().items()} == before


def again(warehouse: Warehouse, folder: Path) -> None:
    """A second night, and a question."""
    push_batch(warehouse, family(folder, "NIGHT-2").path)
    build_base(warehouse)
    with latest_cohort(warehouse) as cohort:
        assert len(cohort.members("care")) == 3
        carrying = read_carrying(cohort.members("care"), Variant("22", 100, "A", "G"))
    assert carrying.counts()["carriers"] == 2
