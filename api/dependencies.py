"""What handlers ask for, as types."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Depends, Request, Response

from cad.query import BaseService


def get_service(request: Request) -> BaseService:
    """The application's one service over the bases."""
    service: BaseService = request.app.state.service
    return service


Service = Annotated[BaseService, Depends(get_service)]


class Answer(Response):
    """A document of `cad.query`, as it is: the same bytes' worth as `--format json` prints.

    Nothing on the way may keep it, as figures change with each build.
    """

    media_type = "application/json"

    def __init__(self, document: Any) -> None:
        super().__init__(orjson.dumps(document), headers={"Cache-Control": "no-store"})
