"""gVCFs to a Hail VDS: ``python -m benchmarks.steps.hail_combine OUT.vds SCRATCH GVCF...``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.population import FIRST, LENGTH
from benchmarks.steps.hail_session import ASSEMBLY, session
from benchmarks.vcf_files import CONTIG


def main(out: str, scratch: str, *gvcfs: str) -> None:
    """Combine the files, keeping of reference blocks what passing asks for."""
    with session(Path(scratch)) as hail:
        ends = (hail.Locus(CONTIG, pos, ASSEMBLY) for pos in (FIRST, FIRST + LENGTH))
        hail.vds.new_combiner(
            output_path=out,
            temp_path=str(Path(scratch) / "combiner"),
            gvcf_paths=list(gvcfs),
            intervals=[hail.Interval(*ends)],
            gvcf_reference_entry_fields_to_keep=["GQ", "MIN_DP"],
            reference_genome=ASSEMBLY,
            force=True,
        ).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
