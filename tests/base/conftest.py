"""Hail for the tests of the base, started once for all of them."""

from collections.abc import Iterator

import pytest

from cad.hail_session import hail_session
from tests.base.engines import HAIL_SETTINGS
from tests.base.nights import ENGINE


@pytest.fixture(scope="session")
def hail() -> Iterator[None]:
    """Spark runs in Hail's session for as long as the tests do."""
    with hail_session(HAIL_SETTINGS):
        yield


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    """Where CAD_TEST_ENGINE says so, Hail counts for every test."""
    if ENGINE == "hail":
        request.getfixturevalue("hail")
