"""What a command answers: a document, a way to show it, and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TextIO

from rich.console import Console

_WIDE: Final = 1000
"""Columns of a console that is no terminal: lines for `grep` and `less` are not folded."""


@dataclass(frozen=True)
class Reply:
    """The answer of a command.

    Attributes:
        document: what ``--format json`` prints; made of what JSON knows, and dates.
        show: prints the same for a human to a console.
        exit_code: 0 done, 1 refused.
    """

    document: Any
    show: Callable[[Console], None]
    exit_code: int = 0


@lru_cache(maxsize=4)
def console_on(stream: TextIO) -> Console:
    """The console on a stream; only a terminal has a width and colours.

    The same stream has the same console: a log line then goes above a progress bar, not through it.
    """
    width = None if stream.isatty() else _WIDE
    return Console(file=stream, width=width, highlight=False, emoji=False)
