"""The burden of genes with pysam and scipy: who carries a rare variant that stops a gene.

``python -m benchmarks.steps.scipy_burden OUT.tsv FILE.bcf samples.tsv MAX_AF GENE...`` tests each
gene, by number, with Fisher's exact test and writes, as `benchmarks.counts_file` has it, carriers
for ac and everybody for an, of cases and controls by the sheet's `affected`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pysam
from scipy.stats import fisher_exact

from benchmarks.clinical_files import is_lof, span_of
from benchmarks.counts_file import Counts, write_counts
from benchmarks.vcf_files import CONTIG


def main(out: str, bcf: str, sheet: str, max_af: str, *genes: str) -> None:
    """Read, test and write."""
    rows = [line.split("\t") for line in Path(sheet).read_text(encoding="utf-8").splitlines()]
    at = rows[0].index("affected")
    groups = {
        name: {row[0] for row in rows[1:] if row[at] == said}
        for name, said in (("cases", "1"), ("controls", "0"))
    }
    counts: Counts = {}
    with pysam.VariantFile(bcf) as file:
        for gene in map(int, genes):
            first, last = span_of(gene)
            carriers = _carriers(file, first, last, float(max_af))
            found = {name: (len(carriers & own), len(own)) for name, own in groups.items()}
            table = [[carrying, whole - carrying] for carrying, whole in found.values()]
            fisher_exact(np.array(table))
            counts[first, f"G{gene}", "lof"] = found
    write_counts(Path(out), counts)


def _carriers(file: pysam.VariantFile, first: int, last: int, max_af: float) -> set[str]:
    """Who carries a rare variant that stops the gene."""
    found: set[str] = set()
    for record in file.fetch(CONTIG, first - 1, last):
        if not first <= record.pos <= last:
            continue
        for number, alt in enumerate(record.alts or (), start=1):
            if not is_lof(record.pos, record.ref or "", alt):
                continue
            ac = an = 0
            carrying: set[str] = set()
            for name, call in record.samples.items():
                gt = [one for one in call["GT"] if one is not None]
                an += len(gt)
                if number in gt:
                    ac += gt.count(number)
                    carrying.add(str(name))
            if an and ac / an <= max_af:
                found |= carrying
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
