"""HGNC's complete set, or a table like it: approved symbols with their aliases and former ones."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.tables import Names, TextTable
from schemas.genes import GENE_NAME

_NAMES: Final[Names] = {
    "hgnc_id": ("hgnc_id", "hgnc id"),
    "symbol": ("symbol", "approved symbol"),
    "gene_id": ("ensembl_gene_id", "ensembl gene id", "ensembl id(supplied by ensembl)"),
    "aliases": ("alias_symbol", "alias symbols", "synonyms"),
    "previous": ("prev_symbol", "previous symbols", "previous symbol"),
}
_PARTED: Final = r'"?\s*[|,]\s*"?'
"""The complete set parts names by ``|`` within quotes, its downloads by commas."""


def read_gene_names(job: SourceJob) -> Rows:
    """Rows of `annotation_gene_name`, in the file's order.

    Raises:
        BadQuestion: `annotation_malformed`, `annotation_empty`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`.
    """
    table = TextTable(job, _NAMES, ("hgnc_id", "symbol"))
    for _, texts in table.batches():
        known = pc.and_(pc.is_valid(texts["hgnc_id"]), pc.is_valid(texts["symbol"]))
        count = len(known)
        without = count - (pc.sum(known).as_py() or 0)
        if without:
            job.tally.left_out["no_symbol"] += without
        columns = [
            _several(texts.get(field.name), count)
            if pa.types.is_list(field.type)
            else texts.get(field.name, pa.nulls(count, field.type))
            for field in GENE_NAME
        ]
        rows = pa.Table.from_arrays(columns, names=GENE_NAME.names).filter(known)
        yield "annotation_gene_name", rows.cast(GENE_NAME)


def _several(texts: Any, count: int) -> Any:
    """Names as lists; none where nothing is written."""
    kind = pa.list_(pa.string())
    if texts is None:
        return pa.array([[]] * count, kind)
    known: Any = pc.fill_null(texts, "")
    parts = pc.split_pattern_regex(pc.utf8_trim(known, characters='" '), _PARTED)
    return pa.array([[one for one in some if one] for some in parts.to_pylist()], kind)
