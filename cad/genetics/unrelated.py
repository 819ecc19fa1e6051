"""A set of persons without relatives among them, which prefers parents to their children."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def unrelated_set(
    persons: Iterable[int], pairs: Iterable[tuple[int, int]], children: Collection[int]
) -> set[int]:
    """The largest such set that a greedy choice finds; no other person could be added to it.

    As long as two relatives are left, one goes: a child before anybody else, then who has the most
    relatives left, then the greater number.

    Args:
        persons: all of them.
        pairs: who is related to whom.
        children: those with a parent among the persons.

    >>> sorted(unrelated_set([1, 2, 3, 4], [(1, 3), (2, 3)], children=[3]))
    [1, 2, 4]
    >>> sorted(unrelated_set([1, 2], [(1, 2)], children=[1]))
    [2]
    """
    relatives: dict[int, set[int]] = {person: set() for person in persons}
    for one, other in pairs:
        relatives[one].add(other)
        relatives[other].add(one)
    kept = set(relatives)
    left = {person: set(own) for person, own in relatives.items() if own}
    while left:
        gone = max(left, key=lambda person: (person in children, len(left[person]), person))
        kept.discard(gone)
        for other in left.pop(gone):
            left[other].discard(gone)
            if not left[other]:
                del left[other]
    for person in sorted(relatives.keys() - kept):
        if not relatives[person] & kept:
            kept.add(person)
    return kept
