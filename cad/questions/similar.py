"""Who is like a profile of features: persons inside a project, sums of them outside.

Outside a project nobody is told apart: of the persons most alike only counts are given, by
indication and by the genes judged causative, and small ones go together. How many are counted is
one of a few steps, for two answers that differ by one person would tell of that person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.cohort.asked import about_members
from cad.cohort.filter import Filter, Term, parse_filter
from cad.cohort.project import Project
from cad.cohort.select import EVERYBODY, Cohort, Members
from cad.registry.engine import reading
from cad.registry.sequences import causative_genes
from cad.statistics.similarity import InformationContent, Measure, ProfileIndex
from schemas.errors import BadQuestion, NotFound

Document = dict[str, Any]
Longs = NDArray[np.int64]

TOPS: Final = (20, 50, 100, 200)
"""So many persons are summed up outside a project."""
MAX_TOP: Final = 500
NO_GENE: Final = "none"
"""Of persons without a causative finding."""


def find_similar(
    cohort: Cohort,
    purpose: str,
    terms: Sequence[str] = (),
    chosen: Filter = EVERYBODY,
    *,
    person: str | None = None,
    measure: Measure = "resnik",
    top: int = TOPS[0],
    project: Project | None = None,
) -> Document:
    """The persons whose features are most like a profile, by best-match average.

    Args:
        cohort: everybody at a pinned commit.
        purpose: care, research or industry.
        terms: the profile, as ids of HPO.
        chosen: among which persons.
        person: whose features are the profile, in place of terms; in a project by pseudonym.
        measure: of two terms: `resnik`, the information of their most telling common ancestor;
            `lin`, that by what the terms tell themselves, from 0 to 1.
        top: how many persons; outside a project one of `TOPS`.
        project: only its persons, listed under its pseudonyms.

    Raises:
        BadQuestion: `profile_malformed`, `filter_malformed`, `purpose_unknown`.
        NotFound: `hpo_missing`, `person_unknown`.
        Forbidden: `project_not_open`.
        Unavailable: `registry_unusable`.
    """
    _check(terms, person, top, project)
    everybody, profiles = cohort.members(purpose, project=project), cohort.profiles
    if profiles.hpo is None:
        raise NotFound("hpo_missing", "load one: cad annotation add hpo hp.obo --version V")
    own = None if person is None else _row_of(everybody, person)
    query = _asked(everybody, terms) if own is None else profiles.terms_of[own]
    if not query:
        raise BadQuestion("profile_malformed", "no feature of the person is told")
    members = everybody.among(everybody.meets(chosen))
    described = np.array([bool(profiles.terms_of[row]) for row in members.rows.tolist()], bool)
    compared = members.among(described & (members.rows != (-1 if own is None else own)))
    places, scores = _most_alike(everybody, compared, query, measure, top)
    return {
        **about_members(members, chosen),
        "terms": sorted(query) if own is None or project is not None else None,
        "measure": measure,
        "compared": len(compared),
        "top": len(places),
        **_answer(compared, places, scores, project),
    }


def gathered(values: Iterable[str], least: int) -> list[Document]:
    """How many of each value, so that no count is below the least: small ones go together.

    Where those that are small come to less than the least, the smallest other goes with them; the
    row of them all has None for its value. Nothing is told where all come to less.

    >>> gathered(["a"] * 9 + ["b"] * 6 + ["c"] * 2, 5)
    [{'value': 'a', 'persons': 9}, {'value': None, 'persons': 8}]
    """
    counts = sorted(Counter(values).items(), key=lambda one: (-one[1], one[0]))
    shown = [one for one in counts if one[1] >= least]
    rest = sum(number for _, number in counts[len(shown) :])
    while 0 < rest < least and shown:
        rest += shown.pop()[1]
    rows: list[Document] = [{"value": value, "persons": number} for value, number in shown]
    return [*rows, {"value": None, "persons": rest}] if rest >= least else rows


def _check(terms: Sequence[str], person: str | None, top: int, project: Project | None) -> None:
    if bool(terms) == (person is not None):
        raise BadQuestion("profile_malformed", "give terms of HPO, or a person")
    if project is None and top not in TOPS:
        steps = ", ".join(map(str, TOPS))
        raise BadQuestion("profile_malformed", f"outside a project the top is one of {steps}")
    if not 1 <= top <= MAX_TOP:
        raise BadQuestion("profile_malformed", f"expected a top from 1 to {MAX_TOP}")


def _row_of(members: Members, person: str) -> int:
    found = members.rows[members.meets(Filter((Term("person", (person,)),)))]
    if not len(found):
        raise NotFound("person_unknown", "nobody who counts is called so")
    return int(found[0])


def _asked(members: Members, terms: Sequence[str]) -> frozenset[str]:
    """The terms in use that ids stand for; one that the release does not know is refused."""
    profiles = members.cohort.profiles
    for one in parse_filter(terms).terms:
        if one.field != "HPO" or one.negated:
            raise BadQuestion("profile_malformed", "expected ids of HPO, as in HP:0001250")
        for value in one.values:
            if profiles.hpo is not None:
                profiles.hpo.find(value)
    return frozenset(profiles.resolve(one.strip().upper()) for one in terms)


def _most_alike(
    everybody: Members, compared: Members, query: frozenset[str], measure: Measure, top: int
) -> tuple[Longs, NDArray[np.float64]]:
    """Places among those compared, the most alike first, and their scores."""
    profiles = everybody.cohort.profiles
    told = [profiles.terms_of[row] for row in everybody.rows.tolist() if profiles.terms_of[row]]
    known = {term for terms in told for term in terms} | query
    closures = profiles.hpo.closures(known) if profiles.hpo else {one: [one] for one in known}
    content = InformationContent.of(told, closures.__getitem__)
    own = [profiles.terms_of[row] for row in compared.rows.tolist()]
    scores = ProfileIndex(own, closures.__getitem__, content).scores(query, measure)
    places = np.argsort(-scores, kind="stable")[:top]
    return places, scores[places]


def _answer(
    compared: Members,
    places: Longs,
    scores: NDArray[np.float64],
    project: Project | None,
) -> Document:
    cohort = compared.cohort
    with reading(cohort.warehouse.engine) as connection:
        genes = causative_genes(connection, cohort.commit_no)
    ids = cohort.person_ids
    judged = [genes.get(ids[row], frozenset()) for row in compared.rows[places].tolist()]
    indication = compared.attribute("indication")
    indications = [indication.values[code] for code in indication.codes[places].tolist()]
    if project is not None:
        return {"similar": _listed(compared, places, scores, indications, judged)}
    least = cohort.warehouse.config.small_count
    return {
        "small_count": least,
        "by_indication": gathered(indications, least),
        "by_gene": gathered(("+".join(sorted(one)) or NO_GENE for one in judged), least),
    }


def _listed(
    compared: Members,
    places: Longs,
    scores: NDArray[np.float64],
    indications: Sequence[str],
    judged: Sequence[frozenset[str]],
) -> list[Mapping[str, Any]]:
    terms, called = compared.cohort.profiles.terms_of, compared.persons
    return [
        {
            "person": called[at], "score": score, "indication": indication,
            "genes": sorted(genes), "features": sorted(terms[compared.rows[at]]),
        }
        for at, score, indication, genes in zip(
            places.tolist(), scores.tolist(), indications, judged, strict=True
        )
    ]  # fmt: skip
