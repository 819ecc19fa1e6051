"""No hidden number of persons with a term, or without it, follows from what the table shows."""

from random import Random

import numpy as np
import pytest

from cad.disclosure.terms import ToldTerms, bounds, hidden_figures
from tests.disclosure.attack_terms import Parents, Told, assert_free, programme


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


Person = tuple[list[int], list[int], list[bool]]
"""What somebody has and lacks, and which purposes count them."""


def draw(random: Random, parents: Parents, persons: int) -> list[Person]:
    """Persons of two purposes; nobody has what was excluded in them."""
    above = [with_above(parents, at) for at in range(len(parents))]
    often = random.choice([0.2, 0.6, 0.95])
    found = []
    for _ in range(persons):
        told = [one for one in range(len(parents)) if random.random() < often / (1 + one)]
        has = set().union(*(above[one] for one in told))
        gone = {one for one in range(len(parents)) if random.random() < 0.15 and one not in has}
        lacks = {at for at in range(len(parents)) if above[at] & gone} - has
        counts = [random.random() < share for share in (0.9, 0.5)]
        found.append((sorted(has), sorted(lacks), counts))
    return found


def count(persons: list[Person], terms: int) -> tuple[list[np.ndarray], list[int]]:
    """Figures of both purposes, person by person, and whom each counts."""
    figures = [np.zeros((terms, 2), np.int64) for _ in range(2)]
    for has, lacks, counts in persons:
        for own, is_counted in zip(figures, counts, strict=True):
            own[has, 0] += is_counted
            own[lacks, 1] += is_counted
    return figures, [sum(counts[purpose] for *_, counts in persons) for purpose in range(2)]


@pytest.mark.parametrize("seed", range(12))
def test_no_figure_of_a_term_can_be_worked_out(seed: int) -> None:
    """Of a release, and of any two together, whose persons are the same and more."""
    random = Random(seed)
    parents = draw_terms(random, random.choice([4, 9, 14]))
    small = random.choice([5, 5, 3])
    kinds = kinds_of(parents)
    persons: list[Person] = []
    releases: list[list[Told]] = []
    for more in (random.choice([2, 12, 40]), random.choice([3, 20, 150]), 30):
        persons += draw(random, parents, more)
        figures, totals = count(persons, len(parents))
        earlier = [
            [ToldTerms(one.own * ~one.hidden, ~one.hidden, one.total) for one in release]
            for release in releases
        ]
        hidden = hidden_figures(figures, totals, small, kinds, earlier)
        release = [Told(own, hidden, total) for own, total in zip(figures, totals, strict=True)]
        for purpose, table in enumerate(release):
            assert hidden[(table.own >= 1) & (table.own < small)].all()
            assert_free(parents, small, table)
            for before in releases:
                assert (hidden | ~before[purpose].hidden).all()
                assert_free(parents, small, before[purpose], table)
        releases.append(release)


@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_are_those_of_the_programme(seed: int) -> None:
    random = Random(seed)
    parents = draw_terms(random, 8)
    (own, _), (total, _) = count(draw(random, parents, 40), 8)
    hidden = np.array([[random.random() < 0.4 for _ in range(2)] for _ in parents])
    _, least, most, _ = bounds(hidden, own, total, kinds_of(parents))
    for _, term, place, low, high in programme(parents, Told(own, hidden, total)):
        at = term + len(parents) * place
        ends = (least[at], most[at]) if place == 0 else (total - most[at], total - least[at])
        assert ends == pytest.approx((low, high))


def test_the_programme_finds_what_the_rule_of_small_figures_alone_leaves() -> None:
    """A term hidden for another purpose between two that are shown."""
    parents: Parents = [[], [0], [1]]
    research = np.array([[52, 0], [51, 0], [50, 0]])
    industry = np.array([[9, 0], [3, 0], [0, 0]])
    small_alone = np.array([[False, False], [True, False], [False, False]])
    ((*_, low, high),) = programme(parents, Told(research, small_alone, 60))
    assert (low, high) == pytest.approx((50, 52))
    hidden = hidden_figures([research, industry], [60, 30], 5, kinds_of(parents))
    assert hidden[:, 0].tolist() == [False, True, True]


def test_the_programme_finds_what_an_earlier_table_tells_of_a_later_one() -> None:
    """A term that is hidden later, when what it is a kind of grew by two."""
    parents: Parents = [[], [0]]
    first = Told(np.array([[50, 0], [10, 0]]), np.zeros((2, 2), bool), 60)
    second = np.array([[52, 0], [11, 0]]), 100
    alone = np.array([[False, False], [True, False]])
    ((*_, low, high),) = programme(parents, first, Told(second[0], alone, second[1]))
    assert (low, high) == pytest.approx((10, 12))
    industry = [np.array([[9, 0], [0, 0]]), np.array([[9, 0], [1, 0]])]
    told = [
        ToldTerms(first.own, ~first.hidden, 60),
        ToldTerms(industry[0], np.ones((2, 2), bool), 30),
    ]
    hidden = hidden_figures([second[0], industry[1]], [100, 60], 5, kinds_of(parents), [told])
    assert hidden[:, 0].tolist() == [True, True]
