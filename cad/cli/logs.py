"""Log lines on stderr, one for each step, for as long as a command runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.text import Text

OURS: Final = ("schemas", "loaders", "cad", "api", "uvicorn")
"""The packages whose lines are shown; other libraries are heard only when they warn."""

_STYLES: Final = {logging.WARNING: "yellow", logging.ERROR: "red", logging.DEBUG: "dim"}


class _ConsoleHandler(logging.Handler):
    """Writes through the console that also draws the progress bar, so that neither breaks."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        style = _STYLES.get(record.levelno, "")
        self.console.print(Text(self.format(record), style=style), soft_wrap=True)


def level_of(verbose: int, quiet: int) -> int:
    """The level that so many ``-v`` and ``-q`` ask for.

    >>> level_of(0, 0) == logging.INFO, level_of(1, 0) == logging.DEBUG
    (True, True)
    """
    steps = min(max(quiet - verbose, -1), 2)
    return logging.INFO + 10 * steps


@contextmanager
def logging_to(console: Console, level: int) -> Iterator[None]:
    """Show log lines of at least a level on a console until the block ends."""
    handler = _ConsoleHandler(console)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in OURS}
    root.addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    handler.addFilter(lambda record: record.name.split(".")[0] in OURS or record.levelno >= 30)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for name, was in before.items():
            logging.getLogger(name).setLevel(was)
