"""Read-only SQL over the files of a pinned commit: the operator's window into the warehouse.

`open_sql` makes an in-memory DuckDB with the views of `schemas.views.VIEWS`, each column commented
with its unit, and then locks it: no file but those of the pinned commit can be read, none written,
no extension loaded, no setting changed. A question is a single SELECT, within limits of memory,
time and rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Final

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType
from sqlalchemy import select

from cad.build.statements import statement
from cad.frequency import faf95
from cad.query.base import Base
from cad.query.folded import open_folded
from cad.registry.batches import list_batches
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.samples import desired_samples, left_behind
from cad.registry.tables import folded
from cad.sql_analyses import analysis_files, analysis_table
from cad.sql_annotations import annotation_table_names, files_by_table, source_table
from cad.sql_clinical import person_tables
from cad.warehouse import Warehouse
from schemas.analyses import ANALYSIS_TABLES
from schemas.errors import BadQuestion
from schemas.views import BATCHES, SAMPLES, STRATA, VIEWS

log = logging.getLogger(__name__)

_OF_BASE: Final = ("base_counts", "base_an", "base_depth")
_OF_SAMPLES: Final = ("calls", "callable")
_WRITTEN: Final = ("frequencies", "depth", "annotated")
_BATCH_ROWS: Final = 65_536
_MADE: Final = ("sample", "counted")
"""Columns of `samples` that are not the registry's under the same name."""


@dataclass(frozen=True)
class SqlAnswer:
    """The rows of a question; `truncated` tells whether there were more than may be returned."""

    rows: pa.Table
    truncated: bool


@contextmanager
def open_sql(warehouse: Warehouse, purpose: str = "care") -> Iterator[SqlAccess]:
    """Open the views of the latest base of a purpose, and of the lake beside it.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `base_missing`.
        Unavailable: `registry_unusable`.
    """
    settings = warehouse.settings
    with open_folded(warehouse, purpose) as base, connected(warehouse) as connection:
        paths = _make_views(connection, warehouse, base)
        lock(connection, paths)
        yield SqlAccess(connection, settings.sql_seconds, settings.sql_rows)


@contextmanager
def connected(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory within the limits of the settings, closed in the end."""
    settings = warehouse.settings
    with TemporaryDirectory(prefix="cad-sql-") as spill:
        connection = duckdb.connect(
            config={
                "memory_limit": f"{int(settings.memory_limit) // 2**20}MiB",
                "threads": settings.workers,
                "temp_directory": spill,
            }
        )
        if warehouse.lake.store is not None:
            connection.register_filesystem(warehouse.lake.store.filesystem)
        try:
            yield connection
        finally:
            connection.close()


class SqlAccess:
    """A locked connection; made by `open_sql`."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, seconds: float, max_rows: int
    ) -> None:
        self._connection = connection
        self._seconds = seconds
        self._max_rows = max_rows

    def ask(self, query: str) -> SqlAnswer:
        """The answer to a single SELECT.

        Raises:
            BadQuestion: `sql_refused`, where it is no single SELECT, names what is not there or not
                allowed, or meets a limit.
        """
        self._check(query)
        timer = Timer(self._seconds, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            return self._run(query)
        except duckdb.InterruptException:
            raise _refused(f"stopped after {self._seconds} s") from None
        except duckdb.IOException:
            # A file is gone or damaged, which is not the question's fault (`cad.leases.pin`).
            raise
        except duckdb.Error as error:
            raise _refused(str(error)) from None
        finally:
            timer.cancel()
            timer.join()

    def _check(self, query: str) -> None:
        try:
            statements = duckdb.extract_statements(query)
        except duckdb.Error as error:
            raise _refused(str(error)) from None
        if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
            kinds = ", ".join(one.type.name for one in statements) or "nothing"
            raise _refused(f"expected one SELECT, found {kinds}")

    def _run(self, query: str) -> SqlAnswer:
        # Not fetched at once: rows beyond the limit are never made.
        reader = self._connection.sql(query).to_arrow_reader(_BATCH_ROWS)
        batches, rows = [], 0
        for batch in reader:
            batches.append(batch)
            rows += batch.num_rows
            if rows > self._max_rows:
                break
        table = pa.Table.from_batches(batches, reader.schema)
        return SqlAnswer(table.slice(0, self._max_rows), rows > self._max_rows)


def _refused(detail: str) -> BadQuestion:
    return BadQuestion("sql_refused", detail)


def _make_views(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, base: Base
) -> list[str]:
    """Make all views; returns the files they read."""
    connection.create_function(
        "faf95",
        # DuckDB evaluates annotations, and Arrow's classes take no parameters when run.
        lambda alleles, an: pa.array(faf95(alleles.to_numpy(), an.to_numpy())),
        ["BIGINT", "BIGINT"],
        "DOUBLE",
        type=PythonUDFType.ARROW,
    )
    for name, table in _registry_tables(warehouse, base).items():
        make_table(connection, name, table)
    paths: list[str] = []
    with reading(warehouse.engine) as registry:
        live = [one.sample_no for one in desired_samples(registry, base.pinned_no)]
        behind = left_behind(registry, live, base.pinned_no)
        for name in _OF_SAMPLES:
            own = {
                warehouse.lake.address(file.path): behind.get(file.bucket_no or 0, [])
                for file in lake_files(registry, base.pinned_no, name)
            }
            # Files may hold rows of samples that were replaced since; `samples` tells who is left.
            make_view(connection, name, own, " SEMI JOIN samples USING (sample)")
            paths += own
    for name in _OF_BASE:
        own = dict.fromkeys(map(warehouse.lake.address, base.files[name].values()), [])
        make_view(connection, name, own, "")
        paths += own
    paths += make_annotation_views(connection, warehouse, base)
    paths += _make_analysis_views(connection, warehouse, base)
    for name in _WRITTEN:
        connection.execute(f"CREATE VIEW {name} AS {statement(f'view_{name}')}")
        comment(connection, "VIEW", name)
    return paths


def make_annotation_views(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, base: Base
) -> list[str]:
    """Make a view of each table of annotations; returns the files they read."""
    with reading(warehouse.engine) as registry:
        found = files_by_table(registry, warehouse, base.pinned_no)
    for name in annotation_table_names():
        parts = [
            f"SELECT {quote(one.name)} AS source, {quote(one.version)} AS version, "  # noqa: S608
            f"{str(one.is_default).lower()} AS is_default, * "
            f"FROM read_parquet([{', '.join(map(quote, paths))}])"
            for one, paths in found.get(name, [])
        ]
        if parts:
            connection.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts)}")
            comment(connection, "VIEW", name)
        else:
            make_table(connection, name, VIEWS[name].empty_table())
    return [path for held in found.values() for _, paths in held for path in paths]


