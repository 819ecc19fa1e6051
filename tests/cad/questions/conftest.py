"""The planted cohort, made once for all questions asked of it."""

from collections.abc import Iterator

import pytest

from tests.planted import Planted, plant


@pytest.fixture(scope="package")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    found = plant(tmp_path_factory.mktemp("planted"))
    with found.warehouse:
        yield found
