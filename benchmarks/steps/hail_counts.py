"""AC and AN by cohort of a Hail VDS: ``python -m benchmarks.steps.hail_counts VDS GROUPS OUT``.

GROUPS is a table of sample and cohort. Genotypes count that pass as CAD's do where nothing else is
said: quality 20, depth 10, and of two different alleles each alternate a fifth of the reads; blocks
by their least depth. What is found is left in OUT as Hail exports it, for `read` to make counts of.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.counts_file import Counts, add_counts, trimmed, write_counts
from benchmarks.steps.hail_session import session


def main(vds: str, groups: str, out: str) -> None:
    """Count, and write a row for each record."""
    with session(Path(out).parent) as hail:
        dense = _passing(hail, hail.vds.read_vds(vds))
        cohorts = hail.import_table(groups, no_header=True).key_by("f0")
        dense = dense.annotate_cols(cohort=cohorts[dense.s].f1)
        genotype = hail.vds.lgt_to_gt(dense.LGT, dense.LA)
        stats = hail.agg.group_by(dense.cohort, hail.agg.call_stats(genotype, dense.alleles))
        rows = dense.select_rows(stats=stats).rows()
        short = rows.stats.map_values(lambda one: hail.struct(ac=one.AC, an=one.AN))
        rows.annotate(stats=hail.json(short)).export(out)


def _passing(hail: Any, vds: Any) -> Any:
    """A row for each record with a variant, with the genotypes and blocks that pass."""
    called = vds.variant_data
    called = called.filter_entries(_passes(hail, called))
    blocks = vds.reference_data
    blocks = blocks.filter_entries((blocks.GQ >= 20) & (blocks.MIN_DP >= 10))
    return hail.vds.to_dense_mt(hail.vds.VariantDataset(blocks, called))


def _passes(hail: Any, called: Any) -> Any:
    """A variant genotype that passes; a lone alternate needs no balance."""
    depths = called.LAD
    total = hail.sum(depths)
    alleles = hail.range(2).map(lambda nth: called.LGT[nth])
    balanced = alleles.all(lambda one: (one == 0) | (5 * depths[one] >= total))
    is_one = called.LGT.is_hom_var() | called.LGT.is_hom_ref()
    return (called.GQ >= 20) & (called.DP >= 10) & (is_one | balanced)


def read(table: Path, groups: Path, out: Path) -> None:
    """Make counts of what was exported; a cohort that Hail leaves out has no genotype there."""
    lines = groups.read_text(encoding="utf-8").splitlines()
    nobody = {line.split("\t")[1]: (0, 0) for line in lines}
    counts: Counts = {}
    with table.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            pos, (ref, *alts) = int(row["locus"].split(":")[1]), json.loads(row["alleles"])
            cohorts = {item["key"]: item["value"] for item in json.loads(row["stats"])}
            for number, alt in enumerate(alts, start=1):
                found = {name: (one["ac"][number], one["an"]) for name, one in cohorts.items()}
                add_counts(counts, trimmed(pos, ref, alt), {**nobody, **found})
    write_counts(out, counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
