"""Some VCFs to BCF in one process: ``python -m benchmarks.steps.view_each OUT FILE...``."""

from __future__ import annotations

import sys
from pathlib import Path

from pysam import bcftools


def main(out: str, *files: str) -> None:
    """Write ``<name>.bcf`` into the folder OUT for each file."""
    for file in files:
        target = Path(out) / Path(file).name.replace(".vcf.gz", ".bcf")
        bcftools.view("-Ob", "-o", str(target), file, catch_stdout=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
