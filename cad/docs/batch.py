"""The batch page: manifest.json by its JSON Schema, and the tables by their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cad.docs.markdown import code, codes, page, table
from schemas.manifest import SUPPORTED_KINDS, manifest_schema
from schemas.sheets import (
    CORRECTION_CLEARED,
    CORRECTION_COLUMNS,
    CORRECTION_KEYS,
    SHEETS,
    Form,
    SheetColumn,
)

_FORMS = {
    Form.ID: "identifier",
    Form.PARENT: "a person's identifier",
    Form.TEXT: "text",
    Form.CHOICE: "",
    Form.FLAG: "`0` or `1`",
    Form.DATE: "day, `YYYY-MM-DD`",
    Form.QUARTER: "quarter, `YYYY-Qn`",
    Form.NUMBER: "number from 0 to 150",
    Form.PATH: "path in the batch",
}


def batch_page() -> str:
    """The page."""
    introduction = (
        "A batch is a directory with `manifest.json`, `samples.tsv` and the files they name; "
        "`consents.tsv`, `phenotypes.tsv`, `phenopackets/*.json` and `fhir/*.json` may stand "
        "beside them. `cad batch new` makes one from VCF files, `cad validate` checks it."
    )
    sheets = [_sheet(name, columns) for name, columns in SHEETS.items()]
    return page("The batch", introduction, _manifest(), *sheets, _corrections())


def _manifest() -> str:
    schema = manifest_schema()
    rows = [
        (code(path), "yes" if required else "", _values(one), one.get("description", ""))
        for path, one, required in _properties(schema, schema, "")
    ]
    text = (
        f"Format `{schema['title']}`, JSON; published as `schemas/batch.schema.json`. Of the kinds "
        f"{codes(SUPPORTED_KINDS)} are read; another refuses its batch (`kind_not_supported`)."
    )
    header = ("field", "required", "values", "meaning")
    return f"## manifest.json\n\n{text}\n\n{table(header, rows)}"


def _properties(
    schema: Mapping[str, Any], one: Mapping[str, Any], above: str
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Path, subschema and whether it is required, of every field below an object, in order."""
    for name, written in one.get("properties", {}).items():
        field = _resolved(schema, written)
        path = f"{above}{name}"
        yield path, field, name in one.get("required", ())
        if field.get("type") == "object":
            yield from _properties(schema, field, f"{path}.")
        if field.get("type") == "array":
            yield from _properties(schema, _resolved(schema, field["items"]), f"{path}[].")


def _resolved(schema: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    """A subschema with what it refers to; its own words come first."""
    if "$ref" not in one:
        return dict(one)
    target = schema["$defs"][one["$ref"].rpartition("/")[2]]
    return {**_resolved(schema, target), **{key: one[key] for key in one if key != "$ref"}}


def _values(one: Mapping[str, Any]) -> str:
    if "const" in one:
        return code(one["const"])
    if "enum" in one:
        return codes(one["enum"])
    return str(one.get("type", ""))


def _sheet(name: str, columns: Iterable[SheetColumn]) -> str:
    text = (
        "Tab separated, UTF-8, with a header, without quotes; an empty cell is a missing value. "
        "A column that is not here refuses the batch (`sheet_unknown_column`)."
    )
    return f"## {name}\n\n{text}\n\n{_columns(columns)}"


def _corrections() -> str:
    corrected = [column.name for column in CORRECTION_COLUMNS if column not in CORRECTION_KEYS]
    kept = [name for name in corrected if name not in CORRECTION_CLEARED]
    text = (
        "For `cad samples update`, after a push: at least one of the keys below says which samples "
        f"a row is about, and any of {codes(corrected)} what is right. An empty cell leaves the "
        f"value as it is, `.` alone takes it away (not {codes(kept)})."
    )
    return f"## Corrections\n\n{text}\n\n{_columns(CORRECTION_KEYS)}"


def _columns(columns: Iterable[SheetColumn]) -> str:
    header = ("column", "required", "values", "default", "meaning")
    rows = [
        (
            code(column.name),
            "yes" if column.required else "",
            _cells(column),
            code(column.default or ""),
            column.description,
        )
        for column in columns
    ]
    return table(header, rows)


def _cells(column: SheetColumn) -> str:
    return codes(column.allowed) or _FORMS[column.form]
