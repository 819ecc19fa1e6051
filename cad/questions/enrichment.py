"""Tables of two groups of persons, each with and without something, tested one by one.

A row is (of the first group with it, without it; of the second with it, without it). Nobody is in
a table who could not have been in any of its cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cad.statistics.adjust import benjamini_hochberg
from cad.statistics.fisher import fisher_exact, odds_ratios

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

STATISTICS: Final = {
    "test": "Fisher's exact test, two-sided",
    "odds_ratio": "conditional maximum likelihood; null where it is infinite or undefined",
    "interval": "exact, 95 %; ci_high null where there is no upper bound",
    "q": "Benjamini-Hochberg over all that were tested",
}
"""What the figures of a tested row are, as answers say it."""


class Assessed(NamedTuple):
    """Tables, their chances and the chances adjusted for the number of tables."""

    tables: Longs
    p: Floats
    q: Floats

    def most_telling(self, limit: int) -> Longs:
        """Places of the tables with the least chances, ties in their order."""
        return np.argsort(self.p, kind="stable")[:limit]

    def documents(
        self, places: Longs, names: tuple[str, str, str, str]
    ) -> Iterator[dict[str, Any]]:
        """The counts under their names, odds ratio, interval, p and q of some tables."""
        odds = odds_ratios(self.tables[places])
        for at, ratio, low, high in zip(places.tolist(), *map(_listed, odds), strict=True):
            yield {
                **dict(zip(names, self.tables[at].tolist(), strict=True)),
                "odds_ratio": ratio,
                "ci_low": low,
                "ci_high": high,
                "p": float(self.p[at]),
                "q": float(self.q[at]),
            }


def assessed(tables: Longs) -> Assessed:
    """Test tables, n x 4."""
    p = fisher_exact(tables)
    return Assessed(tables, p, benjamini_hochberg(p))


def _listed(figures: Floats) -> list[float | None]:
    """Figures as JSON knows them."""
    return [value if np.isfinite(value) else None for value in figures.tolist()]
