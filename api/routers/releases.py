"""Releases: which there are, and what each holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.desk import Asked, AtDesk, Desk
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.gate import allowed_purposes
from cad.releases.read import find_release_document, list_release_documents
from schemas.errors import Forbidden

router = APIRouter(tags=["releases"])


@router.get("/releases", responses=DOCUMENTED)
def read_releases(desk: AtDesk) -> Response:
    """The releases, in the order in which they were made."""
    _check(desk)
    found = list_release_documents(desk.hall.warehouse)
    rows = flat_rows(found)
    return desk.answer(Asked("status", None, {}), {"releases": found}, len(found), lambda: rows)


@router.get("/releases/{name}", responses=DOCUMENTED)
def read_release(
    desk: AtDesk, name: Annotated[str, Path(description="Of the release.", examples=["2026-1"])]
) -> Response:
    """What a release holds: commit, thresholds, sources, persons, files with checksums."""
    _check(desk)
    found = find_release_document(desk.hall.warehouse, name)
    asked = Asked("status", None, {}, found["commit"], found["release"])
    return desk.answer(asked, found, 1)


def _check(desk: Desk) -> None:
    """Whoever the gate knows may read what names nobody."""
    if not allowed_purposes(desk.caller, "status"):
        raise Forbidden("not_allowed", "the caller may ask for no purpose", "status")
