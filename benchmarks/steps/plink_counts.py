"""Counts of plink2's ``--freq counts`` tables, one for each stratum.

``python -m benchmarks.steps.plink_counts OUT.tsv STRATUM=FILE.acount...``
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.counts_file import Counts, add_counts, trimmed, write_counts


def main(out: str, *tables: str) -> None:
    """Read the tables and write them down as one."""
    counts: Counts = {}
    for named in tables:
        stratum, _, path = named.partition("=")
        _read(counts, stratum, Path(path))
    write_counts(Path(out), counts)


def _read(counts: Counts, stratum: str, path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        columns = next(file).lstrip("#").split()
        for line in file:
            row = dict(zip(columns, line.split(), strict=True))
            alts, ac = row["ALT"].split(","), row["ALT_CTS"].split(",")
            for alt, copies in zip(alts, ac, strict=True):
                key = trimmed(int(row["POS"]), row["REF"], alt)
                add_counts(counts, key, {stratum: (int(copies), int(row["OBS_CT"]))})


if __name__ == "__main__":
    main(*sys.argv[1:])
