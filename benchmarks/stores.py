"""Warehouses for the tasks, made with CAD's command line."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.measure import Command, cad, run


def make_empty(warehouse: Path) -> None:
    """Make an empty warehouse."""
    run(cad("init", "-w", warehouse, "--assembly", "GRCh38", "-q"))


def push(warehouse: Path, *batches: Path) -> Command:
    """The command that pushes batches."""
    return cad("push", *batches, "-w", warehouse, "--format", "json", "-qq")


def build(warehouse: Path) -> Command:
    """The command that builds the base."""
    return cad("build", "-w", warehouse, "--format", "json", "-qq")


def copy(warehouse: Path, to: Path) -> None:
    """Copy a warehouse and its key, so that a change to it can be measured again and again."""
    shutil.copytree(warehouse, to)
    shutil.copy2(_key(warehouse), _key(to))


def file_bytes(warehouse: Path) -> dict[str, float]:
    """Bytes of the calls files, and of those that say where a sample was looked at."""
    files = [path for path in (warehouse / "lake").rglob("*.parquet") if path.is_file()]
    calls = sum(path.stat().st_size for path in files if path.stem.startswith("calls"))
    others = [path for path in files if path.stem.startswith(("callable", "tracks"))]
    return {
        "calls_bytes": float(calls),
        "callable_bytes": float(sum(path.stat().st_size for path in others)),
    }


def _key(warehouse: Path) -> Path:
    return warehouse.with_name(warehouse.name + ".key")
