"""How long a question may take.

Whoever asked is told when time is up; what still works on the answer then ends at its next step. It
follows a request into its thread; work without a deadline takes as long as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Final

from schemas.errors import Unavailable

_ENDS: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let what the block asks for take so long at most."""
    token = _ENDS.set(monotonic() + seconds)
    try:
        yield
    finally:
        _ENDS.reset(token)


def check_deadline() -> None:
    """End work that nobody waits for any more; long loops call it at each step.

    Raises:
        Unavailable: `answer_too_slow`.
    """
    ends = _ENDS.get()
    if ends is not None and monotonic() > ends:
        raise Unavailable("answer_too_slow", "ask for less, or ask again later")
