"""Every table of the lake by name: what a push and a build write, and the annotations."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.analyses import ANALYSIS_TABLES
from schemas.annotations import ANNOTATION_TABLES
from schemas.clinical import CLINICAL_TABLES
from schemas.genes import GENE_TABLES
from schemas.tables import COUNT_TABLES

LAKE_TABLES: Final[dict[str, pa.Schema]] = {
    **COUNT_TABLES,
    **ANNOTATION_TABLES,
    **GENE_TABLES,
    **CLINICAL_TABLES,
    **ANALYSIS_TABLES,
}


def is_placed(table: str) -> bool:
    """Whether a table's rows lie at variants, so that it is cut into files by contig and bin.

    >>> is_placed("annotation_clinvar"), is_placed("annotation_gene_list")
    (True, False)
    """
    return "pos" in LAKE_TABLES[table].names
