"""Steps at which a test may kill the process, to prove that a crash there leaves nothing half done.

With ``CAD_FAULT=push:moved`` in the environment the process ends at once, without cleaning up,
where it reaches that step; with ``CAD_FAULT=push:file_read@3`` where it reaches it for the third
time.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

EXIT_CODE: Final = 137
"""What a process killed by the system would end with."""

PROTOCOL_STEPS: Final = ("opened", "staged", "moved", "locked", "applied", "committed", "finished")
"""Steps of every commit, in order (`cad.commit`)."""

STEPS: Final[dict[str, tuple[str, ...]]] = {
    "push": ("push:checked", "push:reserved", "push:file_read", "push:tracks_written"),
    "build": ("build:planned", "build:bin_written"),
    "compact": ("compact:bin_written",),
    "correct": (),
    "consent": (),
    "withdraw": (),
    "erase": ("erase:file_rewritten",),
    "annotate": ("annotate:read",),
    "watch": (),
    "release": ("release:purpose_written",),
    "codes": (),
    "clinical": ("clinical:read",),
    "analyse": ("analyse:computed",),
    "sweep": ("sweep:aborted", "sweep:forgotten", "sweep:file_deleted"),
}
"""Steps of their own of each kind of work; those that commit pass through PROTOCOL_STEPS too."""

_COMMITTING: Final = tuple(kind for kind in STEPS if kind != "sweep")
_reached: Counter[str] = Counter()


def all_steps(kind: str) -> tuple[str, ...]:
    """Every step of a kind of work.

    >>> all_steps("compact")[:3]
    ('compact:bin_written', 'compact:opened', 'compact:staged')
    """
    shared = PROTOCOL_STEPS if kind in _COMMITTING else ()
    return (*STEPS[kind], *(f"{kind}:{step}" for step in shared))


def reach(step: str) -> None:
    """End the process here if the environment asks for it.

    Raises:
        KeyError: the step is not in the lists above, so that no test would try it.
    """
    kind = step.partition(":")[0]
    if step not in all_steps(kind):
        raise KeyError(step)
    wanted, _, times = os.environ.get("CAD_FAULT", "").partition("@")
    if wanted == step:
        _reached[step] += 1
        if _reached[step] >= int(times or 1):
            os._exit(EXIT_CODE)
