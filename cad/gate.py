"""The one gate: who may ask which question, for which purpose, and where the answer comes from.

Everything that answers asks `check` first: the command line (as its operator), the service, SQL,
pages and exports. What the table below does not name is refused (DESIGN 7). Whose data may count
for a purpose is decided where persons are selected, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, get_args

from cad.build.people import PURPOSES
from cad.cohort.project import Project
from schemas.errors import BadQuestion, Forbidden

Role = Literal["operator", "platform", "clinician", "researcher", "industry", "steward"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
Question = Literal[
    "analyses", "annotations", "audit", "batches", "burden", "carriers", "changes", "clients",
    "consents", "contact", "contact_inbox", "explain", "export", "families", "frequencies",
    "indicators", "operate", "phenotypes", "projects", "push", "releases", "samples", "similar",
    "sql", "status", "subset", "withdraw",
]  # fmt: skip
"""What is asked.

`frequencies` are stored figures of a variant, region or gene and AN by position; `subset` figures
counted on demand; `phenotypes` how many persons have a term; `carriers` who carries a variant, with
enrichment; `analyses` what genetic analyses found; `annotations` what other sources say; `operate`
building, maintaining, loading; `releases` making and listing them; `contact_inbox` the messages a
platform is to relay.
"""
QUESTIONS: Final[tuple[Question, ...]] = get_args(Question)


class Rule(StrEnum):
    """What a caller needs for a question to be answered."""

    DENIED = "denied"
    ALLOWED = "allowed"
    OWN = "own"
    """Allowed about the caller's own platform only."""
    RELEASE = "release"
    """Answered from a release only, under its disclosure rules."""
    PROJECT = "project"
    """Answered inside an approved project that the caller belongs to."""


_Rules = Mapping[Rule, tuple[Question, ...]]

_PUBLIC: Final[tuple[Question, ...]] = ("status", "annotations")
"""Metadata that names nobody; everybody the gate knows may read it."""
_OUTSIDE: Final[tuple[Question, ...]] = ("frequencies", "changes", "export", "phenotypes")
_STEWARD: Final[_Rules] = {
    Rule.ALLOWED: (
        "consents", "withdraw", "releases", "clients", "audit", "projects", *_PUBLIC,
    ),
}  # fmt: skip
_TABLE: Final[Mapping[tuple[Role, str], _Rules]] = {
    **{("operator", purpose): {Rule.ALLOWED: QUESTIONS} for purpose in PURPOSES},
    **{("steward", purpose): _STEWARD for purpose in PURPOSES},
    ("platform", "care"): {
        Rule.ALLOWED: _PUBLIC,
        Rule.OWN: ("push", "batches", "families", "contact_inbox"),
    },
    ("clinician", "care"): {
        Rule.ALLOWED: (
            "frequencies", "explain", "subset", "carriers", "phenotypes", "burden", "similar",
            "indicators", "changes", "export", "contact", *_PUBLIC,
        ),
    },
    ("researcher", "research"): {
        Rule.ALLOWED: ("contact", *_PUBLIC),
        Rule.RELEASE: _OUTSIDE,
        Rule.PROJECT: (
            "subset", "carriers", "burden", "similar", "families", "sql", "samples", "analyses",
        ),
    },
    ("industry", "industry"): {Rule.ALLOWED: _PUBLIC, Rule.RELEASE: _OUTSIDE},
}  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        name: of the client, or of the operator's account; never a person of the warehouse.
        role: decides, with the purpose, what may be asked.
        platform: whose batches and families are their own.
        projects: names of the projects they belong to.
        purposes: the purposes they may state; the role narrows them further.
    """

    name: str
    role: Role
    platform: str | None = None
    projects: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset(PURPOSES)


OPERATOR: Final = Caller("operator", "operator")
"""Whoever uses the command line: it answers any purpose from the latest base, undisclosed."""


def rule_of(role: Role, purpose: str, question: Question) -> Rule:
    """What a role needs to ask a question for a purpose.

    >>> rule_of("researcher", "research", "frequencies").value
    'release'
    >>> rule_of("researcher", "care", "frequencies").value
    'denied'
    """
    for rule, questions in _TABLE.get((role, purpose), {}).items():
        if question in questions:
            return rule
    return Rule.DENIED


def check(
    caller: Caller,
    question: Question,
    purpose: str,
    *,
    release: str | None = None,
    project: Project | None = None,
    platform: str | None = None,
) -> Rule:
    """Let a caller ask, or refuse.

    Args:
        caller: who asks.
        question: what is asked.
        purpose: what for.
        release: the release that is to answer; None for the latest base.
        project: the open project that the question is asked in (`cad.cohort.project.read_project`).
        platform: the platform that the question is about, where it is about one.

    Returns:
        The rule by which it was allowed.

    Raises:
        BadQuestion: `purpose_unknown`.
        Forbidden: `not_allowed`; `release_needed`, `project_needed`, where it would be allowed of a
            release or in a project; `other_platform`.
    """
    if purpose not in PURPOSES:
        raise BadQuestion("purpose_unknown", f"expected one of {', '.join(PURPOSES)}", purpose)
    rule = rule_of(caller.role, purpose, question)
    if rule is Rule.DENIED or purpose not in caller.purposes:
        raise Forbidden("not_allowed", f"a {caller.role} does not ask this for {purpose}", question)
    if project is not None:
        _check_project(caller, purpose, project)
    if rule is Rule.OWN and (caller.platform is None or platform != caller.platform):
        raise Forbidden("other_platform", "it is another platform's, or no platform was named")
    if rule is Rule.PROJECT and project is None:
        raise Forbidden("project_needed", "name an approved project", question)
    if rule is Rule.RELEASE and release is None:
        raise Forbidden("release_needed", f"{purpose} is answered from releases", question)
    return rule


def _check_project(caller: Caller, purpose: str, project: Project) -> None:
    """A project is entered by those who belong to it, for its own purpose; operators enter all."""
    if project.purpose != purpose:
        raise Forbidden("not_allowed", f"the project is for {project.purpose}", project.name)
    if caller.role != "operator" and project.name not in caller.projects:
        raise Forbidden("not_allowed", "the caller does not belong to the project", project.name)


def allowed_purposes(caller: Caller, question: Question) -> tuple[str, ...]:
    """The purposes for which a caller could ask a question at all, in their order."""
    return tuple(_those(caller, question))


def _those(caller: Caller, question: Question) -> Iterable[str]:
    for purpose in PURPOSES:
        denied = rule_of(caller.role, purpose, question) is Rule.DENIED
        if purpose in caller.purposes and not denied:
            yield purpose
