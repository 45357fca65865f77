"""The application: what is put before what. Nothing happens at import; everything is made by `create_app`.

HotTiles                tiles that were asked for before
Measured                /metrics, for this computer
ServerErrorMiddleware   an error nobody foresaw is a 500 problem and is logged by the server
PrebuiltTiles           /tiles/… from mapped archives, before everything below
Front                   methods, CORS, HEAD, safe headers
Limits                  so much of what is costly a client
Compress                br or gzip
QuickItems              a box of features that are held in memory
FastAPI                 the routes of `tile_server.routes`
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import jinja2
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute, APIRouter
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import gis_pipeline.outputs
import tile_server.routes
from gis_pipeline.catalog import Catalog
from gis_pipeline.model import today_in_japan
from gis_pipeline.plugins import members
from tile_server.archives import Archives
from tile_server.counters import Counters
from tile_server.errors import add_error_handlers, answer
from tile_server.front import Compress, Front
from tile_server.hot import HotTiles, ReadyTiles
from tile_server.limits import Limits
from tile_server.metrics import Measured
from tile_server.openapi import definition
from tile_server.params import accepted_parameters, only_known_parameters
from tile_server.quick import QuickItems
from tile_server.search import SearchIndex
from tile_server.settings import Settings
from tile_server.site import Site
from tile_server.store import Stores
from tile_server.tiles import PrebuiltTiles


def create_app(settings: Settings | None = None, today: Callable[[], dt.date] = today_in_japan) -> ASGIApp:
    """The whole service as one ASGI application. `today` is the clock by which editions come into force."""
    settings = settings or Settings()
    routes = members(tile_server.routes)
    routers = [_router(module) for module in routes.values()]
    site = Site(
        settings=settings,
        catalog=Catalog(settings.published, settings.candidate, today),
        today=today,
        stores=Stores(settings.memory_features),
        archives=Archives(),
        search=SearchIndex(),
        pages=_pages(),
        parameters={
            route.endpoint: accepted_parameters(route.dependant)
            for router in routers
            for route in router.routes
            if isinstance(route, APIRoute)
        },
        counters=Counters(),
        output_titles={name: module.TITLE for name, module in members(gis_pipeline.outputs).items()},
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.site = site
    add_error_handlers(app)
    for router in routers:
        app.include_router(router, dependencies=[Depends(only_known_parameters)])
    app.state.definition = definition(app)
    front: ASGIApp = Front(Limits(Compress(QuickItems(app, site, routes["items"].quick)), settings.costly_per_minute))
    if settings.trusted_proxies:
        front = ProxyHeadersMiddleware(front, trusted_hosts=list(settings.trusted_proxies))  # type: ignore[arg-type,assignment]
    ready = ReadyTiles(site.catalog, today)
    tiles = PrebuiltTiles(front, site.catalog, site.archives, settings, today, ready, site.counters)
    guarded = ServerErrorMiddleware(tiles, handler=_unforeseen)
    return HotTiles(Measured(guarded, site.counters), ready, site.counters)


def _router(module: Any) -> APIRouter:
    """A member of `tile_server.routes` offers one name: `router`."""
    router = module.router
    if not isinstance(router, APIRouter):
        raise TypeError(f"{module.__name__}.router is not an APIRouter")
    return router


def _pages() -> jinja2.Environment:
    loader = jinja2.PackageLoader("tile_server", "pages")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False)


async def _unforeseen(_request: Request, error: Exception) -> Response:
    """Never a detail of what went wrong inside."""
    return answer(error)
