"""What the warehouse holds."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.dependencies import Answer, Service
from api.models import StatusAnswer
from api.problems import DOCUMENTED
from cad.status import read_status

router = APIRouter(tags=["status"])


@router.get("/status", response_model=StatusAnswer, responses=DOCUMENTED)
def status(service: Service) -> Response:
    """What the warehouse holds at its latest commit, and what waits to be built."""
    return Answer(read_status(service.warehouse).to_json())
