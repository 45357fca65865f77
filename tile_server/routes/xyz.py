"""/tiles/…: TileJSON, and the XYZ tiles that `tile_server.tiles` does not have prebuilt in the format asked for."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request, Response

from gis_pipeline.catalog import Published
from gis_pipeline.errors import UnknownItem
from gis_pipeline.model import Collection
from tile_server import documents
from tile_server.archives import Archive, archive_name
from tile_server.errors import RequestError
from tile_server.openapi import described
from tile_server.params import Instant
from tile_server.provenance import provenance
from tile_server.respond import JSON, reply_json
from tile_server.site import Asked, View
from tile_server.tileserving import archive_for, choose, tile_response

router = APIRouter()

_LAYER = re.compile(r"(?P<collection>[^@/]+)(?:@(?P<edition>[^@/]+))?")
_FILE = re.compile(r"(?P<row>[^.@/]+)(?P<double>@2x)?\.(?P<format>mvt|webp|png|jpg)")


@router.get("/tiles/{collectionId}.json", **described("tileJSON", JSON, summary="TileJSON 3.0"))
def tilejson(view: Asked, request: Request, collectionId: str, on: Instant) -> Response:  # noqa: N803
    """TileJSON 3.0.0 of the edition in force; its tiles' address names the edition."""
    published = view.published(collectionId, on)
    name = archive_name(published)
    if name is None:
        raise UnknownItem(f"「{published.declaration.title}」にタイルはありません。")
    archive = view.site.archives.open(published.file(name))
    return reply_json(view, request, _tilejson(view, published, archive))


def _tilejson(view: View, published: Published, archive: Archive) -> dict[str, Any]:
    declaration, edition = published.declaration, published.edition
    box = edition.bbox or archive.bounds
    template = documents.tile_template(declaration.id, edition.id, archive.format)
    document: dict[str, Any] = provenance(view, published) | {
        "tilejson": "3.0.0",
        "name": declaration.title,
        "description": declaration.description,
        "version": f"{int(edition.id[:4])}.{int(edition.id[5:7])}.{int(edition.id[8:10])}",
        "attribution": documents.attribution_of(view, published),
        "scheme": "xyz",
        "tiles": [view.base + template],
        "minzoom": archive.min_zoom,
        "maxzoom": archive.max_zoom,
        "bounds": documents.numbers(box),
        "center": [(box.west + box.east) / 2, (box.south + box.north) / 2, min(archive.max_zoom, 14)],
    }
    if archive.format == "mvt":
        document["vector_layers"] = [_vector_layer(declaration, archive)]
    return document


def _vector_layer(declaration: Collection, archive: Archive) -> dict[str, Any]:
    return {
        "id": declaration.id,
        "description": declaration.title,
        "minzoom": archive.min_zoom,
        "maxzoom": archive.max_zoom,
        "fields": {"fid": "地物の id"} | {field["name"]: field["title"] for field in documents.fields(declaration)},
    }


@router.get(
    "/tiles/{layer}/{z}/{x}/{file}",
    **described(
        "",
        "application/vnd.mapbox-vector-tile",
        "image/webp",
        "image/png",
        "image/jpeg",
        summary="XYZ タイル",
    ),
)
async def tile(view: Asked, request: Request, layer: str, z: str, x: str, file: str, on: Instant) -> Response:
    """`{collection}[@{edition}]/{z}/{x}/{y}[@2x].{mvt,webp,png,jpg}`; @2x is 512 pixels, pictures only."""
    named, asked = _LAYER.fullmatch(layer), _FILE.fullmatch(file)
    if named is None or asked is None or not all(re.fullmatch("[0-9]{1,10}", n) for n in (z, x, asked["row"])):
        raise UnknownItem("タイルの場所は {z}/{x}/{y}.mvt、.webp、.png、.jpg のように書いてください。")
    if named["edition"] is not None and on is not None:
        raise RequestError("版を名指しした場所に datetime は使えません。", "The path names an edition.", "datetime")
    at = (int(z), int(x), int(asked["row"]))
    form = asked["format"]
    if form == "mvt" and asked["double"]:
        raise UnknownItem("@2x は画像タイルだけです。")
    published = choose(view, named["collection"], named["edition"], on)
    archive_for(view, published, form)
    return await tile_response(
        view,
        request,
        published,
        at,
        form,
        size_px=512 if asked["double"] else 256,
        immutable=named["edition"] is not None,
    )
