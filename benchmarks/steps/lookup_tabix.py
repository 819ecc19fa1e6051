"""Lookups in a sites VCF through pysam's tabix: ``...steps.lookup_tabix VCF KEYS OUT``.

A lookup finds the line of the variant; its INFO is taken apart afterwards, unmeasured.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pysam

from benchmarks.counts_file import Key
from benchmarks.lookups import read_keys, time_lookups, write_found
from benchmarks.vcf_files import CONTIG


def main(vcf: str, keys_file: str, out: str) -> None:
    """Look variants up, print the times, write what was found."""
    keys = read_keys(Path(keys_file))
    with pysam.TabixFile(vcf) as table:

        def lookup(key: Key) -> str:
            pos, ref, alt = key
            for line in table.fetch(CONTIG, pos - 1, pos):
                cells = line.split("\t", 8)
                if (cells[1], cells[3], cells[4]) == (str(pos), ref, alt):
                    return str(cells[7])
            raise KeyError(key)

        lines = time_lookups(lookup, keys)
    write_found(Path(out), keys, [_figures(line) for line in lines])


def _figures(info: str) -> tuple[int, int]:
    fields = dict(field.partition("=")[::2] for field in info.split(";"))
    return int(fields["AC"]), int(fields["AN"])


if __name__ == "__main__":
    main(*sys.argv[1:])
