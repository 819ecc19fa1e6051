"""Counts of a VCF or BCF whose INFO holds AC and AN, alone or by cohort (``AC_C01``).

``python -m benchmarks.steps.vcf_counts IN.bcf OUT.tsv all|cohort``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pysam

from benchmarks.counts_file import Counts, add_counts, trimmed, write_counts


def main(source: str, out: str, attribute: str) -> None:
    """Read the counts and write them down."""
    counts: Counts = {}
    pysam.set_verbosity(0)  # a BCF read from end to end needs no index
    with pysam.VariantFile(source) as file:
        suffixes = [""]
        if attribute != "all":
            names = [str(name) for name in file.header.info]
            suffixes = [name[2:] for name in names if name.startswith("AC_C")]
        for record in file:
            for place, alt in enumerate(record.alts or ()):
                found = {
                    suffix.removeprefix("_") or "all": (
                        record.info["AC" + suffix][place], int(record.info["AN" + suffix])
                    )
                    for suffix in suffixes
                }  # fmt: skip
                add_counts(counts, trimmed(record.pos, record.ref or "", alt), found)
    write_counts(Path(out), counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
