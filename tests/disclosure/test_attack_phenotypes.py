"""No hidden number of persons with a term, or without it, follows from what the table shows."""

from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog

from cad.releases.phenotypes import bounds, hidden_figures

Parents = list[list[int]]


def draw_terms(random: Random, terms: int) -> Parents:
    """A hierarchy: each term but the first is a kind of one or two before it."""
    return [[]] + [
        sorted(set(random.choices(range(at), k=random.choice([1, 1, 2])))) for at in range(1, terms)
    ]


def with_above(parents: Parents, term: int) -> set[int]:
    return {term}.union(*(with_above(parents, one) for one in parents[term]))


def kinds_of(parents: Parents) -> np.ndarray:
    pairs = [(at, up) for at in range(len(parents)) for up in sorted(with_above(parents, at))]
    return np.array(pairs, np.int64)


def draw(random: Random, parents: Parents, persons: int) -> tuple[list[np.ndarray], list[int]]:
    """Figures of two purposes, counted person by person; nobody has what was excluded in them."""
    terms = len(parents)
    above = [with_above(parents, at) for at in range(terms)]
    figures, totals = [np.zeros((terms, 2), np.int64) for _ in range(2)], [0, 0]
    often = random.choice([0.2, 0.6, 0.95])
    for _ in range(persons):
        told = [one for one in range(terms) if random.random() < often / (1 + one)]
        has = set().union(*(above[one] for one in told))
        gone = {one for one in range(terms) if random.random() < 0.15 and one not in has}
        lacks = {at for at in range(terms) if above[at] & gone} - has
        for purpose, share in enumerate((0.9, 0.5)):
            if random.random() < share:
                totals[purpose] += 1
                figures[purpose][sorted(has), 0] += 1
                figures[purpose][sorted(lacks), 1] += 1
    return figures, totals


def programme(
    parents: Parents, own: np.ndarray, hidden: np.ndarray, total: int
) -> list[tuple[int, int, float, float]]:
    """Of each hidden figure its place, least and greatest value, by linear programmes."""
    terms = len(parents)
    rows, right = [], []
    for at in range(terms):
        for up in parents[at]:
            for low, high in ((at, up), (terms + up, terms + at)):
                row = np.zeros(2 * terms)
                row[low], row[high] = 1, -1
                rows.append(row)
                right.append(0)
        row = np.zeros(2 * terms)
        row[at] = row[terms + at] = 1
        rows.append(row)
        right.append(total)
    limits = [
        (0, total) if hidden[at % terms, at // terms] else (own[at % terms, at // terms],) * 2
        for at in range(2 * terms)
    ]
    found = []
    for at in np.flatnonzero(hidden.T.ravel()).tolist():
        ends = []
        for sign in (1, -1):
            goal = np.zeros(2 * terms)
            goal[at] = sign
            solved = linprog(goal, np.array(rows), right, bounds=limits, method="highs")
            assert solved.status == 0, solved.message
            ends.append(sign * solved.fun)
        found.append((at % terms, at // terms, *ends))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_figure_of_a_term_can_be_worked_out(seed: int) -> None:
    random = Random(seed)
    parents = draw_terms(random, random.choice([4, 9, 14]))
    small = random.choice([5, 5, 3])
    nothing = np.zeros((len(parents), 2), bool)
    kinds = kinds_of(parents)
    # Two releases: what the first hid the second hides, whatever it comes to.
    before = nothing
    for persons in (random.choice([12, 40]), random.choice([60, 150])):
        figures, totals = draw(random, parents, persons)
        hidden = hidden_figures(figures, totals, small, before, kinds)
        assert (hidden | ~before).all()
        for own, total in zip(figures, totals, strict=True):
            assert hidden[(own >= 1) & (own < small)].all()
            for term, place, low, high in programme(parents, own, hidden, total):
                assert low - 1e-6 <= own[term, place] <= high + 1e-6
                if place == 0 or not hidden[:, 1].all():
                    assert high - low >= min(small, total) - 1e-6, (term, place, low, high)
        before = hidden


@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_are_those_of_the_programme(seed: int) -> None:
    random = Random(seed)
    parents = draw_terms(random, 8)
    (own, _), (total, _) = draw(random, parents, 40)
    hidden = np.array([[random.random() < 0.4 for _ in range(2)] for _ in parents])
    _, least, most, _ = bounds(hidden, own, total, kinds_of(parents))
    for term, place, low, high in programme(parents, own, hidden, total):
        at = term + len(parents) * place
        ends = (least[at], most[at]) if place == 0 else (total - most[at], total - least[at])
        assert ends == pytest.approx((low, high))


def test_the_programme_finds_what_the_rule_of_small_figures_alone_leaves() -> None:
    """A term hidden for another purpose between two that are shown."""
    parents: Parents = [[], [0], [1]]
    research = np.array([[52, 0], [51, 0], [50, 0]])
    industry = np.array([[9, 0], [3, 0], [0, 0]])
    small_alone = np.array([[False, False], [True, False], [False, False]])
    ((*_, low, high),) = programme(parents, research, small_alone, 60)
    assert (low, high) == pytest.approx((50, 52))
    hidden = hidden_figures(
        [research, industry], [60, 30], 5, np.zeros((3, 2), bool), kinds_of(parents)
    )
    assert hidden[:, 0].tolist() == [False, True, True]
