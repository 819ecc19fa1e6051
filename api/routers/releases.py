"""Releases: which there are, and what each holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.desk import Asked, AtDesk, Desk
from api.models import NowQuestion
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.gate import allowed_purposes, check
from cad.releases.read import find_phenotypes, find_release_document, list_release_documents
from schemas.errors import Forbidden

router = APIRouter(tags=["releases"])

Name = Annotated[str, Path(max_length=200, description="Of the release.", examples=["2026-1"])]


@router.get("/releases", responses=DOCUMENTED)
def read_releases(desk: AtDesk) -> Response:
    """The releases, in the order in which they were made."""
    _check(desk)
    found = list_release_documents(desk.hall.warehouse)
    rows = flat_rows(found)
    return desk.answer(Asked("status", None, {}), {"releases": found}, len(found), lambda: rows)


@router.get("/releases/{name}", responses=DOCUMENTED)
def read_release(desk: AtDesk, name: Name) -> Response:
    """What a release holds: commit, thresholds, sources, persons, files with checksums."""
    _check(desk)
    found = find_release_document(desk.hall.warehouse, name)
    asked = Asked("status", None, {}, found["commit"], found["release"])
    return desk.answer(asked, found, 1)


@router.get("/releases/{name}/phenotypes", responses=DOCUMENTED)
def read_phenotypes(
    desk: AtDesk, name: Name, question: Annotated[NowQuestion, Query()]
) -> Response:
    """How many persons of a release have each feature, and in how many it was excluded."""
    check(desk.caller, "phenotypes", question.purpose, release=name)
    found = find_phenotypes(desk.hall.warehouse, name, question.purpose)
    asked = Asked("phenotypes", question.purpose, {}, found["commit"], name)
    terms = found["terms"]
    return desk.answer(asked, found, len(terms), lambda: flat_rows(terms))


def _check(desk: Desk) -> None:
    """Whoever the gate knows may read what names nobody."""
    if not allowed_purposes(desk.caller, "status"):
        raise Forbidden("not_allowed", "the caller may ask for no purpose", "status")