def _make_analysis_views(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, base: Base
) -> list[str]:
    """Make a view of each table of analyses; returns the files they read."""
    with reading(warehouse.engine) as registry:
        found = analysis_files(registry, warehouse, base.pinned_no, base.purpose)
    for name in ANALYSIS_TABLES:
        parts = [
            f"SELECT {number}::INTEGER AS analysis, * FROM read_parquet({quote(path)})"  # noqa: S608
            for number, path in found.get(name, [])
        ]
        if parts:
            connection.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts)}")
            comment(connection, "VIEW", name)
        else:
            make_table(connection, name, VIEWS[name].empty_table())
    return [path for files in found.values() for _, path in files]


def _registry_tables(warehouse: Warehouse, base: Base) -> dict[str, pa.Table]:
    with reading(warehouse.engine) as connection:
        batches = list_batches(connection, base.pinned_no)
        samples = desired_samples(connection, base.pinned_no)
        annotations = source_table(connection, base.pinned_no)
        persons = person_tables(connection, warehouse, base.pinned_no)
        analyses = analysis_table(connection, base.pinned_no, base.purpose)
        counted = set(
            connection.scalars(select(folded.c.sample_no).where(folded.c.purpose == base.purpose))
        )
    rows = [
        {
            "sample": one.sample_no,
            "counted": one.sample_no in counted,
            **{name: getattr(one, name) for name in SAMPLES.names if name not in _MADE},
        }
        for one in samples
    ]
    return {
        "batches": pa.Table.from_pylist(
            [{name: getattr(one, name) for name in BATCHES.names} for one in batches], BATCHES
        ),
        "samples": pa.Table.from_pylist(rows, SAMPLES),
        "annotations": annotations,
        **persons,
        "analyses": analyses,
        "strata": pa.Table.from_pylist(
            [{"number": one.number, "stratum": one.name} for one in base.strata], STRATA
        ),
    }


def make_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rows: pa.Table,
    schema: pa.Schema | None = None,
) -> None:
    """A table of some rows; its columns are commented by the schema of `VIEWS` or another one."""
    connection.register("incoming", rows)
    connection.execute(f"CREATE TABLE {name} AS FROM incoming")
    connection.unregister("incoming")
    comment(connection, "TABLE", name, schema)


def make_view(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    paths: Mapping[str, Sequence[int]],
    rest: str,
    schema: pa.Schema | None = None,
) -> None:
    """A view over Parquet files; an empty table where there is none.

    The schema is that of `VIEWS` where none is given.

    `paths` name the samples whose rows do not count in a file, for another one has them too.
    """
    if not paths:
        make_table(connection, name, (schema or VIEWS[name]).empty_table(), schema)
        return
    whole = ", ".join(quote(path) for path, behind in paths.items() if not behind)
    parts = [f"FROM read_parquet([{whole}])"] if whole else []
    for path, behind in paths.items():
        if behind:
            numbers = ", ".join(map(str, behind))
            parts.append(f"FROM read_parquet([{quote(path)}]) WHERE sample NOT IN ({numbers})")
    rows = " UNION ALL ".join(parts)
    connection.execute(f"CREATE VIEW {name} AS FROM ({rows}){rest}")
    comment(connection, "VIEW", name, schema)


def comment(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, schema: pa.Schema | None = None
) -> None:
    """Give a view and its columns their meaning and units, as the schema says."""
    schema = schema or VIEWS[name]
    told = (schema.metadata or {}).get(b"description", b"").decode()
    connection.execute(f"COMMENT ON {kind} {name} IS {quote(told)}")
    for column in schema:
        facts = column.metadata or {}
        text = f"{facts[b'description'].decode()} [{facts[b'unit'].decode()}]"
        connection.execute(f'COMMENT ON COLUMN {name}."{column.name}" IS {quote(text)}')


def quote(text: str) -> str:
    """A text as an SQL literal, for statements that take no parameters.

    >>> quote("l'exome")
    "'l''exome'"
    """
    return "'" + text.replace("'", "''") + "'"


def lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    """Close every way out of the database but the files of its views; nothing opens it again."""
    allowed = ", ".join(map(quote, paths))
    for setting, value in (
        ("allowed_paths", f"[{allowed}]"),
        ("python_enable_replacements", "false"),
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("allow_community_extensions", "false"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ):
        connection.execute(f"SET {setting} = {value}")
