"""Carriers of variants among the affected and the others, as a warehouse's questions count them.

``python -m benchmarks.steps.carrier_counts WAREHOUSE OUT.tsv`` writes, as
`benchmarks.counts_file` has it, carriers for ac and persons who could have shown the variant for
an; strata are ``1`` and ``0``, by the sheet's `affected`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.counts_file import Counts, write_counts
from cad.cohort.filter import parse_filter
from cad.cohort.select import latest_cohort
from cad.questions.association import Association, called_regions
from cad.questions.phenotype import compare
from cad.warehouse import Warehouse


def main(folder: str, out: str) -> None:
    """Read all tables and write them down."""
    counts: Counts = {}
    with Warehouse.open(Path(folder)) as warehouse, latest_cohort(warehouse) as cohort:
        members = cohort.members("care")
        groups, _ = compare(members, parse_filter(["affected=1"]), relatives=False)
        association = Association(groups, min_carriers=1)
        for region in called_regions(members):
            found = association.read(region)
            for at, (case, no_case, control, no_control) in enumerate(found.tables.tolist()):
                _, pos, ref, alt = found.variants.key(at)
                figures = {"1": (case, case + no_case), "0": (control, control + no_control)}
                counts[pos, ref, alt] = figures
    write_counts(Path(out), counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
