"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Folder of the public data sets; without it the test is skipped, but in CI it fails."""
    named = os.environ.get("CAD_TESTDATA", "")
    if named and Path(named).is_dir():
        return Path(named).resolve()
    if os.environ.get("CI"):
        pytest.fail("CAD_TESTDATA names no folder")
    pytest.skip("CAD_TESTDATA names no folder")
