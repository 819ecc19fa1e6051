"""SQL over the pinned commit: the base's figures, commented columns, and nothing but reading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cad.push import push_batch
from cad.sql_access import SqlAccess, open_sql, quote
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound
from schemas.views import FREQUENCIES, VIEWS
from tests.batch_dir import BatchDir, vcf
from tests.pushed import family
from tests.queried import Figures, Key, Queried, built, key_of, queried, without_flags


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(tmp_path_factory.mktemp("sql"), seed=11) as found:
        yield found


@pytest.fixture(scope="module")
def access(cohort: Queried) -> Iterator[SqlAccess]:
    with open_sql(cohort.warehouse) as opened:
        yield opened


def rows(access: SqlAccess, query: str) -> list[dict[str, Any]]:
    return access.ask(query).rows.to_pylist()


@pytest.mark.parametrize("purpose", ["care", "research"])
def test_frequencies_are_the_base(cohort: Queried, purpose: str) -> None:
    found: dict[Key, dict[str, Figures]] = {}
    with open_sql(cohort.warehouse, purpose) as access:
        for row in rows(access, "SELECT * FROM frequencies"):
            key = key_of(row)
            figures = {
                name: row[name] for name in row if name not in ("contig", "pos", "ref", "alt")
            }
            found.setdefault(key, {})[figures.pop("stratum")] = figures
    assert without_flags(found) == cohort.scans[purpose].flags
    assert found == {
        key: {name: pytest.approx(row) for name, row in figures.items()}
        for key, figures in cohort.scans[purpose].variants.items()
    }


def test_depth_is_the_base(cohort: Queried, access: SqlAccess) -> None:
    found = rows(access, "SELECT * FROM depth")
    scan = cohort.scans["care"].depth
    ours = {
        (row["contig"], row["start"], row["stratum"]): [
            row[name] for name in ("an", "an_raw", "persons", "assayed")
        ]
        for row in found
    }
    assert ours
    for (contig, start, stratum), figures in ours.items():
        assert scan[contig, start][stratum] == figures
    spans = sorted((row["stratum"], row["contig"], row["start"], row["end"]) for row in found)
    for before, after in zip(spans, spans[1:], strict=False):
        assert before[2] <= before[3]
        assert before[:2] != after[:2] or before[3] < after[2]


def test_every_view_has_its_columns_and_comments(access: SqlAccess) -> None:
    told = rows(
        access,
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY table_name, column_index",
    )
    for name, schema in VIEWS.items():
        columns = [row for row in told if row["table_name"] == name]
        assert [row["column_name"] for row in columns] == schema.names
        for row in columns:
            facts = schema.field(row["column_name"]).metadata or {}
            assert row["comment"].startswith(facts[b"description"].decode())
            assert row["comment"].endswith(f"[{facts[b'unit'].decode()}]")
    answer = access.ask("SELECT * FROM frequencies LIMIT 0").rows
    assert answer.schema.names == FREQUENCIES.names
    assert answer.schema.types == FREQUENCIES.types
    views = rows(
        access,
        "SELECT view_name AS name, comment FROM duckdb_views() WHERE NOT internal "
        "UNION ALL SELECT table_name, comment FROM duckdb_tables()",
    )
    assert {row["name"] for row in views} == set(VIEWS)
    assert all(row["comment"] for row in views)


@pytest.mark.parametrize(
    "query",
    [
        "DESCRIBE frequencies", "SHOW TABLES", "SUMMARIZE strata", "FROM strata", "VALUES (1)",
        "WITH one AS (SELECT 1 AS x) SELECT x FROM one;", "SELECT faf95(2, 100000)",
    ],
)  # fmt: skip
def test_reading_is_allowed(access: SqlAccess, query: str) -> None:
    assert access.ask(query).rows.num_rows > 0


@pytest.mark.parametrize(
    "query",
    [
        "", ";", "SELEKT 1", "SELECT * FROM absent", "SELECT 1; SELECT 2",
        "CREATE TABLE t AS SELECT 1", "DROP VIEW frequencies", "DELETE FROM samples",
        "INSERT INTO strata VALUES (1, 'x')", "UPDATE samples SET sex = 'XX'",
        "SET memory_limit = '90GB'", "RESET lock_configuration", "PRAGMA database_list",
        "CALL pragma_version()", "EXPLAIN SELECT 1", "BEGIN", "CHECKPOINT", "LOAD httpfs",
        "INSTALL httpfs", "ATTACH '{folder}/x.db'", "USE memory", "COPY strata TO '{folder}/x.csv'",
        "COPY (SELECT 1) TO '{folder}/x.csv'", "EXPORT DATABASE '{folder}/x'",
        "IMPORT DATABASE '{folder}'", "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('{folder}/secret.parquet')", "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('{folder}/secret.parquet')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM '{folder}/secret.parquet'", "SELECT * FROM parquet_metadata('{folder}/*')",
        "SELECT * FROM read_parquet('{warehouse}/lake/*/*.parquet')",
        "SELECT * FROM read_text('{warehouse}/warehouse.json')",
        "SELECT * FROM query('COPY strata TO ''{folder}/x.csv''')",
        "SELECT * FROM sqlite_scan('{warehouse}/registry.sqlite', 'sample')",
        "SELECT * FROM visible_here", "SELECT getenv('HOME')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
    ],
)  # fmt: skip
def test_everything_else_is_refused(cohort: Queried, tmp_path: Path, query: str) -> None:
    visible_here = duckdb.sql("SELECT 1 AS x").to_arrow_table()
    duckdb.sql("SELECT 1 AS x").write_parquet(str(tmp_path / "secret.parquet"))
    places = {"{folder}": str(tmp_path), "{warehouse}": str(cohort.warehouse.path)}
    for name, path in places.items():
        query = query.replace(name, path)
    with open_sql(cohort.warehouse) as access:
        with pytest.raises(BadQuestion) as error:
            access.ask(query)
        assert error.value.reason == "sql_refused"
        # Nothing was changed on the way.
        assert access.ask("FROM strata").rows.num_rows > 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret.parquet"]
    assert visible_here.num_rows == 1


def test_limits_of_time_rows_and_memory(cohort: Queried) -> None:
    settings = cohort.warehouse.settings
    with open_sql(cohort.warehouse) as access:
        limited = SqlAccess(access._connection, 0.05, 10)
        answer = limited.ask("SELECT * FROM range(100_000)")
        assert (answer.rows.num_rows, answer.truncated) == (10, True)
        assert limited.ask("SELECT * FROM range(10)").truncated is False
        with pytest.raises(BadQuestion, match="stopped after"):
            limited.ask("SELECT count(*) FROM range(10_000_000_000) AS a, range(1000) AS b")
        (row,) = rows(access, "SELECT current_setting('memory_limit') AS memory")
        assert row["memory"] == "4.0 GiB"
        assert int(settings.memory_limit) == 4 * 2**30


def test_samples_that_left_are_not_shown(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="base_missing"), open_sql(sqlite_warehouse):
        pass
    with built(tmp_path / "w", [family(tmp_path / "a").path], None) as warehouse:
        other = BatchDir(tmp_path / "b")
        other.manifest["batch_id"] = "NIGHT-1"
        other.add("one.vcf", vcf("OTHER", lines=("chr22 100 . A G . PASS . GT 0/1",)))
        other.sheet("sample_id|person_id|sex", "OTHER|P-OTHER|XX")
        with open_sql(warehouse) as pinned:
            push_batch(warehouse, other.write(), replace=True)
            asked = "SELECT sample_id, counted FROM samples ORDER BY ALL"
            before = [("CHILD", True), ("FATHER", True), ("MOTHER", True)]
            assert [tuple(row.values()) for row in rows(pinned, asked)] == before
            assert len(rows(pinned, "FROM calls")) == 4
        with open_sql(warehouse) as access:
            assert [tuple(row.values()) for row in rows(access, asked)] == [("OTHER", False)]
            assert len(rows(access, "FROM calls")) == 1
            assert len(rows(access, "FROM callable")) == 0
            assert [row["batch_id"] for row in rows(access, "FROM batches")] == ["NIGHT-1"]
            assert rows(
                access, "SELECT ac FROM frequencies WHERE stratum = 'all' AND pos = 100"
            ) == [{"ac": 3}]


def test_warehouse_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / 'l\'entrepôt [1] * "deux"'
    with (
        built(folder, [family(tmp_path / "a").path], None) as warehouse,
        open_sql(warehouse) as sql,
    ):
        assert len(rows(sql, "FROM calls")) == 4
    (row,) = duckdb.sql(f"SELECT {quote(str(folder))} AS name").fetchall()
    assert row == (str(folder),)
