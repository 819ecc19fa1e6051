"""New variants of children, with the posterior of Samocha et al. 2014 as Hail works it out.

The lake keeps of a reference genotype that it is known and passes, neither its depth nor its
likelihoods. So parents enter with a quality that is a parameter, and without a read of the allele;
where they were sequenced better than that, the posterior is a lower bound. How frequent an allele
is among the other participants counts against its being new. A son's single X is not judged.
"""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, contig_and_pos, to_arrow
from cad.genetics.places import WITH_X, by_variant
from cad.genetics.trios import pedigree
from schemas.analyses import DE_NOVO


def run(study: Study) -> dict[str, pa.Table]:
    """One row per variant and child in whom it is likely enough to be new."""
    families = pedigree(study)
    if not families.trios:
        return {"analysis_de_novo": DE_NOVO.empty_table()}
    told = study.parameters
    matrix = with_likelihoods(study.matrix(WITH_X), told["parent_quality"])
    # Hail adds the frequency among the participants itself, and has a floor below it.
    matrix = matrix.annotate_rows(prior=0.0)
    found = hl.de_novo(
        matrix, families, matrix.prior, min_gq=told["min_gq"], min_p=told["min_posterior"]
    )
    found = found.annotate(
        sample=hl.int32(found.proband.s),
        posterior=found.p_de_novo,
        **contig_and_pos(found, study.assembly),
    )
    return {"analysis_de_novo": to_arrow(found, DE_NOVO, by_variant("sample"))}


def with_likelihoods(matrix: Any, reference_quality: int) -> Any:
    """Entries as `hl.de_novo` reads them, where the lake has less."""
    quality = hl.or_else(matrix.GQ, reference_quality)
    likelihoods = (
        hl.case()
        .when(matrix.GT.is_hom_ref(), [0, quality, 2 * quality])
        .when(matrix.GT.is_het(), [quality, 0, quality])
        .when(matrix.GT.is_hom_var(), [2 * quality, quality, 0])
        .or_missing()
    )
    is_reference = matrix.GT.is_hom_ref()
    depth = hl.or_else(matrix.DP, hl.if_else(is_reference, 20, hl.sum(matrix.AD)))
    return matrix.annotate_entries(
        GQ=quality,
        DP=depth,
        AD=hl.if_else(is_reference, [depth, 0], matrix.AD),
        PL=likelihoods,
    )
