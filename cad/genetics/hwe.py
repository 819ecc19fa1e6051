"""Hardy-Weinberg proportions among founders, by the exact test with mid-p that Hail has."""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, contig_and_pos, to_arrow
from cad.genetics.places import AUTOSOMES, by_variant
from schemas.analyses import HARDY_WEINBERG


def run(study: Study) -> dict[str, pa.Table]:
    """One row per variant of the autosomes that enough founders carry."""
    founders = hl.literal({str(one.sample) for one in study.participants if one.founder})
    matrix = study.matrix(AUTOSOMES)
    matrix = matrix.filter_cols(founders.contains(matrix.s))
    found = proportions(matrix)
    found = found.filter(found.ac >= study.parameters["min_ac"])
    found = found.annotate(**contig_and_pos(found, study.assembly))
    return {"analysis_hwe": to_arrow(found, HARDY_WEINBERG, by_variant())}


def proportions(matrix: Any) -> Any:
    """Genotype counts and the test, by variant."""
    counts = hl.agg.call_stats(matrix.GT, 2)
    rows = matrix.select_rows(
        test=hl.agg.hardy_weinberg_test(matrix.GT),
        n=hl.int32(hl.agg.count_where(hl.is_defined(matrix.GT))),
        n_het=hl.int32(hl.agg.count_where(matrix.GT.is_het())),
        ac=counts.AC[1],
    ).rows()
    return rows.transmute(expected_het=rows.test.het_freq_hwe, p_value=rows.test.p_value)
