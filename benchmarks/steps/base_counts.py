"""Counts of a warehouse's care base, of everybody or by cohort.

``python -m benchmarks.steps.base_counts WAREHOUSE OUT.tsv all|cohort raw|passing``. Raw where the
peers know no thresholds.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.counts_file import Counts, write_counts
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.folded import stratum_numbers
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse


def main(folder: str, out: str, attribute: str, which: str = "raw") -> None:
    """Read the base and write its counts down."""
    with Warehouse.open(Path(folder)) as warehouse:
        names, paths = _base(warehouse, attribute)
    counts: Counts = {}
    suffix = {"raw": "_raw", "passing": ""}[which]
    for path in paths["base_an"]:
        _read_an(counts, path, names, f"an{suffix}")
    for path in paths["base_counts"]:
        _read_counts(counts, path, names, suffix)
    write_counts(Path(out), counts)


def _base(warehouse: Warehouse, attribute: str) -> tuple[dict[int, str], dict[str, list[Path]]]:
    """The strata that are asked for by number, and the files of the base's tables."""
    with reading(warehouse.engine) as connection:
        commit = latest_commit(connection)
        paths = {
            table: [
                warehouse.path / file.path
                for file in lake_files(connection, commit, table, purpose="care")
            ]
            for table in ("base_an", "base_counts")
        }
        strata = stratum_numbers(connection, "care")
    prefix = "cohort="
    if attribute == "all":
        return {strata["all"]: "all"}, paths
    wanted = {name: no for name, no in strata.items() if name.startswith(prefix)}
    return {no: name.removeprefix(prefix) for name, no in wanted.items()}, paths


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
