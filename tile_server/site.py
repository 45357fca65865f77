"""What the routes share: the catalogue, the open files and the clock, gathered once by `create_app`.

`Site` lives as long as the server; `View` is one request's look at it: a frozen snapshot of the release, the day it
is asked on, and the address that absolute links start with.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import quote, quote_plus

import jinja2
from fastapi import Depends
from starlette.requests import Request

from gis_pipeline.catalog import Catalog, Published, Snapshot
from gis_pipeline.errors import UnknownEdition, Withdrawn
from gis_pipeline.model import CollectionEntry, Service
from tile_server.archives import Archives
from tile_server.comparing import Comparisons
from tile_server.counters import Counters
from tile_server.jobs import Jobs
from tile_server.masters import Masters
from tile_server.rendering import Rendering
from tile_server.search import SearchIndex
from tile_server.settings import Settings
from tile_server.store import Stores

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.~/:,-]*")


def _quoted(text: str) -> str:
    """A name or value of a query; most need nothing, and a page has many links."""
    return text if _PLAIN_VALUE.fullmatch(text) else quote_plus(text, safe="/:,")


@dataclass(frozen=True)
class Site:
    """Everything that outlives a request. `rendering` is where pictures are drawn.

    `parameters`: the query parameters each endpoint knows; None where its own dependency judges them.
    `output_titles`: the Japanese name of each output, as its writer declares it.
    """

    settings: Settings
    catalog: Catalog
    today: Callable[[], dt.date]
    stores: Stores
    archives: Archives
    search: SearchIndex
    pages: jinja2.Environment
    parameters: Mapping[Callable[..., Any], frozenset[str] | None]
    output_titles: Mapping[str, str]
    comparisons: Comparisons = field(default_factory=Comparisons, kw_only=True)
    jobs: Jobs = field(default_factory=Jobs, kw_only=True)
    rendering: Rendering = field(default_factory=Rendering, kw_only=True)
    masters: Masters = field(default_factory=Masters, kw_only=True)
    counters: Counters


@dataclass(frozen=True)
class View:
    """One request's look at the site. `base` is the absolute address of the service without a trailing slash.

    `today` is the day whose state counts as in force; `day` is set where the request asked for that day by `datetime`,
    so that links carry it on.
    """

    site: Site
    snapshot: Snapshot
    today: dt.date
    base: str
    day: str | None = None

    def at(self, on: dt.date | None) -> View:
        """The same look on the day asked for; everything that is "in force" then means that day."""
        return self if on is None else replace(self, today=on, day=on.isoformat())

    def on_named_day(self, collection_id: str, on: dt.date | None) -> View:
        """`at` for what one collection is: UnknownEdition or Withdrawn if a day is named and none is in force."""
        if on is not None:
            self.published(collection_id, on)
        return self.at(on)

    @property
    def service(self) -> Service:
        """The town, its frame and its terms."""
        return self.snapshot.release.service

    @property
    def candidate(self) -> bool:
        """Whether this is the private preview of a candidate (公開前の確認用)."""
        return self.site.settings.candidate is not None

    def url(self, *parts: str, **query: str | int | None) -> str:
        """An absolute address; every part is one path segment and gets percent-encoded."""
        path = "".join("/" + (part if _PLAIN.fullmatch(part) else quote(part, safe="@,:")) for part in parts)
        given = "&".join(f"{_quoted(name)}={_quoted(str(value))}" for name, value in query.items() if value is not None)
        return f"{self.base}{path}?{given}" if given else self.base + path

    def published(self, collection_id: str, on: dt.date | None = None) -> Published:
        """The edition in force on a day (default today); UnknownCollection, UnknownEdition, Withdrawn."""
        return self.snapshot.edition(collection_id, on=on or self.today)

    def current(self, entry: CollectionEntry, on: dt.date | None = None) -> tuple[Published | None, str]:
        """The edition in force, or None; with the public reason if it was withdrawn."""
        try:
            return self.published(entry.declaration.id, on), ""
        except Withdrawn as error:
            return None, error.reason
        except UnknownEdition:
            return None, ""

    def before(self, published: Published) -> Published | None:
        """The edition before another one; one that was withdrawn is passed over."""
        name = published.declaration.id
        for earlier in reversed([one for one in self.snapshot.history(name) if one.order < published.entry.order]):
            try:
                return self.snapshot.edition(name, edition_id=earlier.id)
            except Withdrawn:
                continue
        return None


def site_of(request: Request) -> Site:
    """The site of the application that handles this request."""
    site: Site = request.app.state.site
    return site


def base_url(request: Request, settings: Settings) -> str:
    """MACHIZU_PUBLIC_URL, or the request's own scheme and host (checked before by `tile_server.front`)."""
    if settings.public_url:
        return settings.public_url
    root: str = request.scope.get("root_path", "")
    return f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}{root}"


async def view_of(request: Request) -> View:
    """This request's view; raises Absent before the first publication."""
    site = site_of(request)
    return View(site, site.catalog.snapshot(), site.today(), base_url(request, site.settings))


Asked = Annotated[View, Depends(view_of)]
