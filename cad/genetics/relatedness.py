"""Kinship by PC-Relate and KING-robust, and the persons left when relatives are set apart."""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, to_arrow
from cad.genetics.pca import components, pruned
from cad.genetics.unrelated import unrelated_set
from schemas.analyses import RELATEDNESS, UNRELATED


def run(study: Study) -> dict[str, pa.Table]:
    """Pairs of relatives, and for each person whether they are in the set without relatives."""
    least = study.parameters["min_kinship"]
    matrix = pruned(study)
    _, scores = components(study, matrix)
    pairs = to_arrow(related(matrix, scores, least), RELATEDNESS, ("sample", "other"))
    numbers = [one.sample for one in study.participants]
    children = {
        one.sample for one in study.participants if one.father is not None or one.mother is not None
    }
    found = [(row["sample"], row["other"]) for row in pairs.to_pylist()]
    kept = unrelated_set(numbers, found, children)
    rows = [{"sample": number, "unrelated": number in kept} for number in numbers]
    return {
        "analysis_relatedness": pairs,
        "analysis_unrelated": pa.Table.from_pylist(rows, UNRELATED),
    }


def related(matrix: Any, scores: Any, least: float, min_af: float = 0.01) -> Any:
    """The pairs that either estimate finds at least so related.

    PC-Relate leaves out what is rarer than `min_af` at a person's place among the components.
    """
    scores = scores.checkpoint(hl.utils.new_temp_file("scores", "ht"))
    estimated = hl.pc_relate(
        matrix.GT, min_af, scores_expr=scores[matrix.s].scores, statistics="all"
    )
    estimated = estimated.key_by(**_ordered(estimated.i.s, estimated.j.s))
    kings = hl.king(matrix.GT).entries()
    kings = kings.filter(hl.int32(kings.s) < hl.int32(kings.s_1))
    kings = kings.key_by(sample=hl.int32(kings.s), other=hl.int32(kings.s_1))
    both = estimated.select("kin", "ibd0", "ibd1", "ibd2").join(kings.select("phi"), how="outer")
    both = both.filter((both.kin >= least) | (both.phi >= least), keep=True)
    return both.rename({"kin": "kinship", "phi": "king"})


def _ordered(one: Any, other: Any) -> dict[str, Any]:
    numbers = hl.sorted([hl.int32(one), hl.int32(other)])
    return {"sample": numbers[0], "other": numbers[1]}
