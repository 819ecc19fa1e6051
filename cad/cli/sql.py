"""`cad sql`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.failure import describe, show_failure
from cad.cli.operator import record
from cad.cli.options import PurposeOption, ReleaseOption, WarehouseOption
from cad.cli.reply import Reply, console_on
from cad.sql_access import SqlAccess, SqlAnswer, open_sql
from cad.sql_release import open_release_sql
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion
from schemas.releases import RELEASE_VIEWS
from schemas.views import VIEWS

_WHOLE: Final = 2**63
"""Whole numbers below are written as numbers, larger ones as text."""


def sql(
    context: typer.Context,
    warehouse: WarehouseOption,
    query: Annotated[
        str | None,
        typer.Option(
            "-c",
            "--command",
            metavar="SELECT",
            help="The question; where unset, it is read from stdin, on a terminal one by one.",
        ),
    ] = None,
    purpose: PurposeOption = "care",
    release: ReleaseOption = None,
) -> Reply:
    """Ask read-only SQL of the warehouse's views, or of those of a release.

    A release has frequencies, annotated, phenotype_counts, strata and the views of annotations.

    Example: cad sql -c "SELECT stratum, ac, an FROM frequencies LIMIT 5" -w national
    """
    asks = query is None and sys.stdin.isatty()
    if asks and context.params["format_"] == "json":
        raise typer.BadParameter("name the question with -c, or pipe it in", context)
    with Warehouse.open(warehouse) as opened, _opened(opened, purpose, release) as access:
        if asks:
            return _converse(opened, purpose, release, access)
        asked = sys.stdin.read() if query is None else query
        answer = access.ask(asked)
        _record(opened, purpose, release, asked, answer)
    return Reply(_document(answer), lambda console: _show(answer, console))


def _opened(
    warehouse: Warehouse, purpose: str, release: str | None
) -> AbstractContextManager[SqlAccess]:
    if release is None:
        return open_sql(warehouse, purpose)
    return open_release_sql(warehouse, purpose, release)


def _record(
    warehouse: Warehouse, purpose: str, release: str | None, query: str, answer: SqlAnswer
) -> None:
    """Enter which views and columns a question named: its text may hold anybody's id."""
    words = set(re.findall(r"[a-z_0-9]+", query.lower()))
    views = VIEWS if release is None else VIEWS | RELEASE_VIEWS
    columns = {name for schema in views.values() for name in schema.names}
    asked = {"views": sorted(words & set(views)), "columns": sorted(words & columns)}
    record(warehouse, "sql", purpose, asked, release=release, rows=answer.rows.num_rows)


def _converse(warehouse: Warehouse, purpose: str, release: str | None, access: SqlAccess) -> Reply:
    """Answer questions typed on a terminal until its end."""
    console = console_on(sys.stdout)
    console.print("One SELECT, ended by a semicolon; Ctrl-D ends. FROM duckdb_columns() lists all.")
    for asked in _questions():
        try:
            answer = access.ask(asked)
            _record(warehouse, purpose, release, asked, answer)
            _show(answer, console)
        except BadQuestion as error:
            show_failure(describe(error), console_on(sys.stderr))
    return Reply({}, lambda _: None)


def _questions() -> Iterator[str]:
    lines: list[str] = []
    while True:
        try:
            lines.append(input("  ... " if lines else "cad> "))
        except EOFError:
            return
        text = "\n".join(lines).strip()
        if text.endswith(";") or not text:
            lines = []
            if text:
                yield text


def _document(answer: SqlAnswer) -> dict[str, Any]:
    """Columns with their types, rows as lists: two columns may bear one name."""
    schema = answer.rows.schema
    columns = [column.to_pylist() for column in answer.rows.columns]
    return {
        "columns": [{"name": field.name, "type": str(field.type)} for field in schema],
        "rows": [[_cell(value) for value in row] for row in zip(*columns, strict=True)],
        "truncated": answer.truncated,
    }


def _cell(value: Any) -> Any:
    """A value as JSON has it; sums of DuckDB are decimals without a fraction."""
    if isinstance(value, Decimal):
        if value != value.to_integral_value():
            return float(value)
        return int(value) if abs(value) < _WHOLE else str(value)
    if isinstance(value, list):
        return [_cell(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _cell(one) for key, one in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    return value


def _show(answer: SqlAnswer, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    document = _document(answer)
    for column in document["columns"]:
        kind = column["type"]
        is_number = kind.startswith(("int", "uint", "float", "double", "decimal"))
        table.add_column(Text(column["name"]), justify="right" if is_number else "left")
    for row in document["rows"]:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console.print(table)
    if answer.truncated:
        console.print(f"Only the first {len(document['rows']):,} rows are shown (CAD_SQL_ROWS).")
