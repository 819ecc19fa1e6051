"""Where CAD_TEST_ENGINE says so, Hail counts for every test of the base."""

import pytest

from tests.base.nights import ENGINE


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    if ENGINE == "hail":
        request.getfixturevalue("hail")
