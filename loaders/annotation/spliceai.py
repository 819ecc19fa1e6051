"""SpliceAI's VCF: four delta scores and their places, one row per alternate and gene.

An entry is ``ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL`` (Jaganathan 2019).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.vcf import SiteRows, converted, read_sites, table_of
from schemas.annotations import SPLICEAI
from schemas.errors import BadQuestion

_PARTS: Final = 10
_FIGURES: Final = tuple(f"{kind}_{what}" for kind in ("ds", "dp") for what in "ag al dg dl".split())
_ALT: Final = 4


def read_spliceai(job: SourceJob) -> Rows:
    """Rows of `annotation_spliceai`; raises what `loaders.annotation.vcf.read_site_table` does."""
    for _, rows in read_sites(job, {"gene": ("SpliceAI",)}):
        entries = pc.split_pattern(rows.info.values("SpliceAI", rows.line), ",")
        parent = np.asarray(pc.list_parent_indices(entries))
        parts = pc.split_pattern(pc.list_flatten(entries), "|")
        _check_parts(parts, rows, parent)
        own = _of_own_alternate(rows, parent, pc.list_element(parts, 0))
        parts, parent = parts.filter(own), parent[np.asarray(own)]
        table = pa.table(rows.key()).take(pa.array(parent))
        columns: dict[str, Any] = {one: table[one].combine_chunks() for one in table.column_names}
        columns["gene"] = pc.list_element(parts, 1)
        for place, name in enumerate(_FIGURES, start=2):
            words = pc.list_element(parts, place)
            words = pc.if_else(
                pc.is_in(words, pa.array([".", ""])), pa.scalar(None, pa.string()), words
            )
            columns[name] = converted(words, SPLICEAI.field(name).type, rows, "SpliceAI")
        columns["ds_max"] = pc.max_element_wise(*(columns[name] for name in _FIGURES[:4]))
        yield "annotation_spliceai", table_of(SPLICEAI, columns, len(parent))


def _check_parts(parts: Any, rows: SiteRows, parent: Any) -> None:
    bad = np.flatnonzero(np.asarray(pc.list_value_length(parts)) != _PARTS)
    if len(bad):
        detail = f"an entry of SpliceAI has not {_PARTS} parts"
        raise BadQuestion("annotation_malformed", detail, rows.where(int(parent[bad[0]])))


def _of_own_alternate(rows: SiteRows, parent: Any, allele: Any) -> Any:
    """Whether an entry is about the alternate of its row: one of several, as ALT lists them."""
    written = pc.split_pattern(rows.info.column(_ALT, rows.line), ",")
    alternates = [one[nth] for one, nth in zip(written.to_pylist(), rows.nth.tolist(), strict=True)]
    return pc.equal(pa.array(alternates, pa.string()).take(pa.array(parent)), allele)
