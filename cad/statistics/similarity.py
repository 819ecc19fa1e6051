"""How alike two profiles of terms are, by what their common ancestors tell.

A term's information content is the less, the more persons have it or a kind of it. Two terms share
what their most informative common ancestor tells (Resnik 1995); Lin (1998) sets that against what
the two tell themselves. Two profiles are compared by the average of the best matches of each term
of the one with a term of the other, both ways (Pesquita et al. 2008).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ancestors = Callable[[str], Collection[str]]
"""The ancestors of a term, itself included; of one that the ontology does not know, itself."""
Measure = Literal["resnik", "lin"]
MEASURES: Final[tuple[Measure, ...]] = ("resnik", "lin")


@dataclass(frozen=True)
class InformationContent:
    """How much each term tells, of how many persons have it or a kind of it.

    Attributes:
        persons: persons with a profile.
        holders: of them, those with each term, ancestors included.
    """

    persons: int
    holders: Mapping[str, int]

    @classmethod
    def of(cls, profiles: Iterable[Collection[str]], ancestors: Ancestors) -> InformationContent:
        """Count the holders of each term among persons."""
        holders: Counter[str] = Counter()
        persons = 0
        for profile in profiles:
            persons += 1
            holders.update({above for term in profile for above in ancestors(term)})
        return cls(persons, holders)

    def __call__(self, term: str) -> float:
        """Negative logarithm of the share of persons with a term, in nats.

        A term that nobody has tells as much as one that a single person has.
        """
        return log(max(self.persons, 1) / max(self.holders.get(term, 0), 1))


def most_specific(profile: Collection[str], ancestors: Ancestors) -> list[str]:
    """The terms of a profile that are no ancestor of another of its terms, sorted."""
    implied = {above for term in profile for above in ancestors(term) if above != term}
    return sorted({*profile} - implied)


class ProfileIndex:
    """Profiles that a query is compared with, all at once.

    Args:
        profiles: terms of each; those that another term implies do not count.
        ancestors: of terms.
        content: how much each term tells.
    """

    def __init__(
        self,
        profiles: Sequence[Collection[str]],
        ancestors: Ancestors,
        content: InformationContent,
    ) -> None:
        self._ancestors, self._content = ancestors, content
        specific = [most_specific(profile, ancestors) for profile in profiles]
        terms = sorted({term for profile in specific for term in profile})
        place = {term: at for at, term in enumerate(terms)}
        self._lengths = np.array([len(profile) for profile in specific], np.int64)
        flat = [place[term] for profile in specific for term in profile]
        self._flat = np.array(flat, np.int64)
        self._tells = np.array([content(term) for term in terms])
        below: dict[str, list[int]] = {}
        for term, at in place.items():
            for above in ancestors(term):
                below.setdefault(above, []).append(at)
        self._below = {above: np.array(some, np.int64) for above, some in below.items()}

    def scores(self, query: Collection[str], measure: Measure) -> Floats:
        """How alike the query is to each profile; 0 where either has no term."""
        asked = most_specific(query, self._ancestors)
        scores = np.zeros(len(self._lengths))
        filled = np.flatnonzero(self._lengths)
        if not asked or not len(filled):
            return scores
        matches = np.stack([self._matches(term, measure) for term in asked])[:, self._flat]
        lengths = self._lengths[filled]
        starts = np.cumsum(lengths) - lengths
        there = np.maximum.reduceat(matches, starts, axis=1).mean(axis=0)
        back = np.add.reduceat(matches.max(axis=0), starts) / lengths
        scores[filled] = (there + back) / 2
        return scores

    def _matches(self, term: str, measure: Measure) -> Floats:
        """How alike one term is to each term of the profiles."""
        shared = np.zeros(len(self._tells))
        for above in sorted(self._ancestors(term), key=self._content):
            if above in self._below:
                shared[self._below[above]] = self._content(above)
        if measure == "resnik":
            return shared
        both = self._tells + self._content(term)
        return np.divide(2 * shared, both, out=np.zeros_like(shared), where=both > 0)
