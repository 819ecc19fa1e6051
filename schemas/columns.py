"""How a table's columns are declared: name, type, unit and meaning, all in the Arrow schema."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def column(
    name: str, kind: pa.DataType, unit: str, text: str, *, null: bool = False
) -> pa.Field[Any]:
    """A column with its unit and meaning; never null unless it says so."""
    return pa.field(name, kind, nullable=null, metadata={"unit": unit, "description": text})


def said(text: str) -> dict[bytes | str, bytes | str]:
    """A schema's metadata: what one row of the table is."""
    return {"description": text}
