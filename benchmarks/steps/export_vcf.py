"""The care base as a sites VCF with its index: ``...steps.export_vcf WAREHOUSE OUT.vcf.gz``."""

from __future__ import annotations

import sys
from pathlib import Path

from cad.export.vcf import export_vcf
from cad.warehouse import Warehouse


def main(folder: str, out: str) -> None:
    """Write the file."""
    with Warehouse.open(Path(folder)) as warehouse:
        export_vcf(warehouse, Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
