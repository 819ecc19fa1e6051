"""The tasks, one module each."""

from __future__ import annotations

from typing import Final

from benchmarks.task import Task
from benchmarks.tasks import (
    annotate,
    association,
    denominators,
    engines,
    gvcf,
    joint,
    lookup,
    night,
    questions,
    reconcile,
    service,
    singles,
    strata,
)

TASKS: Final[dict[str, Task]] = {
    task.name: task
    for task in (
        singles.TASK,
        joint.TASK,
        gvcf.TASK,
        strata.TASK,
        association.TASK,
        questions.TASK,
        denominators.TASK,
        night.TASK,
        reconcile.TASK,
        lookup.TASK,
        service.TASK,
        annotate.TASK,
        engines.TASK,
    )
}
"""By name, in the order they run."""
