"""Sex as the genotypes of X tell it, beside the declared one."""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, to_arrow
from schemas.analyses import SEX


def run(study: Study) -> dict[str, pa.Table]:
    """One row per person."""
    told = study.parameters
    found = inferred(study.matrix(("X",), two_copies=True), told)
    declared = hl.literal({str(one.sample): one.sex for one in study.participants})
    found = found.annotate(sample=hl.int32(found.s), declared=declared[found.s])
    return {"analysis_sex": to_arrow(found, SEX, ("sample",))}


def inferred(matrix: Any, told: dict[str, Any]) -> Any:
    """F on X outside its PARs, and the sex that follows from it."""
    found = hl.impute_sex(
        matrix.GT,
        aaf_threshold=told["min_af"],
        female_threshold=told["female_below"],
        male_threshold=told["male_above"],
    )
    sex = hl.or_missing(hl.is_defined(found.is_female), hl.if_else(found.is_female, "XX", "XY"))
    return found.annotate(inferred=sex, f_statistic=found.f_stat, called=hl.int32(found.n_called))
