"""The page that asks who is there."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from api.pages import as_language, render
from api.problems import status_of
from schemas.errors import CadError, LimitReached, Unauthenticated
from schemas.reasons import REASONS


def sign_in_page(language: str, where: str, error: CadError) -> HTMLResponse:
    """The form, and why what was shown does not do; leads to `where`."""
    chosen = as_language(language)
    text = REASONS[error.reason]
    is_new = error.reason == "credentials_missing"
    page = render(
        "signin",
        chosen,
        here=lambda other: f"/?{urlencode({'lang': other})}",
        is_demo=False,
        has_session=False,
        where=where,
        problem=None if is_new else (text.fr if chosen == "fr" else text.en),
    )
    response = HTMLResponse(page, status_of(error), {"Content-Language": chosen})
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = 'Bearer realm="CAD"'
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = "60"
    return response


def own_path(where: str) -> str:
    r"""An address on this service, the first page for any other.

    >>> own_path("/variants/22-1-A-C?lang=en"), own_path("//evil.example"), own_path("/\\evil")
    ('/variants/22-1-A-C?lang=en', '/', '/')
    """
    is_path = where.startswith("/") and not where.startswith("//") and "\\" not in where
    return where if is_path and where.isprintable() else "/"
