"""How much data the benchmarks work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Size:
    """Persons and sites of each simulated data set.

    Attributes:
        name: as the command line takes it.
        singles: persons with a VCF each.
        singles_sites: sites at which these persons vary; each has a record at about a tenth.
        joint: persons of the joint VCF.
        joint_sites: its records.
        cohorts: persons a night is added to; the same for all but the first are in the next.
        night: persons of the night.
        night_sites: sites at which the cohort and the night vary.
    """

    name: str
    singles: int
    singles_sites: int
    joint: int
    joint_sites: int
    cohorts: tuple[int, ...]
    night: int
    night_sites: int


SIZES: Final[dict[str, Size]] = {
    size.name: size
    for size in (
        Size("tiny", 6, 300, 40, 200, (20, 40), 3, 200),
        Size("small", 200, 15_000, 2_504, 15_000, (500, 2_000), 10, 5_000),
        Size("medium", 200, 80_000, 2_504, 40_000, (500, 2_000), 10, 20_000),
        Size("large", 200, 400_000, 2_504, 400_000, (500, 2_000), 10, 100_000),
    )
}
"""By name. At `tiny` start-up is all that is timed: it warms up, and proves that tasks run."""

STRATA: Final = 20
"""Cohorts that the persons of the joint VCF are spread over."""
