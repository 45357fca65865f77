"""/robots.txt and /sitemap.xml: what search engines may look at, and the pages worth finding."""

from __future__ import annotations

from xml.etree import ElementTree

from fastapi import APIRouter, Request, Response

from tile_server.respond import reply
from tile_server.site import Asked, View, base_url, site_of

router = APIRouter()

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@router.get("/robots.txt", include_in_schema=False)
def robots(request: Request) -> Response:
    """Pages may be indexed; tiles and files need not be crawled; a preview is nobody's business."""
    settings = site_of(request).settings
    rules = "Disallow: /tiles/\nDisallow: /files/\nDisallow: /download/\n"
    rules += f"Sitemap: {base_url(request, settings)}/sitemap.xml\n"
    if settings.candidate is not None:
        rules = "Disallow: /\n"
    return Response(f"User-agent: *\n{rules}", media_type="text/plain; charset=utf-8")


@router.get("/sitemap.xml", include_in_schema=False)
def sitemap(view: Asked, request: Request) -> Response:
    """https://www.sitemaps.org/protocol.html: the viewer, the lists, and the page of every map in force."""
    root = ElementTree.Element("urlset", {"xmlns": _NAMESPACE})
    for address, changed in _pages(view):
        node = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(node, "loc").text = address
        if changed:
            ElementTree.SubElement(node, "lastmod").text = changed
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return reply(view, request, content, "application/xml")


def _pages(view: View) -> list[tuple[str, str]]:
    """Address and, where it is known, the moment of the last change."""
    found = [
        (view.base + "/", ""),
        (view.url("list"), ""),
        (view.url("api", "collections", f="html"), ""),
        (view.url("api", "changes", f="html"), ""),
    ]
    for entry in view.snapshot.collections():
        published, _ = view.current(entry)
        if published is not None:
            changed = view.snapshot.published_at(published.entry).isoformat(timespec="seconds")
            found.append((view.url("api", "collections", entry.declaration.id, f="html"), changed))
    return found
