"""ClinVar's VCF: what its submitters say of a variant, and how well it was reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.vcf import SiteRows, converted, read_site_table

STARS: Final[Mapping[str, int]] = {
    "practice_guideline": 4,
    "reviewed_by_expert_panel": 3,
    "criteria_provided,_multiple_submitters,_no_conflicts": 2,
    "criteria_provided,_multiple_submitters": 2,
    "criteria_provided,_conflicting_interpretations": 1,
    "criteria_provided,_conflicting_classifications": 1,
    "criteria_provided,_single_submitter": 1,
}
"""Gold stars by review status (ClinVar, "Review status"); any other status has none."""

_KEYS: Final = {
    "allele_id": ("ALLELEID",),
    "significance": ("CLNSIG",),
    "conflicting": ("CLNSIGCONF",),
    "review_status": ("CLNREVSTAT",),
    "diseases": ("CLNDN",),
    "disease_ids": ("CLNDISDB",),
    "variant_type": ("CLNVC",),
    "genes": ("GENEINFO",),
    "consequences": ("MC",),
    "hgvs": ("CLNHGVS",),
    "origin": ("ORIGIN",),
    "rs": ("RS",),
}
_ID: Final = 2


def read_clinvar(job: SourceJob) -> Rows:
    """Rows of `annotation_clinvar`; raises what `loaders.annotation.vcf.read_site_table` does."""
    return read_site_table(job, "annotation_clinvar", _KEYS, _more)


def _more(rows: SiteRows, columns: dict[str, Any]) -> dict[str, Any]:
    number = converted(rows.info.column(_ID, rows.line), pa.int32(), rows, "ID")
    return {"variation_id": number, "stars": stars(columns.get("review_status"))}


def stars(status: Any) -> Any:
    """The stars of review statuses; null where there is none."""
    if status is None:
        return None
    held = pc.dictionary_encode(status)
    words = held.dictionary.to_pylist()
    number = pa.array([STARS.get(word, 0) for word in words], pa.int32())
    return number.take(held.indices)
