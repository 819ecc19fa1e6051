"""Answers as tables, beside JSON: CSV, and Arrow's IPC stream, of the same rows.

`chosen_form` reads what a request accepts; `as_table` makes the bytes of flat rows, whose columns
are those of the first row, in order. Lists become texts, joined by ``|``.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv, ipc

from schemas.errors import BadQuestion

Row = dict[str, Any]

JSON: Final = "application/json"
CSV: Final = "text/csv"
ARROW: Final = "application/vnd.apache.arrow.stream"
_FORMS: Final = {
    "json": JSON,
    "csv": CSV,
    "arrow": ARROW,
}
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "af": pa.float64(),
    "faf95": pa.float64(),
    **dict.fromkeys(
        ("ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw"), pa.int64()
    ),
}
"""Types of figures, also where all of them are null."""


def chosen_form(accept: str, named: str | None) -> str:
    """The media type to answer in: by the parameter `format`, else the first accepted one.

    Raises:
        BadQuestion: `media_unknown`.

    >>> chosen_form("text/csv, */*;q=0.1", None)
    'text/csv'
    """
    if named is not None:
        if named not in _FORMS:
            raise BadQuestion("media_unknown", f"expected one of {', '.join(_FORMS)}", named)
        return _FORMS[named]
    accepted = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    for one in accepted:
        if one in _FORMS.values():
            return one
    return JSON


def as_table(rows: Iterable[Row], form: str) -> bytes:
    """The bytes of rows as CSV or an Arrow stream."""
    table = _arrow(list(rows))
    sink = io.BytesIO()
    if form == CSV:
        csv.write_csv(table, sink)
    else:
        with ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return sink.getvalue()


def _arrow(rows: Sequence[Row]) -> pa.Table:
    names = list(rows[0]) if rows else []
    columns = {name: [_plain(row[name]) for row in rows] for name in names}
    arrays = [pa.array(values, _TYPES.get(name)) for name, values in columns.items()]
    # A column of nulls alone has no type that CSV could write.
    arrays = [one.cast(pa.string()) if pa.types.is_null(one.type) else one for one in arrays]
    return pa.table(dict(zip(names, arrays, strict=True)))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return "|".join(f"{name}={_plain(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return "|".join(str(_plain(one)) for one in value)
    return value


def frequency_rows(variants: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """One row per variant and stratum of answers about variants."""
    for one in variants:
        contig, pos, ref, alt = one["variant"].split("-")
        head = {"variant": one["variant"], "contig": contig, "pos": int(pos), "ref": ref}
        said = {"alt": alt, "state": one["state"], "raw_only": one["raw_only"]}
        for row in one["frequencies"]:
            yield {**head, **said, **row}


def flat_rows(documents: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """One row per document, its nested values as texts."""
    for one in documents:
        yield dict(one)
