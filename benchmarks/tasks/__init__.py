"""The tasks, one module each."""

from __future__ import annotations

from typing import Final

from benchmarks.task import Task
from benchmarks.tasks import joint, lookup, night, singles, strata

TASKS: Final[dict[str, Task]] = {
    task.name: task for task in (singles.TASK, joint.TASK, strata.TASK, night.TASK, lookup.TASK)
}
"""By name, in the order they run."""
