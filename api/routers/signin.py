"""Signing in to the pages with a key or token, and out again."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from api.desk import Hall
from api.pages.signin import own_path, sign_in_page
from api.sessions import give_cookie, is_own, take_cookie
from schemas.errors import CadError, Forbidden

router = APIRouter(include_in_schema=False)


@router.post("/signin")
async def sign_in(request: Request) -> Response:
    """Begin a session, and go where one was going."""
    hall: Hall = request.app.state.hall
    form = parse_qs((await request.body()).decode(errors="replace"))
    key, where, language = (form.get(name, [""])[0] for name in ("key", "next", "lang"))
    address = request.client.host if request.client else ""
    try:
        if not is_own(request.scope):
            raise Forbidden("request_malformed", "another site's page sent the form")
        await hall.doorkeeper.identify(f"Bearer {key.strip()}", address)
    except CadError as error:
        return sign_in_page(language, own_path(where), error)
    response = RedirectResponse(own_path(where), HTTPStatus.SEE_OTHER)
    hall.doorkeeper.sessions.close(request.scope)
    number = hall.doorkeeper.sessions.open(key.strip())
    give_cookie(response, request.scope, number)
    return response


@router.get("/signin")
def ask_again() -> Response:
    """To the first page, which asks who is there."""
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


@router.post("/signout")
async def sign_out(request: Request) -> Response:
    """End the session."""
    hall: Hall = request.app.state.hall
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    if is_own(request.scope):
        hall.doorkeeper.sessions.close(request.scope)
        take_cookie(response, request.scope)
    return response
