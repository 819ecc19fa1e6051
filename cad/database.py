"""DuckDB inside the process, as writers use it: bounded memory and threads, spilling where told."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cad.settings import Settings


def open_database(settings: Settings, spill: Path) -> duckdb.DuckDBPyConnection:
    """An empty database in memory; what does not fit goes to files under `spill`."""
    return duckdb.connect(
        config={
            "memory_limit": f"{int(settings.memory_limit) // 2**20}MiB",
            "threads": settings.workers,
            "temp_directory": str(spill),
        }
    )
