"""How many random cohorts the properties of the base are tried on."""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

SEEDS = int(os.environ.get("CAD_TEST_SEEDS", "5"))
"""Cohorts for each property. Where the variable is set they are drawn anew in each run."""


def _drawn(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize="CAD_TEST_SEEDS" not in os.environ,
        database=None,
        deadline=None,
        # A smaller seed is no simpler cohort: shrinking would only cost time.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


drawn = _drawn(SEEDS)
seldom_drawn = _drawn(max(1, SEEDS // 2))
"""For what builds many times."""
once_drawn = _drawn(max(1, SEEDS // 5))
"""For what builds many times with a slow engine."""
often_drawn = _drawn(200 * SEEDS)
"""For what costs some milliseconds."""
several_drawn = _drawn(4 * SEEDS)
"""For what builds a few times."""
a_seed = st.integers(0, 2**32)
