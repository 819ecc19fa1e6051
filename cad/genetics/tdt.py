"""Which allele heterozygous parents hand to affected children more often: the TDT (Spielman 1993).

Chance hands either on alike, whatever the allele's frequency, so that ancestry cannot mislead. As
Hail counts, so does a mother on X outside its PARs to a son; a father's single X tells nothing.
"""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, contig_and_pos, to_arrow
from cad.genetics.places import WITH_X, by_variant
from cad.genetics.trios import pedigree
from schemas.analyses import TRANSMISSION


def run(study: Study) -> dict[str, pa.Table]:
    """One row per variant that a heterozygous parent of an affected child has."""
    families = pedigree(study, affected=True)
    if not families.trios:
        return {"analysis_tdt": TRANSMISSION.empty_table()}
    found = transmitted(study.matrix(WITH_X), families)
    found = found.filter(found.transmitted + found.untransmitted > 0)
    found = found.annotate(**contig_and_pos(found, study.assembly))
    return {"analysis_tdt": to_arrow(found, TRANSMISSION, by_variant())}


def transmitted(matrix: Any, families: Any) -> Any:
    """How often the alternate allele was handed on, how often not, and the test, by variant."""
    found = hl.transmission_disequilibrium_test(matrix, families)
    return found.transmute(
        transmitted=hl.int32(found.t), untransmitted=hl.int32(found.u), chi_square=found.chi_sq
    )
