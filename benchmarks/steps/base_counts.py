"""Counts of a warehouse's care base, of everybody or by cohort.

``python -m benchmarks.steps.base_counts WAREHOUSE OUT.tsv all|cohort raw|passing``. Raw where the
peers know no thresholds.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.counts_file import Counts, write_counts
from cad.query.base import Base
from cad.query.folded import open_folded
from cad.warehouse import Warehouse


def main(folder: str, out: str, attribute: str, which: str = "raw") -> None:
    """Read the base and write its counts down."""
    counts: Counts = {}
    suffix = {"raw": "_raw", "passing": ""}[which]
    with Warehouse.open(Path(folder)) as warehouse, open_folded(warehouse, "care") as base:
        names = _names(base, attribute)
        for path in base.files["base_an"].values():
            _read_an(counts, path, names, f"an{suffix}")
        for path in base.files["base_counts"].values():
            _read_counts(counts, path, names, suffix)
    write_counts(Path(out), counts)


def _names(base: Base, attribute: str) -> dict[int, str]:
    """The strata that are asked for, by number."""
    if attribute == "all":
        return {stratum.number: "all" for stratum in base.strata if stratum.name == "all"}
    prefix = "cohort="
    wanted = [stratum for stratum in base.strata if stratum.name.startswith(prefix)]
    return {stratum.number: stratum.name.removeprefix(prefix) for stratum in wanted}


def _read_an(counts: Counts, path: Path, names: dict[int, str], column: str) -> None:
    for row in pq.read_table(path, columns=["pos", "ref", "alt", column]).to_pylist():
        an = row[column]
        counts[row["pos"], row["ref"], row["alt"]] = {
            name: (0, an[number - 1] if number <= len(an) else 0) for number, name in names.items()
        }


def _read_counts(counts: Counts, path: Path, names: dict[int, str], suffix: str) -> None:
    table = pq.read_table(path, filters=[("stratum", "in", sorted(names))])
    for row in table.to_pylist():
        of_variant = counts[row["pos"], row["ref"], row["alt"]]
        name = names[row["stratum"]]
        het, hom, hemi = (row[f"n_{form}{suffix}"] for form in ("het", "hom", "hemi"))
        ac = het + 2 * hom + hemi
        of_variant[name] = ac, of_variant[name][1]


if __name__ == "__main__":
    main(*sys.argv[1:])
