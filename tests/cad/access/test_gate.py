"""The gate lets through what DESIGN 7 says, and nothing else."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from cad.build.people import PURPOSES
from cad.cohort.filter import Filter
from cad.cohort.project import Project
from cad.gate import (
    OPERATOR,
    QUESTIONS,
    ROLES,
    Caller,
    Question,
    Role,
    Rule,
    allowed_purposes,
    check,
    rule_of,
)
from schemas.errors import BadQuestion, Forbidden

PROJECT = Project("P", "research", Filter(()), b"key")
OWN_PURPOSE = {"platform": "care", "clinician": "care", "researcher": "research"} | {
    "industry": "industry"
}
PERSON_LEVEL = ("carriers", "families", "samples", "sql", "subset", "burden", "similar")
STEWARDS = ("consents", "withdraw", "releases", "clients", "audit")


@pytest.mark.parametrize("role", [one for one in ROLES if one not in ("operator", "steward")])
def test_a_role_asks_for_its_own_purpose_only(role: Role) -> None:
    for purpose, question in product(PURPOSES, QUESTIONS):
        if purpose != OWN_PURPOSE[role]:
            assert rule_of(role, purpose, question) is Rule.DENIED
    assert allowed_purposes(Caller("c", role), "status") == (OWN_PURPOSE[role],)


def test_the_operator_asks_everything() -> None:
    for purpose, question in product(PURPOSES, QUESTIONS):
        assert check(OPERATOR, question, purpose) is Rule.ALLOWED


@pytest.mark.parametrize("question", QUESTIONS)
def test_nobody_but_the_operator_reads_samples_or_sql_outside_a_project(question: Question) -> None:
    for role, purpose in product(ROLES, PURPOSES):
        if role != "operator" and question in ("samples", "sql", "operate"):
            assert rule_of(role, purpose, question) in (Rule.DENIED, Rule.PROJECT)


@pytest.mark.parametrize("question", STEWARDS)
def test_only_stewards_and_operators_govern(question: Question) -> None:
    for role, purpose in product(ROLES, PURPOSES):
        governs = role in ("steward", "operator")
        assert (rule_of(role, purpose, question) is Rule.ALLOWED) == governs


def test_stewards_see_no_figures() -> None:
    for purpose in PURPOSES:
        for question in ("frequencies", "export", "phenotypes", *PERSON_LEVEL):
            assert rule_of("steward", purpose, question) is Rule.DENIED


def test_outside_care_figures_need_a_release() -> None:
    for role, purpose in (("researcher", "research"), ("industry", "industry")):
        caller = Caller("c", role)  # type: ignore[arg-type]
        with pytest.raises(Forbidden) as refused:
            check(caller, "frequencies", purpose)
        assert refused.value.reason == "release_needed"
        assert check(caller, "frequencies", purpose, release="R1") is Rule.RELEASE


@pytest.mark.parametrize("question", PERSON_LEVEL)
def test_persons_are_told_apart_in_an_own_project_only(question: Question) -> None:
    member = Caller("r", "researcher", projects=frozenset({"P"}))
    assert check(member, question, "research", project=PROJECT) is Rule.PROJECT
    for caller, project, reason in (
        (member, None, "project_needed"),
        (replace(member, projects=frozenset()), PROJECT, "not_allowed"),
        (member, replace(PROJECT, purpose="industry"), "not_allowed"),
    ):
        with pytest.raises(Forbidden) as refused:
            check(caller, question, "research", project=project)
        assert refused.value.reason == reason
    # A release does not stand in for a project.
    with pytest.raises(Forbidden):
        check(member, question, "research", release="R1")
    with pytest.raises(Forbidden):
        check(Caller("i", "industry", projects=frozenset({"P"})), question, "industry")


def test_a_platform_sees_its_own_only() -> None:
    seqoia = Caller("s", "platform", platform="SEQOIA")
    for question in ("push", "batches", "families", "contact_inbox"):
        assert check(seqoia, question, "care", platform="SEQOIA") is Rule.OWN
        for platform in ("AURAGEN", None):
            with pytest.raises(Forbidden) as refused:
                check(seqoia, question, "care", platform=platform)
            assert refused.value.reason == "other_platform"
    with pytest.raises(Forbidden):
        check(Caller("nobody's", "platform"), "push", "care", platform=None)


def test_a_client_may_be_given_fewer_purposes_than_its_role_has() -> None:
    narrowed = replace(OPERATOR, purposes=frozenset({"care"}))
    assert check(narrowed, "frequencies", "care") is Rule.ALLOWED
    with pytest.raises(Forbidden):
        check(narrowed, "frequencies", "research")
    with pytest.raises(BadQuestion):
        check(OPERATOR, "frequencies", "curiosity")


def test_every_cell_is_decided() -> None:
    cells = [rule_of(*cell) for cell in product(ROLES, PURPOSES, get_args(Question))]
    assert len(cells) == 6 * 3 * len(QUESTIONS)
    # Deny by default: of what is neither the operator's nor the steward's, most is refused.
    others = [
        rule_of(role, purpose, question)
        for role, purpose, question in product(ROLES, PURPOSES, QUESTIONS)
        if role not in ("operator", "steward")
    ]
    assert others.count(Rule.DENIED) > len(others) / 2
