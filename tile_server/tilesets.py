"""OGC's tile set and tile matrix set documents (OGC 20-057, 17-083r4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from gis_pipeline.catalog import Published
from gis_pipeline.crs import output_crs
from gis_pipeline.errors import UnknownItem
from gis_pipeline.model import BBox
from tile_server import documents, images
from tile_server.archives import MEDIA_TYPES, Archive, archive_of
from tile_server.area import MERCATOR_EDGE_M
from tile_server.documents import CRS84, REL, TMS, TMS_URI
from tile_server.provenance import provenance
from tile_server.respond import JSON, Form, Link, both_forms, link
from tile_server.site import View
from tile_server.towngrid import SCALES, Limits, TownGrid, town_grid
from tile_server.window import Window

Kind = Literal["vector", "map"]
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
_MOST_LATITUDE = 85.0511287798066

FORMATS: dict[Kind, tuple[str, ...]] = {"vector": ("mvt",), "map": ("webp", "png", "jpg")}


def steps(published: Published, kind: Kind) -> tuple[str, ...]:
    """The path of a collection's tile sets."""
    at = ("api", "collections", published.declaration.id)
    return (*at, "tiles") if kind == "vector" else (*at, "map", "tiles")


@dataclass(frozen=True)
class TileSet:
    """The tiles of one kind of one edition in one tile matrix set; `grid` is None for WebMercatorQuad.

    `archive` is where they are prebuilt, or (pictures of vectors) says how far the map reaches.
    """

    published: Published
    kind: Kind
    archive: Archive
    grid: TownGrid | None

    @property
    def id(self) -> str:
        """The id of the tile matrix set."""
        return TMS if self.grid is None else self.grid.id

    @property
    def drawn(self) -> bool:
        """Whether its tiles are made on request rather than stored."""
        return self.grid is not None or (self.kind == "map" and self.archive.format == "mvt")

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats of its tiles, the one given without `f` first."""
        return ("png", "webp", "jpg") if self.kind == "map" and self.archive.format == "mvt" else FORMATS[self.kind]

    @property
    def matrices(self) -> range:
        """The numbers of its tile matrices: zooms, or rungs of the ladder of scales."""
        if self.grid is not None:
            return range(len(SCALES))
        deepest = max(self.archive.max_zoom, DEEPEST) if self.drawn else self.archive.max_zoom
        return range(self.archive.min_zoom, deepest + 1)

    def limits(self, matrix: int) -> Limits:
        """First and last row, first and last column that can hold something."""
        extent = self.published.edition.bbox or self.archive.bounds
        return tile_range(extent, matrix) if self.grid is None else self.grid.limits(matrix, extent)

    def check(self, matrix: int, row: int, col: int) -> None:
        """UnknownItem for a tile outside the limits: nothing there does not mean that nothing applies."""
        if matrix in self.matrices:
            first_row, last_row, first_col, last_col = self.limits(matrix)
            if first_row <= row <= last_row and first_col <= col <= last_col:
                return
        title = self.published.declaration.title
        raise UnknownItem(f"タイル {matrix}/{row}/{col} は「{title}」の範囲の外です。")

    def window(self, frame: str, matrix: int, row: int, col: int, size_px: int = 256) -> Window:
        """What a tile shows."""
        if self.grid is not None:
            return self.grid.tile(matrix, col, row, size_px)
        return mercator_tile(frame, matrix, col, row, size_px)


def mercator_tile(frame: str, zoom: int, col: int, row: int, size_px: int) -> Window:
    """The window of a tile of WebMercatorQuad."""
    (mercator,) = [crs for crs in output_crs(frame) if crs.code == "EPSG:3857"]
    side = 2 * MERCATOR_EDGE_M / (1 << zoom)
    west, north = col * side - MERCATOR_EDGE_M, MERCATOR_EDGE_M - row * side
    return Window(mercator, frame, west, north - side, west + side, north, size_px, size_px, tiled=True)


DEEPEST = 20
"""Pictures of vectors are drawn down to this zoom of WebMercatorQuad (0.15 m a pixel)."""


def sets_of(view: View, published: Published, kind: Kind) -> tuple[TileSet, ...]:
    """The tile sets of one kind, prebuilt ones first; UnknownItem if the map is not published as tiles."""
    name = archive_of(published, "mvt" if kind == "vector" else "webp")
    if name is None and kind == "map":
        name = archive_of(published, "mvt")
    if name is None:
        what = "ベクトルタイル" if kind == "vector" else "画像タイル"
        raise UnknownItem(f"「{published.declaration.title}」に{what}はありません。")
    archive = view.site.archives.open(published.file(name))
    return tuple(TileSet(published, kind, archive, grid) for grid in (None, town_grid(view.service.crs)))


def set_of(view: View, published: Published, kind: Kind, tile_matrix_set_id: str) -> TileSet:
    """One of them by its id; UnknownItem for any other id."""
    found = next((one for one in sets_of(view, published, kind) if one.id == tile_matrix_set_id), None)
    if found is None:
        raise UnknownItem(f"タイル行列集合「{tile_matrix_set_id[:60]}」はありません。")
    return found


def tile_sets(view: View, published: Published, kind: Kind, form: Form) -> dict[str, Any]:
    """The list of tile sets of one collection (OGC 20-057, /req/tilesets-list)."""
    at = steps(published, kind)
    entries = [
        _summary(view, one)
        | {
            "links": [
                link(view.url(*at, one.id, datetime=view.day, f="json"), "self", JSON, "タイルセットの説明"),
                link(view.url("api", "tileMatrixSets", one.id, f="json"), REL + "tiling-scheme", JSON, one.id),
            ],
            "tileMatrixSetLimits": limits(one),
        }
        for one in sets_of(view, published, kind)
    ]
    return {"links": both_forms(view, form, *at, datetime=view.day), "tilesets": entries}


def tile_set(view: View, one: TileSet, form: Form) -> dict[str, Any]:
    """One tile set (OGC 20-057, /req/tileset)."""
    published = one.published
    at = steps(published, one.kind)
    links: list[Link] = both_forms(view, form, *at, one.id, datetime=view.day)
    links.append(link(view.url("api", "tileMatrixSets", one.id, f="json"), REL + "tiling-scheme", JSON, one.id))
    day = [] if view.day is None else [f"datetime={view.day}"]
    for name in one.formats:
        # Without `f` it is the first format: a template with nothing but the place in it suits every reader.
        query = "&".join([*day, *([] if name == one.formats[0] else [f"f={name}"])])
        href = f"{view.url(*at, one.id)}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}" + (f"?{query}" if query else "")
        links.append(link(href, "item", MEDIA_TYPES[name], f"タイル ({name})", templated=True))
    box = published.edition.bbox or one.archive.bounds
    document = _summary(view, one) | {
        "description": published.declaration.description,
        "attribution": documents.attribution_of(view, published),
        "version": published.edition.id,
        "license": published.declaration.licence,
        "provenance": provenance(view, published),
        "links": links,
        "tileMatrixSetLimits": limits(one),
        "boundingBox": {"lowerLeft": [box.west, box.south], "upperRight": [box.east, box.north], "crs": CRS84},
    }
    if one.kind == "vector":
        document["layers"] = [layer(one)]
    return document


def _summary(view: View, one: TileSet) -> dict[str, Any]:
    return {
        "title": one.published.declaration.title,
        "dataType": one.kind,
        "crs": MERCATOR if one.grid is None else one.grid.crs.uri,
        "tileMatrixSetId": one.id,
        "tileMatrixSetURI": uri_of(view, one.id),
    }


def uri_of(view: View, tile_matrix_set_id: str) -> str:
    """What identifies a tile matrix set: OGC's URI, or for the town's own the address of its definition."""
    return TMS_URI if tile_matrix_set_id == TMS else view.url("api", "tileMatrixSets", tile_matrix_set_id)


def layer(one: TileSet) -> dict[str, Any]:
    """One layer of a vector tile: which features, which properties, in which tile matrices."""
    published = one.published
    kinds = {"integer": "integer", "percent": "integer", "number": "number"}
    return {
        "id": published.declaration.id,
        "title": published.declaration.title,
        "dataType": "vector",
        "geometryDimension": {"point": 0, "line": 1, "polygon": 2}.get(published.declaration.geometry, 2),
        "minTileMatrix": str(one.matrices[0]),
        "maxTileMatrix": str(one.matrices[-1]),
        "propertiesSchema": {
            "type": "object",
            "properties": {
                field["name"]: {"title": field["title"], "type": kinds.get(field["type"], "string")}
                for field in documents.fields(published.declaration)
            },
        },
    }


def limits(one: TileSet) -> list[dict[str, Any]]:
    """The rows and columns that can hold something in each tile matrix."""
    return [limit_document(matrix, one.limits(matrix)) for matrix in one.matrices]


def limit_document(matrix: int, found: Limits) -> dict[str, Any]:
    """The limits of one tile matrix."""
    return {"tileMatrix": str(matrix)} | dict(zip(_LIMITS, found, strict=True))


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
    grid = town_grid(view.service.crs)
    known: list[dict[str, Any]] = [
        {"id": TMS, "title": "Web メルカトル（地理院タイルと同じ区切り）", "uri": TMS_URI, "crs": MERCATOR},
        {
            "id": grid.id,
            "title": grid.document()["title"],
            "uri": uri_of(view, grid.id),
            "crs": grid.crs.uri,
        },
    ]
    for entry in known:
        href = view.url("api", "tileMatrixSets", entry["id"], f="json")
        entry["links"] = [link(href, "self", JSON, entry["id"]), link(href, "item", JSON, entry["id"])]
    return {"links": both_forms(view, form, "api", "tileMatrixSets"), "tileMatrixSets": known}


def matrix_set(view: View, tile_matrix_set_id: str) -> dict[str, Any]:
    """The definition of one of them; UnknownItem for any other id."""
    grid = town_grid(view.service.crs)
    if tile_matrix_set_id == grid.id:
        return grid.document() | {"uri": uri_of(view, grid.id)}
    if tile_matrix_set_id != TMS:
        raise UnknownItem(f"タイル行列集合「{tile_matrix_set_id[:60]}」はありません。")
    return _web_mercator()


def _web_mercator() -> dict[str, Any]:
    """WebMercatorQuad as its standard defines it (OGC 17-083r4, annex D.1)."""
    document: dict[str, Any] = images.web_mercator().model_dump(mode="json", by_alias=True, exclude_none=True)
    return document | {"id": TMS, "uri": TMS_URI, "crs": MERCATOR}
