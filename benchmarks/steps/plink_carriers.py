"""Carriers by plink2's ``--geno-counts`` tables, one for each stratum.

``python -m benchmarks.steps.plink_carriers OUT.tsv STRATUM=FILE.gcount...`` writes, as
`benchmarks.counts_file` has it, carriers for ac and persons with a genotype for an.
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
            alts = row["ALT"].split(",")
            het = list(map(int, row["HET_REF_ALT_CTS"].split(",")))
            # Pairs of alternates in the order 1/1, 1/2, 2/2, 1/3, ...
            pairs = list(map(int, row["TWO_ALT_GENO_CTS"].split(",")))
            known = int(row["HOM_REF_CT"]) + sum(het) + sum(pairs)
            places = [(b, a) for a in range(len(alts)) for b in range(a + 1)]
            for number, alt in enumerate(alts):
                both = sum(n for n, pair in zip(pairs, places, strict=True) if number in pair)
                key = trimmed(int(row["POS"]), row["REF"], alt)
                add_counts(counts, key, {stratum: (het[number] + both, known)})


if __name__ == "__main__":
    main(*sys.argv[1:])
