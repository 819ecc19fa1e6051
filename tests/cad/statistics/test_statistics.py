"""Statistics against scipy, and against slow and obvious twins."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from math import comb, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from scipy.stats import fisher_exact as scipy_fisher
from scipy.stats.contingency import odds_ratio as scipy_odds_ratio

from cad.statistics.adjust import benjamini_hochberg
from cad.statistics.fisher import fisher_exact, odds_ratios
from cad.statistics.similarity import MEASURES, InformationContent, ProfileIndex, most_specific

RANDOM = np.random.default_rng(11)
TABLES = np.concatenate(
    [
        RANDOM.integers(0, 8, (400, 4)),
        RANDOM.integers(0, 60, (200, 4)),
        RANDOM.integers(0, 3, (100, 4)) + [0, 20, 100, 2000],
        [[0, 0, 0, 0], [0, 0, 5, 9], [3, 0, 4, 0], [10, 0, 0, 10], [0, 10, 10, 0]],
        [[5, 5, 5, 5], [1, 0, 0, 0], [0, 1999, 1, 0], [250, 250, 250, 250]],
    ]
)


def test_fisher_equals_exact_fractions() -> None:
    for table, chance in zip(TABLES.tolist(), fisher_exact(TABLES).tolist(), strict=True):
        a, b, c, d = table
        if sum(table) > 400:
            continue
        possible = range(max(0, a - d), min(a + b, a + c) + 1)
        ways = {x: comb(a + b, x) * comb(c + d, a + c - x) for x in possible}
        rare = sum(ways[x] for x in possible if ways[x] <= ways[a])
        assert chance == pytest.approx(float(Fraction(rare, sum(ways.values()))), rel=1e-12)


def test_fisher_equals_scipy() -> None:
    wanted = [scipy_fisher(table.reshape(2, 2)).pvalue for table in TABLES]
    assert fisher_exact(TABLES) == pytest.approx(np.array(wanted), rel=1e-9)


def test_fisher_of_chances_too_small_to_write() -> None:
    tiny, huge = fisher_exact([[400, 0, 0, 400], [5000, 5000, 5000, 5000]])
    assert tiny == pytest.approx(2 / comb(800, 400), rel=1e-9)
    assert huge == 1.0
    assert fisher_exact([[2000, 0, 0, 2000]]).tolist() == [0.0]


def test_fisher_of_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        fisher_exact([[1, -1, 2, 3]])


def test_odds_ratios_equal_scipy() -> None:
    tables = TABLES[::3]
    found = odds_ratios(tables)
    for at, table in enumerate(tables):
        wanted = scipy_odds_ratio(table.reshape(2, 2), kind="conditional")
        interval = wanted.confidence_interval(0.95)
        assert found.ratio[at] == pytest.approx(wanted.statistic, rel=1e-6, nan_ok=True)
        assert found.low[at] == pytest.approx(interval.low, rel=1e-6)
        assert found.high[at] == pytest.approx(interval.high, rel=1e-6)


@given(st.lists(st.floats(0, 1), max_size=40))
def test_benjamini_hochberg_equals_scipy(chances: list[float]) -> None:
    wanted = false_discovery_control(chances) if chances else np.array([])
    assert benjamini_hochberg(chances) == pytest.approx(wanted)


PARENTS = {"A": [], "B": ["A"], "C": ["A"], "D": ["B"], "E": ["B", "C"], "F": ["C"], "G": ["E"]}


def _ancestors(term: str) -> Collection[str]:
    return {term}.union(*(_ancestors(one) for one in PARENTS.get(term, [])))


def _alike(one: str, other: str, content: InformationContent, measure: str) -> float:
    shared = {*_ancestors(one)} & {*_ancestors(other)}
    best = max((content(term) for term in shared), default=0.0)
    if measure == "resnik":
        return best
    both = content(one) + content(other)
    return 2 * best / both if both else 0.0


def _best_match_average(
    one: list[str], other: list[str], content: InformationContent, measure: str
) -> float:
    if not one or not other:
        return 0.0
    there = sum(max(_alike(a, b, content, measure) for b in other) for a in one) / len(one)
    back = sum(max(_alike(a, b, content, measure) for a in one) for b in other) / len(other)
    return (there + back) / 2


_PROFILES = st.lists(st.lists(st.sampled_from("ABCDEFGX"), max_size=4), min_size=1, max_size=8)


@settings(max_examples=60)
@given(_PROFILES, st.lists(st.sampled_from("ABCDEFGXY"), max_size=4))
def test_similarity_equals_its_twin(profiles: list[list[str]], query: list[str]) -> None:
    content = InformationContent.of(profiles, _ancestors)
    index = ProfileIndex(profiles, _ancestors, content)
    asked = most_specific(query, _ancestors)
    for measure in MEASURES:
        wanted = [
            _best_match_average(asked, most_specific(one, _ancestors), content, measure)
            for one in profiles
        ]
        assert index.scores(query, measure) == pytest.approx(wanted, abs=1e-12)


def test_information_content_by_hand() -> None:
    content = InformationContent.of([["D"], ["E"], ["F"], []], _ancestors)
    held = {"A": 3, "B": 2, "C": 2, "D": 1, "E": 1, "F": 1}
    assert content.holders == held
    assert content("B") == pytest.approx(log(4 / 2))
    assert content("G") == content("X") == content("D") == pytest.approx(log(4))


def test_a_term_that_another_implies_is_left_out() -> None:
    assert most_specific(["B", "G", "A", "G", "F", "X"], _ancestors) == ["F", "G", "X"]
