"""bcftools as pysam bundles it: ``python -m benchmarks.steps.bcftools merge ARGUMENT...``.

Results go to the file that ``-o`` names: captured output would be held in memory by Python.
"""

from __future__ import annotations

import sys

from pysam import bcftools


def main(command: str, *arguments: str) -> None:
    """Run a bcftools command."""
    getattr(bcftools, command)(*arguments, catch_stdout=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
