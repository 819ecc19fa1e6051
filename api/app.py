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
from starlette.middleware import Middleware
from starlette_compress import CompressMiddleware

from api.budget import Budget
from api.callers import Authenticate, Doorkeeper
from api.desk import Hall
from api.guard import Guard
from api.host_check import LoopbackOnly
from api.limits import RateLimits
from api.problems import add_handlers
from api.routers import (
    analyses,
    annotate,
    batches,
    depth,
    genes,
    pages,
    persons,
    plan,
    regions,
    releases,
    signin,
    status,
    uploads,
    variants,
)
from api.shelf import Shelf
from cad.audit import open_log
from cad.cohort.select import CohortCache
from cad.demo.folder import is_demo
from cad.query import BaseService
from cad.settings import Settings
from cad.uploads.annotate import AnnotateDesk
from cad.uploads.push import Pusher
from cad.uploads.store import UploadStore
from cad.warehouse import Warehouse
from schemas.errors import Forbidden, NotFound

_DESCRIPTION: Final = (
    "How often each variant is seen, in how many persons who could have shown it, in whom. "
    "Every figure belongs to one purpose: whose consents and cohorts let them count for it."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application over the warehouse that the settings name (``CAD_WAREHOUSE``).

    Starting it raises what `cad.warehouse.Warehouse.open` does; Forbidden (`demo_only`) where
    anybody could ask and the warehouse is no demo's; Unavailable (`identity_unusable`).
    """
    settings = settings or Settings()
    app = FastAPI(
        title="CAD",
        version=version("cad-warehouse"),
        description=_DESCRIPTION,
        lifespan=_lifespan,
        middleware=_middleware(settings),
        # The pages that browse a schema load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    add_handlers(app)
    for module in (
        *(variants, regions, genes, depth, annotate, persons, plan),
        *(releases, analyses, batches, uploads, status),
    ):
        app.include_router(module.router, prefix="/v1")
    app.include_router(signin.router)
    app.include_router(pages.router)
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside in; a demo is open to whoever asks, so it hears this machine alone."""
    return [
        Middleware(Guard, settings),
        *([Middleware(LoopbackOnly)] if settings.demo else []),
        Middleware(CompressMiddleware, minimum_size=2000),
        Middleware(Authenticate),
    ]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    if settings.warehouse is None:
        raise NotFound("warehouse_missing", "name the warehouse in CAD_WAREHOUSE")
    if settings.demo and not is_demo(settings.warehouse):
        raise Forbidden("demo_only", "cad demo did not make this warehouse")
    with Warehouse.open(settings.warehouse, settings) as warehouse, open_log(warehouse) as log:
        doorkeeper = Doorkeeper(warehouse, settings, RateLimits(settings))
        service = BaseService(warehouse)
        budget = Budget(warehouse.path, settings.daily_variants)
        app.state.doorkeeper = doorkeeper
        cohorts = CohortCache()
        store = UploadStore(warehouse.path, settings)
        shelf, jobs = Shelf(warehouse, service), AnnotateDesk(warehouse)
        pusher = Pusher(warehouse.path, store, settings)
        app.state.hall = Hall(
            *(warehouse, settings, service, log, budget, doorkeeper),
            *(cohorts, store, pusher, shelf, jobs),
        )
        try:
            yield
        finally:
            jobs.close()
            pusher.close()
            service.close()
