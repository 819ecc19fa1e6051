"""A command of CAD's, its answer written to a file.

``python -m benchmarks.steps.ask ANSWER.json WORD...`` runs ``cad WORD... --format json``.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

from cad.cli import main as cad


def main(out: str, *words: str) -> None:
    """Ask, in this process."""
    sys.argv = ["cad", *words, "--format", "json", "-qq"]
    with Path(out).open("w", encoding="utf-8") as file, redirect_stdout(file):
        cad()


if __name__ == "__main__":
    main(*sys.argv[1:])
