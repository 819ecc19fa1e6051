"""Terms of one release of an ontology: what each id stands for now, and what lies above each term.

A term that was merged lives on as an alternative id of another; one that was given up is obsolete,
and mostly names what replaced it. Both may be chained from release to release.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Literal, NamedTuple

from schemas.errors import BadQuestion


@dataclass
class Term:
    """A term as a release writes it.

    Attributes:
        term_id: as in ``HP:0001250``.
        label: its name; None where the release names it not.
        definition: what it means.
        exact: synonyms that mean the same.
        other: synonyms that are broader, narrower or related.
        alternatives: ids of terms that were merged into it.
        parents: what it is a kind of.
        obsolete: whether it was given up.
        replaced_by: what stands for it since.
        consider: what might stand for it, as a curator must decide.
    """

    term_id: str
    label: str | None = None
    definition: str | None = None
    exact: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    obsolete: bool = False
    replaced_by: list[str] = field(default_factory=list)
    consider: list[str] = field(default_factory=list)


@dataclass
class Release:
    """The terms of a file, by id, and the version the file gives itself."""

    version: str | None
    terms: dict[str, Term]


class KnownId(NamedTuple):
    """An id of a release.

    Attributes:
        term_id: the id as somebody may have written it.
        current_id: the term that it stands for now; None where none or several do.
        status: what became of it.
    """

    term_id: str
    current_id: str | None
    status: Literal["current", "alternative", "obsolete"]


def known_ids(terms: Mapping[str, Term]) -> Iterator[KnownId]:
    """Every id that a release knows, sorted, each once; a term in use stands for itself.

    >>> merged = Term("HP:2", alternatives=["HP:1"])
    >>> [tuple(one) for one in known_ids({"HP:2": merged})]
    [('HP:1', 'HP:2', 'alternative'), ('HP:2', 'HP:2', 'current')]
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for term in terms.values():
        for one in term.alternatives:
            holders[one].append(term.term_id)
    for term_id in sorted(terms.keys() | holders.keys()):
        if term_id in terms and not terms[term_id].obsolete:
            yield KnownId(term_id, term_id, "current")
            continue
        found = _in_use(term_id, terms, holders)
        status: Literal["alternative", "obsolete"] = (
            "alternative" if term_id in holders else "obsolete"
        )
        yield KnownId(term_id, found.pop() if len(found) == 1 else None, status)


def _in_use(term_id: str, terms: Mapping[str, Term], holders: Mapping[str, list[str]]) -> set[str]:
    """The terms in use to which an id leads, over however many releases."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [term_id]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        term = terms.get(one)
        if term is not None and not term.obsolete:
            found.add(one)
            continue
        waiting += holders.get(one, [])
        waiting += term.replaced_by if term is not None else []
    return found


def ancestors(terms: Mapping[str, Term], where: str) -> dict[str, dict[str, int]]:
    """By term in use, each ancestor's distance: the fewest steps up; the term itself is at 0.

    Args:
        terms: of a release.
        where: the file, for errors.

    Raises:
        BadQuestion: `annotation_malformed`, for a parent that is no term in use, or a circle.
    """
    parents = {one.term_id: one.parents for one in terms.values() if not one.obsolete}
    for term_id, own in parents.items():
        unknown = [one for one in own if one not in parents]
        if unknown:
            detail = f"{term_id} is a kind of {unknown[0]}, which is no term in use"
            raise BadQuestion("annotation_malformed", detail, where)
    try:
        order = list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        detail = f"{error.args[1][0]} lies above itself"
        raise BadQuestion("annotation_malformed", detail, where) from None
    above: dict[str, dict[str, int]] = {}
    for term_id in order:
        above[term_id] = _nearest(term_id, (above[one] for one in parents[term_id]))
    return above


def _nearest(term_id: str, of_parents: Iterable[Mapping[str, int]]) -> dict[str, int]:
    own = {term_id: 0}
    for above in of_parents:
        for ancestor, steps in above.items():
            own[ancestor] = min(steps + 1, own.get(ancestor, steps + 1))
    return own
