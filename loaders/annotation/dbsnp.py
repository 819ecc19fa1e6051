"""dbSNP's VCF: the numbers of variants, one row per alternate and number."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.vcf import converted, read_sites, table_of
from schemas.annotations import DBSNP

_ID: Final = 2


def read_dbsnp(job: SourceJob) -> Rows:
    """Rows of `annotation_dbsnp`; raises what `loaders.annotation.vcf.read_site_table` does."""
    for _, rows in read_sites(job, {}):
        words = pc.split_pattern(rows.info.column(_ID, rows.line), ";")
        parent = pc.list_parent_indices(words)
        numbers = pc.replace_substring_regex(pc.list_flatten(words), "^rs", "")
        job.tally.left_out["no_id"] += words.null_count
        table = pa.table(rows.key()).take(parent)
        columns = {name: table[name].combine_chunks() for name in table.column_names}
        columns["rs"] = converted(numbers, pa.int64(), rows, "ID")
        yield "annotation_dbsnp", table_of(DBSNP, columns, len(parent))
