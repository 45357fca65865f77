"""Tiles asked for again: their heads made once, found by the path itself. The outermost part of the application.

`tile_server.tiles` judges a path once (edition, archive, matrix) and leaves the outcome here. Everything is forgotten
with a new release and at midnight, so an entry is as true as judging again. Bodies stay in the mapped archives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gis_pipeline.catalog import Catalog, Snapshot
from gis_pipeline.errors import MachizuError
from tile_server.archives import Archive
from tile_server.counters import Counters

MOST_PATHS = 20_000
"""About 1 kB each. When it is full everything is forgotten: cheaper than keeping an order of use."""
_LONGEST_CODING = 100


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole answer but its bytes, which lie at `start` to `end` of the archive as they are sent."""

    head: Message
    archive: Archive
    start: int
    end: int


class ReadyTiles:
    """What is remembered, under one snapshot on one day."""

    def __init__(self, catalog: Catalog, today: Callable[[], dt.date]) -> None:
        self._catalog = catalog
        self._today = today
        self._snapshot: Snapshot | None = None
        self._day = dt.date.min
        self._ready: dict[tuple[str, bytes], Ready] = {}

    def find(self, scope: Scope) -> Ready | None:
        """The answer to a plain GET without conditions; None where it has to be judged."""
        coding = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                coding = value
            elif name == b"if-none-match":
                return None
        ready = self._ready.get((scope["path"], coding))
        if ready is None:
            return None
        try:
            snapshot = self._catalog.snapshot()
        except (MachizuError, OSError):
            return None
        return ready if snapshot is self._snapshot and self._today() == self._day else None

    def keep(self, scope: Scope, snapshot: Snapshot, day: dt.date, ready: Ready) -> None:
        """Remembers the answer to a plain GET as it was judged under a snapshot on a day."""
        if scope["method"] != "GET" or scope["query_string"]:
            return
        if snapshot is not self._snapshot or day != self._day or len(self._ready) >= MOST_PATHS:
            self._ready, self._snapshot, self._day = {}, snapshot, day
        codings = [value for name, value in scope["headers"] if name == b"accept-encoding"]
        if len(codings) < 2 and sum(map(len, codings)) <= _LONGEST_CODING:
            self._ready[scope["path"], b"".join(codings)] = ready


class HotTiles:
    """ASGI: answers what is ready; hands everything else on."""

    def __init__(self, app: ASGIApp, ready: ReadyTiles, counters: Counters) -> None:
        self._app = app
        self._ready = ready
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            ready = self._ready.find(scope)
            if ready is not None:
                self._counters.tiles += 1
                await send(ready.head)
                await send({"type": "http.response.body", "body": ready.archive.bytes_at(ready.start, ready.end)})
                return
        await self._app(scope, receive, send)
