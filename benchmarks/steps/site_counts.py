"""AC and AN that annotating wrote beside each variant: one line for each that has them.

``python -m benchmarks.steps.site_counts IN.vcf.gz|IN.bcf OUT.tsv AC_KEY AN_KEY``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pysam

from benchmarks.counts_file import Counts, add_counts, write_counts


def main(source: str, out: str, ac_key: str, an_key: str) -> None:
    """Read the figures and write them down."""
    counts: Counts = {}
    pysam.set_verbosity(0)
    with pysam.VariantFile(source) as file:
        for record in file:
            if ac_key in record.info:
                (alt,) = record.alts or ()
                found = _single(record.info[ac_key]), _single(record.info[an_key])
                add_counts(counts, (record.pos, record.ref or "", alt), {"all": found})
    write_counts(Path(out), counts)


def _single(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


if __name__ == "__main__":
    main(*sys.argv[1:])
