"""``python -m benchmarks``."""

from __future__ import annotations

from benchmarks.cli import app

app(prog_name="python -m benchmarks")
