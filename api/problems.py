"""Errors as problem documents (RFC 9457): every answer that is not a success has this one shape."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.models import Problem
from cad.uploads.failures import told_as
from schemas.errors import HTTP_STATUS, BadQuestion, CadError, LimitReached, NotFound
from schemas.reasons import REASONS

RETRY_SECONDS: Final = "60"
MEDIA_TYPE: Final = "application/problem+json"
DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem document; `reason` is one of the listed reasons.",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}
"""What a route says of its errors in the OpenAPI document."""


def status_of(error: CadError) -> int:
    """The HTTP status of an error."""
    return next(HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS)


def problem_response(error: CadError, status: int | None = None) -> Response:
    """The response to an error, of the status in `schemas.errors.HTTP_STATUS` if none is given."""
    if status is None:
        status = status_of(error)
    problem = Problem(
        type=f"urn:cad:reason:{error.reason}",
        title=REASONS[error.reason].en,
        status=status,
        detail=error.detail,
        reason=error.reason,
        where=error.where,
    )
    return Response(orjson.dumps(problem.model_dump()), status, media_type=MEDIA_TYPE)


class NotModified(Exception):  # noqa: N818
    """The caller has the answer already; `tag` is its ETag."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def add_handlers(app: FastAPI) -> None:
    """Let the application answer every error with a problem document."""
    app.add_exception_handler(CadError, _ours)
    app.add_exception_handler(NotModified, _not_modified)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unforeseen)


def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, CadError)
    response = problem_response(error)
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _not_modified(_: Request, error: Exception) -> Response:
    assert isinstance(error, NotModified)
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": error.tag})


def _malformed(_: Request, error: Exception) -> Response:
    """What does not follow the schema; what was sent is not repeated, it may name somebody."""
    assert isinstance(error, RequestValidationError)
    found = "; ".join(
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
    )
    return problem_response(BadQuestion("request_malformed", found))


def _of_http(request: Request, error: Exception) -> Response:
    """No such route, or not by this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(NotFound("not_found", "no such address", request.url.path))
    detail = HTTPStatus(error.status_code).phrase
    response = problem_response(BadQuestion("request_malformed", detail), error.status_code)
    response.headers.update(error.headers or {})
    return response


def _unforeseen(_: Request, error: Exception) -> Response:
    """Of an error's message nothing is told. The server logs its trace."""
    return problem_response(told_as(error))
