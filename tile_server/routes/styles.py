"""/styles/{collectionId}.json: the MapLibre style that the declared classes give."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gis_pipeline.cartography import maplibre_style
from gis_pipeline.errors import UnknownItem
from tile_server import documents
from tile_server.archives import archive_name
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.respond import JSON, reply_json
from tile_server.site import Asked

router = APIRouter()


@router.get("/styles/{collectionId}.json", **described("document", JSON, summary="MapLibre のスタイル"))
def style(view: Asked, request: Request, collectionId: str, on: Instant) -> Response:  # noqa: N803
    """MapLibre style version 8 of one collection over the tiles of the edition in force on the day."""
    published = view.published(collectionId, on)
    name = archive_name(published)
    if name is None:
        raise UnknownItem(f"「{published.declaration.title}」にタイルはありません。")
    archive = view.site.archives.open(published.file(name))
    template = documents.tile_template(published.declaration.id, published.edition.id, archive.format)
    document: dict[str, Any] = maplibre_style(
        published.declaration,
        tiles_url=view.base + template,
        bounds=published.edition.bbox,
        min_zoom=archive.min_zoom,
        max_zoom=archive.max_zoom,
        attribution=documents.attribution_of(view, published),
        image=archive.format != "mvt",
    )
    if "glyphs" in document:
        document["glyphs"] = view.base + document["glyphs"]
    return reply_json(view, request, document)
