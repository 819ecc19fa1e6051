"""Outside programs that CAD is compared with."""

import os
import shutil

import pytest


def tool(name: str) -> str:
    """Where an outside program lies; without it the test is skipped, but in CI it fails."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is not installed; `make system` does it")
    if found is None:
        pytest.skip(f"{name} is not installed; `make system` does it")
    return found
