"""The plan's view: indicators, what to look at again, messages to carriers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api.desk import Asked, AtDesk
from api.models import NowQuestion
from api.paging import cut, read_offset
from api.person_models import (
    ChangesQuestion,
    ContactAnswer,
    ContactRequest,
    IndicatorQuestion,
)
from api.problems import DOCUMENTED
from api.tables import flat_rows
from cad.contacts import read_messages, relay_message
from cad.gate import check
from cad.questions.indicators import find_indicators
from cad.reanalysis import find_changes

router = APIRouter(tags=["plan"])


@router.get("/indicators", responses=DOCUMENTED)
def read_indicators(desk: AtDesk, question: Annotated[IndicatorQuestion, Query()]) -> Response:
    """Persons, sequences, delays, yield, off-route and set-aside shares."""
    check(desk.caller, "indicators", question.purpose)
    found = find_indicators(desk.hall.warehouse, question.by, question.purpose)
    asked = Asked("indicators", question.purpose, {"by": question.by}, found["commit"])
    groups = found["groups"]
    return desk.answer(asked, found, len(groups), lambda: flat_rows(groups))


@router.get("/changes", responses=DOCUMENTED)
def read_changes(desk: AtDesk, question: Annotated[ChangesQuestion, Query()]) -> Response:
    """Variants to look at again: passed 1 % or 5 %, first homozygotes, new classes of ClinVar."""
    about = {"since": question.since}
    with desk.read("changes", question, about) as (reader, asked):
        state = reader.base.pinned_no
        offset = read_offset(question.cursor, state)
        found = find_changes(desk.hall.warehouse, question.since, question.purpose, asked.release)
        found["variants"], found["next"] = cut(found["variants"], offset, question.limit, state)
        variants = found["variants"]
        desk.spend(one["variant"] for one in variants)
        return desk.answer(asked, found, len(variants), lambda: flat_rows(variants))


@router.post("/contacts", response_model=ContactAnswer, responses=DOCUMENTED)
def leave_message(desk: AtDesk, request: Annotated[ContactRequest, Body()]) -> Response:
    """Leave a message for carriers of a variant who agreed to be contacted again."""
    check(desk.caller, "contact", request.purpose)
    warehouse = desk.hall.warehouse
    variant = relay_message(warehouse, request.variant, request.message, desk.caller.name)
    asked = Asked("contact", request.purpose, {"variant": str(variant)})
    return desk.answer(asked, {"variant": str(variant), "relayed": True}, 0)


@router.get("/contacts", responses=DOCUMENTED)
def read_contacts(desk: AtDesk, question: Annotated[NowQuestion, Query()]) -> Response:
    """The messages that the caller's platform is to relay, the latest first."""
    platform = desk.caller.platform
    check(desk.caller, "contact_inbox", question.purpose, platform=platform)
    messages = [one.to_json() for one in read_messages(desk.hall.warehouse, platform or "")]
    asked = Asked("contact_inbox", question.purpose, {"platform": platform})
    return desk.answer(asked, {"platform": platform, "messages": messages}, len(messages))
