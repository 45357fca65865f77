"""One document, two forms: the JSON a program reads and the page a person reads, chosen by `f` or Accept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from tile_server import caching
from tile_server.errors import RequestError
from tile_server.site import View

JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"

Form = Literal["json", "html"]
Link = dict[str, Any]


async def form_of(request: Request, f: Annotated[str | None, Query(description="返す形式")] = None) -> Form:
    """`f` decides; without it the better quality of Accept; without either JSON."""
    if f == "json":
        return "json"
    if f == "html":
        return "html"
    if f is not None:
        raise RequestError("f は json か html です。", "f must be json or html.", "f")
    accept = request.headers.get("accept", "")
    return "html" if quality(accept, "text/html") > max(quality(accept, JSON), quality(accept, GEOJSON)) else "json"


def quality(accept: str, media_type: str) -> float:
    """The quality that Accept gives a media type; the most specific range decides (RFC 9110 §12.5.1)."""
    main = media_type.partition("/")[0]
    found: dict[int, float] = {}
    for item in accept.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        rank = {media_type: 2, f"{main}/*": 1, "*/*": 0}.get(name)
        if rank is None:
            continue
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        found[rank] = float(quality) if re.fullmatch(r"[01](\.[0-9]{0,3})?", quality) else 0.0
    return found[max(found)] if found else 0.0


Wanted = Annotated[Form, Depends(form_of)]


def link(href: str, rel: str, media_type: str, title: str = "", **more: Any) -> Link:
    """One link with `rel` and `type`, as OGC's link requirements want them."""
    entry: Link = {"href": href, "rel": rel, "type": media_type}
    if title:
        entry["title"] = title
    return entry | more


def both_forms(view: View, form: Form, *parts: str, media_type: str = JSON, **query: str | int | None) -> list[Link]:
    """`self` and `alternate` links of a resource that exists in both forms."""
    forms: tuple[tuple[Form, str, str], ...] = (("json", media_type, "JSON"), ("html", HTML, "HTML"))
    return [
        link(view.url(*parts, **query, f=name), "self" if name == form else "alternate", kind, f"この文書 ({title})")
        for name, kind, title in forms
    ]


@cache
def _version() -> str:
    return version("machizu")


def reply(
    view: View,
    request: Request,
    content: bytes,
    media_type: str,
    headers: Mapping[str, str] | None = None,
    form: str = "",
) -> Response:
    """A document that changes with the release and the day: an ETag made of those, asked again each time."""
    release = view.snapshot.release
    etag = caching.weak_tag(
        _version(),
        release.number,
        release.made_at,
        view.today,
        view.base,
        request.scope["path"],
        request.scope["query_string"],
        media_type,
        form,
    )
    shared = {
        "etag": etag,
        "cache-control": caching.PRIVATE if view.candidate else caching.REVALIDATE,
        "vary": "Accept, Accept-Encoding",
    } | dict(headers or {})
    if caching.matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=shared)
    return Response(content, media_type=media_type, headers=shared)


def reply_json(view: View, request: Request, document: Any, media_type: str = JSON, **headers: str) -> Response:
    """A JSON document. Header names are written with underscores."""
    return reply(view, request, orjson.dumps(document), media_type, _named(headers))


def reply_page(view: View, request: Request, template: str, /, **values: Any) -> Response:
    """A page from `tile_server/pages`; every template knows the view, the service and the request's path."""
    page = view.site.pages.get_template(template)
    text = page.render(view=view, service=view.service, path=request.url.path, **values)
    return reply(view, request, text.encode("utf-8"), "text/html; charset=utf-8", form="html")


def reply_both(
    view: View, request: Request, form: Form, document: dict[str, Any], template: str, /, **values: Any
) -> Response:
    """The document in the form that was asked for."""
    if form == "html":
        return reply_page(view, request, template, document=document, **values)
    return reply_json(view, request, document)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
