"""Measure commands: CPU seconds, wall seconds and peak memory of the whole process tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_LAUNCHER: Final = Path(__file__).with_name("launch.py")
_ROOT: Final = Path(__file__).parent.parent

Command = Sequence[str | Path]


class CommandFailedError(Exception):
    """A measured command, or one that prepares it, did not succeed."""


@dataclass(frozen=True)
class Usage:
    """What one or several commands used.

    Attributes:
        cpu_s: user and system seconds of the commands and all their processes.
        wall_s: seconds on the clock.
        peak_rss: bytes of memory of the largest single process.
    """

    cpu_s: float
    wall_s: float
    peak_rss: int

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.cpu_s + other.cpu_s,
            self.wall_s + other.wall_s,
            max(self.peak_rss, other.peak_rss),
        )


def measure(command: Command) -> tuple[Usage, str]:
    """Run a command; returns what it used and what it printed to stdout.

    Raises:
        CommandFailedError: with the last lines of its stderr.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "usage.json"
        printed = run([sys.executable, "-I", "-S", _LAUNCHER, report, *command])
        return Usage(**json.loads(report.read_text(encoding="utf-8"))), printed


def run(command: Command) -> str:
    """Run a command that is not measured; returns what it printed to stdout.

    Raises:
        CommandFailedError: with the last lines of its stderr.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).splitlines()[-20:])
        raise CommandFailedError(f"exit {done.returncode} of {' '.join(words)}\n{last}")
    return done.stdout


def step(name: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a module of `benchmarks.steps` in a process of its own."""
    return [sys.executable, "-m", f"benchmarks.steps.{name}", *arguments]


def cad(*arguments: str | Path) -> list[str | Path]:
    """A command of CAD's command line, of this environment."""
    return [Path(sys.executable).with_name("cad"), *arguments]


def _environment() -> dict[str, str]:
    """Ours without CAD's settings: the defaults are what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAD_")}
    path = os.pathsep.join(filter(None, (str(_ROOT), kept.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path}
