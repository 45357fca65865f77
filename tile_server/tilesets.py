"""OGC's tile set and tile matrix set documents (OGC 20-057, 17-083r4)."""

from __future__ import annotations

import math
from typing import Any, Literal

from gis_pipeline.catalog import Published
from gis_pipeline.model import BBox
from tile_server import documents, images
from tile_server.archives import MEDIA_TYPES, Archive
from tile_server.documents import CRS84, REL, TMS, TMS_URI
from tile_server.respond import JSON, Form, Link, both_forms, link
from tile_server.site import View

Kind = Literal["vector", "map"]
_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
_MOST_LATITUDE = 85.0511287798066

FORMATS: dict[Kind, tuple[str, ...]] = {"vector": ("mvt",), "map": ("webp", "png", "jpg")}


def steps(published: Published, kind: Kind) -> tuple[str, ...]:
    """The path of a collection's tile sets."""
    at = ("api", "collections", published.declaration.id)
    return (*at, "tiles") if kind == "vector" else (*at, "map", "tiles")


def tile_sets(view: View, published: Published, archive: Archive, kind: Kind, form: Form) -> dict[str, Any]:
    """The list of tile sets of one collection (OGC 20-057, /req/tilesets-list)."""
    at = steps(published, kind)
    entry = _summary(published, kind) | {
        "links": [
            link(view.url(*at, TMS, f="json"), "self", JSON, "タイルセットの説明"),
            link(view.url("api", "tileMatrixSets", TMS, f="json"), REL + "tiling-scheme", JSON, TMS),
        ],
        "tileMatrixSetLimits": limits(archive),
    }
    return {"links": both_forms(view, form, *at), "tilesets": [entry]}


def tile_set(view: View, published: Published, archive: Archive, kind: Kind, form: Form) -> dict[str, Any]:
    """One tile set (OGC 20-057, /req/tileset)."""
    at = steps(published, kind)
    links: list[Link] = both_forms(view, form, *at, TMS)
    links.append(link(view.url("api", "tileMatrixSets", TMS, f="json"), REL + "tiling-scheme", JSON, TMS))
    for name in FORMATS[kind]:
        href = view.url(*at, TMS) + "/{tileMatrix}/{tileRow}/{tileCol}?f=" + name
        links.append(link(href, "item", MEDIA_TYPES[name], f"タイル ({name})", templated=True))
    box = published.edition.bbox or archive.bounds
    document = _summary(published, kind) | {
        "description": published.declaration.description,
        "attribution": documents.attribution_of(view, published),
        "links": links,
        "tileMatrixSetLimits": limits(archive),
        "boundingBox": {"lowerLeft": [box.west, box.south], "upperRight": [box.east, box.north], "crs": CRS84},
    }
    if kind == "vector":
        document["layers"] = [_layer(published, archive)]
    return document


def _summary(published: Published, kind: Kind) -> dict[str, Any]:
    return {
        "title": published.declaration.title,
        "dataType": kind,
        "crs": _MERCATOR,
        "tileMatrixSetURI": TMS_URI,
        "tileMatrixSetId": TMS,
    }


def _layer(published: Published, archive: Archive) -> dict[str, Any]:
    kinds = {"integer": "integer", "percent": "integer", "number": "number"}
    return {
        "id": published.declaration.id,
        "title": published.declaration.title,
        "dataType": "vector",
        "geometryDimension": {"point": 0, "line": 1, "polygon": 2}.get(published.declaration.geometry, 2),
        "minTileMatrix": str(archive.min_zoom),
        "maxTileMatrix": str(archive.max_zoom),
        "propertiesSchema": {
            "type": "object",
            "properties": {
                field["name"]: {"title": field["title"], "type": kinds.get(field["type"], "string")}
                for field in documents.fields(published.declaration)
            },
        },
    }


def limits(archive: Archive) -> list[dict[str, Any]]:
    """The rows and columns that can hold something at each published zoom."""
    return [
        {"tileMatrix": str(zoom)} | dict(zip(_LIMITS, tile_range(archive.bounds, zoom), strict=True))
        for zoom in range(archive.min_zoom, archive.max_zoom + 1)
    ]


_LIMITS = ("minTileRow", "maxTileRow", "minTileCol", "maxTileCol")


def tile_range(box: BBox, zoom: int) -> tuple[int, int, int, int]:
    """First and last row (from the north), first and last column of a box at a zoom."""
    size = 1 << zoom

    def col(lon: float) -> int:
        return min(size - 1, max(0, math.floor((lon + 180) / 360 * size)))

    def row(lat: float) -> int:
        radians = math.radians(max(-_MOST_LATITUDE, min(_MOST_LATITUDE, lat)))
        return min(size - 1, max(0, math.floor((1 - math.asinh(math.tan(radians)) / math.pi) / 2 * size)))

    return row(box.north), row(box.south), col(box.west), col(box.east)


def matrix_sets(view: View, form: Form) -> dict[str, Any]:
    """The list of tile matrix sets."""
    href = view.url("api", "tileMatrixSets", TMS, f="json")
    return {
        "links": both_forms(view, form, "api", "tileMatrixSets"),
        "tileMatrixSets": [
            {
                "id": TMS,
                "title": "Web メルカトル（地理院タイルと同じ区切り）",
                "uri": TMS_URI,
                "crs": _MERCATOR,
                "links": [link(href, "self", JSON, TMS), link(href, "item", JSON, TMS)],
            }
        ],
    }


def matrix_set() -> dict[str, Any]:
    """WebMercatorQuad as its standard defines it (OGC 17-083r4, annex D.1)."""
    document: dict[str, Any] = images.web_mercator().model_dump(mode="json", by_alias=True, exclude_none=True)
    return document | {"id": TMS, "uri": TMS_URI, "crs": _MERCATOR}
