"""What is asked about genes and consequences, and rows of the lake behind the answers."""

import json
from typing import Any

import pyarrow.parquet as pq

from api.models import VariantAnswer
from cad.citation import cite
from cad.query import BaseReader, find_gene, find_variant, open_base
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse


def check_served(answer: dict[str, Any]) -> None:
    """Whether an answer, once cited, is one that the service may give."""
    cited = {**answer, "citation": cite(answer, "http://127.0.0.1{}".format)}
    VariantAnswer.model_validate_json(json.dumps(cited))


def ask(warehouse: Warehouse, text: str, **options: Any) -> dict[str, Any]:
    with open_base(warehouse, options.pop("purpose", "care")) as base:
        return find_variant(BaseReader(warehouse, base), text, ["all"], **options)


def gene(warehouse: Warehouse, name: str, **options: Any) -> dict[str, Any]:
    with open_base(warehouse, "care") as base:
        return find_gene(BaseReader(warehouse, base), name, **options)


def rows_of(warehouse: Warehouse, table: str) -> list[dict[str, Any]]:
    """All rows of a computed table, sorted by key and transcript."""
    with reading(warehouse.engine) as connection:
        files = lake_files(connection, latest_commit(connection), table)
    rows = [row for one in files for row in pq.read_table(warehouse.path / one.path).to_pylist()]
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])
