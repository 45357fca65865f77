"""Prebuilt tiles: a bare ASGI handler over mapped PMTiles archives, in front of FastAPI and its middleware.

    /tiles/{collection}@{edition}/{z}/{x}/{y}.{mvt,webp,png,jpg}    immutable
    /tiles/{collection}/{z}/{x}/{y}.…[?datetime=]                    the edition in force

The directory is decoded once per file, the bytes go out as stored; a request costs a dictionary look-up, a bisection
and two messages. Everything that is not exactly such a path, or not stored in that format, goes on to the application.
What was answered once is left with `tile_server.hot`, which then answers it alone.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gis_pipeline.catalog import Catalog, Published, Snapshot
from gis_pipeline.errors import MachizuError
from tile_server import caching
from tile_server.archives import MEDIA_TYPES, Archive, Archives, archive_of, check_matrix, check_zoom
from tile_server.blank import blank
from tile_server.counters import Counters
from tile_server.errors import answer
from tile_server.front import OPEN_TO_ALL, accepts_encoding
from tile_server.hot import Ready, ReadyTiles
from tile_server.params import parse_instant, unknown_parameter
from tile_server.settings import Settings

_PATH = re.compile(
    r"/tiles/(?P<collection>[a-z][a-z0-9_-]{0,59})(?:@(?P<edition>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\.[0-9]{1,4})?))?"
    r"/(?P<z>[0-9]{1,2})/(?P<x>[0-9]{1,10})/(?P<y>[0-9]{1,10})\.(?P<format>mvt|webp|png|jpg)"
)


_MOST_TARGETS = 4096


@dataclass(frozen=True)
class _Target:
    """Where the tiles of a path's collection and edition come from."""

    published: Published
    path: Path
    tag: str
    cache: bytes


class PrebuiltTiles:
    """The ASGI handler. One object an application; what it remembers is dropped with each new snapshot or day."""

    def __init__(
        self,
        app: ASGIApp,
        catalog: Catalog,
        archives: Archives,
        settings: Settings,
        today: Callable[[], dt.date],
        ready: ReadyTiles,
        counters: Counters,
    ) -> None:
        self._app = app
        self._catalog = catalog
        self._archives = archives
        self._settings = settings
        self._today = today
        self._ready = ready
        self._counters = counters
        self._targets: dict[tuple[str, str | None, dt.date, str], _Target | None] = {}
        self._snapshot: Snapshot | None = None
        self._seen_on = dt.date.min

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a prebuilt tile; hands everything else on."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        match = _PATH.fullmatch(scope["path"])
        if match is None:
            await self._app(scope, receive, send)
            return
        try:
            done = await self._answer(match, scope, send)
        except (MachizuError, OSError) as error:
            response = answer(error)
            response.headers.update({name.decode(): value.decode() for name, value in OPEN_TO_ALL})
            await response(scope, receive, send)
            return
        if not done:
            await self._app(scope, receive, send)

    async def _answer(self, match: re.Match[str], scope: Scope, send: Send) -> bool:
        form, edition_id = match["format"], match["edition"]
        snapshot, today = self._catalog.snapshot(), self._today()
        self._forget_unless(snapshot, today)
        target = self._target(snapshot, match["collection"], edition_id, self._day(scope, edition_id) or today, form)
        if target is None:
            return False
        archive = self._archives.known(target.path)
        if archive is None:
            archive = await anyio.to_thread.run_sync(self._archives.open, target.path)
        if archive.format != form:
            return False
        zoom, col, row = int(match["z"]), int(match["x"]), int(match["y"])
        check_matrix(zoom, col, row)
        check_zoom(archive, target.published, zoom)
        ready = await _send(scope, send, archive, target, (zoom, col, row))
        self._counters.tiles += 1
        if ready is not None:
            self._ready.keep(scope, snapshot, today, ready)
        return True

    def _forget_unless(self, snapshot: Snapshot, today: dt.date) -> None:
        if self._snapshot is not snapshot or self._seen_on != today or len(self._targets) > _MOST_TARGETS:
            self._targets, self._snapshot, self._seen_on = {}, snapshot, today

    def _day(self, scope: Scope, edition_id: str | None) -> dt.date | None:
        """The `datetime` asked for; where the path names an edition there is none."""
        if not scope["query_string"]:
            return None
        asked = None
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name != "datetime" or edition_id is not None or asked is not None:
                raise unknown_parameter(name)
            asked = parse_instant(value)
        return asked

    def _target(
        self, snapshot: Snapshot, collection: str, edition_id: str | None, on: dt.date, form: str
    ) -> _Target | None:
        key = (collection, edition_id, on, form)
        if key not in self._targets:
            self._targets[key] = self._find(snapshot, collection, edition_id, on, form)
        return self._targets[key]

    def _find(
        self, snapshot: Snapshot, collection: str, edition_id: str | None, on: dt.date, form: str
    ) -> _Target | None:
        published = snapshot.edition(collection, on=on, edition_id=edition_id)
        name = archive_of(published, form)
        asset = None if name is None else published.edition.asset(name)
        if asset is None:
            return None
        return _Target(published, published.file(asset.name), asset.sha256[:16], self._cache_control(edition_id))

    def _cache_control(self, edition_id: str | None) -> bytes:
        settings = self._settings
        if settings.candidate is not None:
            return caching.PRIVATE.encode()
        if edition_id is not None:
            return caching.IMMUTABLE.format(settings.edition_max_age_s).encode()
        return caching.SHORT.format(settings.latest_max_age_s).encode()


async def _send(scope: Scope, send: Send, archive: Archive, target: _Target, at: tuple[int, int, int]) -> Ready | None:
    """200 with the bytes, 304 if the client has it; HEAD as GET without the bytes. An empty place is a blank picture;
    204 for vectors.

    Returns the answer to keep if it went out whole and as stored.
    """
    headers, place = Headers(scope=scope), archive.place(*at)
    start, end = place or (0, 0)
    packed = place is not None and archive.gzipped and accepts_encoding(headers.get("accept-encoding"), "gzip")
    etag = f'"{target.tag}-{at[0]}-{at[1]}-{at[2]}{"-gz" if packed else ""}"'
    sent = [*OPEN_TO_ALL, (b"etag", etag.encode()), (b"cache-control", target.cache)]
    if archive.gzipped:
        sent.append((b"vary", b"Accept-Encoding"))
    status, body = 200, b""
    if caching.matches(headers.get("if-none-match"), etag):
        status = 304
    elif (stored := blank(archive.format) if place is None else archive.bytes_at(start, end)) is None:
        status = 204
    else:
        body = stored if packed else archive.plain(stored)
        sent.append((b"content-type", MEDIA_TYPES[archive.format].encode()))
        sent.append((b"content-length", str(len(body)).encode()))
        if packed:
            sent.append((b"content-encoding", b"gzip"))
    head = {"type": "http.response.start", "status": status, "headers": sent}
    await send(head)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
    as_stored = status == 204 or (status == 200 and place is not None and (packed or not archive.gzipped))
    return Ready(head, archive, start, end) if as_stored else None
