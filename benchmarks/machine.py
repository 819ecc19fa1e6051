"""What the figures were measured with: machine, versions, revision."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.measure import run

_LIBRARIES: Final = ("duckdb", "numba", "numpy", "pyarrow", "pysam")
_BUNDLED: Final = "import pysam.version as v; print(v.__bcftools_version__)"


def machine() -> dict[str, str | int]:
    """Cores, memory (bytes), processor and system."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count() or 1,
        "memory": pages * size,
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that do CAD's work."""
    found = {name: version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), **found}


@cache
def tool_version(tool: str) -> str:
    """The version of a measured program, by the name that sides give it."""
    if tool == "cad":
        return version("cad-warehouse")
    if tool == "bcftools (pysam)":
        return run([sys.executable, "-c", _BUNDLED]).strip()
    if tool in ("hail", "pysam"):
        return version(tool)
    command = ["bcftools", "--version"] if tool == "bcftools (system)" else [tool, "--version"]
    return _number(run(command))


def revision() -> str:
    """The git revision of this code, with ``+`` where files differ; ``unknown`` without git."""
    root = Path(__file__).parent.parent
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _number(text: str) -> str:
    """The version in a program's first line.

    >>> _number("PLINK v2.00a3.5 AVX2 (9 Aug 2022)")
    '2.00a3.5'
    """
    found = re.search(r"\d+\.[\w.]+", text)
    return found.group() if found else "unknown"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found.group(1) if found else platform.processor()
