"""A progress bar on stderr, drawn only where a human watches a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cad.cli.reply import console_on

Advance = Callable[[int, int], None]
"""Gets how much is done and how much there is."""


@contextmanager
def progress_bar(what: str, *, is_bytes: bool = True) -> Iterator[Advance | None]:
    """A bar until the block ends.

    Args:
        what: the words before it.
        is_bytes: whether bytes are counted, or pieces of work.

    Yields:
        What to call as the work goes on, or None where stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    figures: tuple[ProgressColumn, ...] = (
        (DownloadColumn(), TransferSpeedColumn()) if is_bytes else (MofNCompleteColumn(),)
    )
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        *figures,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console_on(sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance
