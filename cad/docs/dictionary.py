"""The data dictionary: the lake's tables and their columns, with units and meanings."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from cad.docs.markdown import code, page, table
from schemas.lake import LAKE_TABLES
from schemas.views import VIEWS

_INTRODUCTION: Final = (
    "The tables of the lake, as Parquet files. `calls`, `callable` and `tracks` are written by a "
    "push; those of `base_...` and `added_...` by a build, for each purpose: a build that only "
    "adds persons writes what it adds to a bin beside it, so that figures are sums over both, "
    "until the bin is written anew. `analysis_*` are written by a run of `cad analyse`; the others "
    "by `cad annotation add`, for each version of a source. Positions are 1-based inclusive; "
    "columns "
    "are never null unless the table says so. A *code* packs the number of alleles for both "
    "ploidies and both readings, passing and raw: bits 0-1 passing at ploidy 2, 2-3 raw at ploidy "
    "2, 4 passing at ploidy 1, 5 raw at ploidy 1."
)


_VIEWS: Final = (
    "## Views\n\nWhat `cad sql` answers from: the base of one purpose at a pinned commit, and the "
    "lake beside it. Tables of the lake are views under their own names too, and `calls` and "
    "`callable` then hold live samples only; those of annotations hold every version of every "
    "source, and begin with `source`, `version` and `is_default`; those of analyses hold "
    "every run, and begin with its number, `analysis`. `frequencies` is also what `cad "
    "export parquet` writes."
)


def dictionary_page() -> str:
    """The page."""
    tables = [_section(name, LAKE_TABLES[name]) for name in LAKE_TABLES]
    views = [_section(name, VIEWS[name]) for name in VIEWS if name not in LAKE_TABLES]
    return page("Data dictionary", _INTRODUCTION, *tables, _VIEWS, *views)


def _section(name: str, schema: pa.Schema) -> str:
    header = ("column", "type", "unit", "null", "meaning")
    rows = [
        (
            code(field.name),
            _type(field.type),
            _said(field.metadata, "unit"),
            "yes" if field.nullable else "",
            _said(field.metadata, "description"),
        )
        for field in schema
    ]
    return f"## {name}\n\n{_said(schema.metadata, 'description')}\n\n{table(header, rows)}"


def _type(kind: pa.DataType) -> str:
    """The type's name; of a list, that of its elements.

    >>> _type(pa.list_(pa.int32()))
    'list of int32'
    """
    return f"list of {kind.value_type}" if isinstance(kind, pa.ListType) else str(kind)


def _said(metadata: dict[bytes, bytes] | None, key: str) -> str:
    return (metadata or {})[key.encode()].decode()
