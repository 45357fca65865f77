"""The commonest request for features, a box and a limit, past FastAPI: its own work would cost more than the answer.

Only what needs no judgement is taken: known parameters once each, JSON wanted, a map that is held in memory. The answer
is made by the route's own function; everything else, every fault included, is left to the route.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gis_pipeline.errors import MachizuError
from tile_server.area import Area
from tile_server.boxes import area_of
from tile_server.params import Paging, paging
from tile_server.site import Site, View, base_url

_PATH = re.compile(r"/api/collections/([a-z][a-z0-9_-]{0,59})/items")
_PARAMETERS = frozenset({"bbox", "limit", "offset"})
_JSON = frozenset({"", "*/*", "application/json", "application/geo+json"})

Answering = Callable[[View, Request, str, Area | None, Paging], Response]


class QuickItems:
    """ASGI, between what every answer has in common and FastAPI. `answering` is offered by the route."""

    def __init__(self, app: ASGIApp, site: Site, answering: Answering) -> None:
        self._app = app
        self._site = site
        self._answering = answering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        match = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        answer = None
        if match is not None:
            try:
                answer = await self._answer(match[1], scope)
            except (MachizuError, OSError):
                answer = None
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, collection_id: str, scope: Scope) -> Response | None:
        site, request = self._site, Request(scope)
        asked = request.query_params
        if len(asked) != len(asked.multi_items()) or "bbox" not in asked or not _PARAMETERS.issuperset(asked):
            return None
        if request.headers.get("accept", "") not in _JSON:
            return None
        view = View(site, site.catalog.snapshot(), site.today(), base_url(request, site.settings))
        if not site.stores.holds(view.published(collection_id).file("store.sqlite")):
            return None
        area = await area_of(view, asked["bbox"], None)
        page = await paging(view, asked.get("limit"), asked.get("offset"))
        return self._answering(view, request, collection_id, area, page)
