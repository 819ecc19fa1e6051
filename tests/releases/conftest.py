"""A released cohort that tests of a module share."""

from collections.abc import Iterator

import pytest

from cad.warehouse import Warehouse
from tests.releases.released import batch_of, released


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("released")
    with released(folder / "warehouse", [batch_of(folder / "N1", 7, 60)]) as warehouse:
        yield warehouse
