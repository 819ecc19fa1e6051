"""What the warehouse holds: the one answer that needs no key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from api.desk import Hall
from api.models import StatusAnswer
from api.problems import DOCUMENTED
from cad.status import read_status

router = APIRouter(tags=["status"])


@router.get("/status", response_model=StatusAnswer, responses=DOCUMENTED)
def status(request: Request) -> dict[str, Any]:
    """Which warehouse this is, at which commit, and how much each purpose counts."""
    hall: Hall = request.app.state.hall
    document = read_status(hall.warehouse).to_json()
    # Whoever asks without a key learns sizes, and neither batches nor findings.
    return {name: document[name] for name in StatusAnswer.model_fields}
