"""/layers.txt: the list of layers as 地理院地図 reads it: folders by theme, tiles, legends, zooms."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from gis_pipeline.catalog import Published
from tile_server import documents
from tile_server.archives import archive_name
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.provenance import provenance
from tile_server.respond import reply
from tile_server.site import Asked, View

router = APIRouter()

TEXT = "text/plain"
_MOST_ZOOM = 18
"""地理院地図 goes to zoom 18; beyond the deepest prebuilt zoom of a scan it enlarges."""


@router.get("/layers.txt", **described("", TEXT, summary="地理院地図の形のレイヤー一覧"))
def layers(view: Asked, request: Request, on: Instant) -> Response:
    """JSON as https://github.com/gsi-cyberjapan/gsimaps has it; one folder a theme, one layer a tiled collection."""
    view = view.at(on)
    folders: dict[str, list[dict[str, Any]]] = {}
    for published in documents.current_editions(view):
        if archive_name(published) is not None:
            folders.setdefault(published.declaration.theme or "その他", []).append(_layer(view, published))
    groups = [
        {"type": "LayerGroup", "title": theme, "open": False, "toggleall": False, "entries": entries}
        for theme, entries in folders.items()
    ]
    return reply(view, request, orjson.dumps({"layers": groups}), f"{TEXT}; charset=utf-8")


def _layer(view: View, published: Published) -> dict[str, Any]:
    declaration, about = published.declaration, provenance(view, published)
    name = archive_name(published)
    archive = view.site.archives.open(published.file(name or ""))
    drawn = archive.format == "mvt"
    words = (
        f"{about['takesEffect']} から効力のある版。地図情報レベル {about['mapLevel']}"
        f"（位置の標準偏差 {about['accuracyM']} m）。{view.service.disclaimer}"
    )
    return {
        "type": "Layer",
        "id": f"{declaration.id}@{published.edition.id}",
        "title": declaration.title,
        "iconUrl": "",
        "url": _pictures(view, published, drawn),
        "subdomains": "",
        "attribution": about["attribution"],
        "cocotile": False,
        "minZoom": archive.min_zoom,
        "maxZoom": max(_MOST_ZOOM, archive.max_zoom),
        "maxNativeZoom": max(_MOST_ZOOM, archive.max_zoom) if drawn else archive.max_zoom,
        "bounds": [] if published.edition.bbox is None else documents.numbers(published.edition.bbox),
        "legendUrl": view.url("styles", f"{declaration.id}.html", datetime=view.day),
        "styleurl": view.url("styles", f"{declaration.id}.json", datetime=view.day),
        "html": words,
    }


def _pictures(view: View, published: Published, drawn: bool) -> str:
    """Tiles as PNG: drawn from the features on request, or the prebuilt scan under its edition's own address."""
    declaration = published.declaration
    if not drawn:
        return view.base + documents.tile_template(declaration.id, published.edition.id, "png")
    at = view.url("api", "collections", declaration.id, "map", "tiles", documents.TMS)
    return f"{at}/{{z}}/{{y}}/{{x}}?f=png" + (f"&datetime={view.day}" if view.day else "")
