"""A platform's own batches and their receipts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.desk import Asked, AtDesk
from api.models import NowQuestion, PagedQuestion
from api.paging import cut, read_offset
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.gate import check
from cad.registry.batches import find_batch, list_batches
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from schemas.errors import NotFound

router = APIRouter(tags=["batches"])


@router.get("/batches", responses=DOCUMENTED)
def read_batches(desk: AtDesk, question: Annotated[PagedQuestion, Query()]) -> Response:
    """The batches that the caller's platform pushed, in the order they came."""
    platform = desk.caller.platform
    check(desk.caller, "batches", question.purpose, platform=platform)
    with reading(desk.hall.warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        rows = [one for one in list_batches(connection, commit_no) if one.platform == platform]
    offset = read_offset(question.cursor, commit_no)
    part, after = cut([row.to_json() for row in rows], offset, question.limit, commit_no)
    document = {"platform": platform, "commit": commit_no, "batches": part, "next": after}
    asked = Asked("batches", question.purpose, {"platform": platform}, commit_no)
    return desk.answer(asked, document, len(part), lambda: flat_rows(part))


@router.get("/receipts/{batch_id}", responses=DOCUMENTED)
def read_receipt(
    desk: AtDesk,
    batch_id: Annotated[str, Path(description="Batch.", examples=["SEQOIA-2026-11-20-001"])],
    question: Annotated[NowQuestion, Query()],
) -> Response:
    """The receipt of one of the caller's platform's batches."""
    platform = desk.caller.platform
    check(desk.caller, "batches", question.purpose, platform=platform)
    with reading(desk.hall.warehouse.engine) as connection:
        row = find_batch(connection, batch_id)
    # Of another platform's batches not even the ids are told.
    if row is None or row.platform != platform:
        raise NotFound("batch_unknown", "no live batch of the platform has this id", batch_id)
    asked = Asked("batches", question.purpose, {"batch": row.batch_id}, row.commit_no)
    return desk.answer(asked, dict(row.receipt), 1)
