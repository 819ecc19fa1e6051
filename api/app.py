"""The application: made by `create_app`, which `cad serve` starts by name.

Nothing is opened before the service starts, and everything once: the warehouse, its registry and
the pinned bases are shared by all requests.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from api.host_check import LoopbackOnly
from api.problems import add_handlers
from api.routers import depth, genes, regions, status, variants
from cad.query import BaseService
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import NotFound

_DESCRIPTION: Final = (
    "How often each variant is seen, in how many persons who could have shown it, in whom. "
    "Every figure belongs to one purpose: whose consents and cohorts let them count for it."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application over the warehouse that the settings name (``CAD_WAREHOUSE``).

    Starting it raises what `cad.warehouse.Warehouse.open` does.
    """
    app = FastAPI(
        title="CAD",
        version=version("cad-warehouse"),
        description=_DESCRIPTION,
        lifespan=_lifespan,
        # The pages that browse a schema load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.add_middleware(LoopbackOnly)
    add_handlers(app)
    for router in (variants.router, regions.router, genes.router, depth.router, status.router):
        app.include_router(router, prefix="/v1")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = app.state.settings or Settings()
    if settings.warehouse is None:
        raise NotFound("warehouse_missing", "name the warehouse in CAD_WAREHOUSE")
    with Warehouse.open(settings.warehouse, settings) as warehouse:
        app.state.service = BaseService(warehouse)
        try:
            yield
        finally:
            app.state.service.close()
