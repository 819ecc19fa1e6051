"""Genotypes of children that cannot be their parents'."""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, contig_and_pos, to_arrow
from cad.genetics.places import WITH_X, by_variant
from cad.genetics.trios import pedigree
from schemas.analyses import MENDEL


def run(study: Study) -> dict[str, pa.Table]:
    """One row per variant and child, on the autosomes and X."""
    families = pedigree(study)
    if not families.trios:
        return {"analysis_mendel": MENDEL.empty_table()}
    found = errors(study.matrix(WITH_X), families)
    found = found.annotate(sample=hl.int32(found.s), **contig_and_pos(found, study.assembly))
    return {"analysis_mendel": to_arrow(found, MENDEL, by_variant("sample"))}


def errors(matrix: Any, families: Any) -> Any:
    """The errors by variant and child."""
    found, _, _, _ = hl.mendel_errors(matrix.GT, families)
    return found
