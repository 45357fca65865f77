"""OGC API – Tiles: tile sets of a collection, their tiles (row before column), and the tile matrix sets."""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request, Response

from tile_server import caching, datasettiles
from tile_server.archives import MAX_ZOOM, MEDIA_TYPES
from tile_server.errors import RequestError
from tile_server.numbers import whole
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant, TileCol, TileMatrix, TileMatrixSetId, TileRow
from tile_server.respond import HTML, JSON, Form, Wanted, reply_both
from tile_server.site import Asked, View
from tile_server.tileserving import choose, set_response
from tile_server.tilesets import Kind, matrix_set, matrix_sets, set_of, tile_set, tile_sets

router = APIRouter()

_AT = "/api/collections/{collectionId}"
_ONE = "/{tileMatrixSetId}"
_TILE = "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
_LAST = (1 << MAX_ZOOM) - 1
TileFormat = Annotated[str | None, Query(alias="f", description="タイルの形式")]


def _list(view: View, request: Request, collection_id: str, kind: Kind, form: Form) -> Response:
    return reply_both(view, request, form, tile_sets(view, view.published(collection_id), kind, form), "tilesets.html")


def _one(view: View, request: Request, ids: tuple[str, str], kind: Kind, form: Form) -> Response:
    one = set_of(view, view.published(ids[0]), kind, ids[1])
    return reply_both(view, request, form, tile_set(view, one, form), "tileset.html")


@router.get(
    f"{_AT}/tiles",
    **described(
        "tileSets", JSON, HTML, summary="ベクトルタイルの一覧", operation="tiles.collection.vector.getTileSetsList"
    ),
)
def vector_tile_sets(view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted) -> Response:
    """OGC 20-057, /req/geodata-tilesets: the vector tile sets of a collection."""
    return _list(view.at(on), request, collection_id, "vector", form)


@router.get(
    f"{_AT}/map/tiles",
    **described("tileSets", JSON, HTML, summary="画像タイルの一覧", operation="tiles.collection.map.getTileSetsList"),
)
def map_tile_sets(view: Asked, request: Request, collection_id: CollectionId, on: Instant, form: Wanted) -> Response:
    """OGC 20-057, /req/geodata-tilesets: the map tile sets of a collection."""
    return _list(view.at(on), request, collection_id, "map", form)


@router.get(
    f"{_AT}/tiles{_ONE}",
    **described("tileSet", JSON, HTML, summary="ベクトルタイルの説明", operation="tiles.collection.vector.getTileSet"),
)
def vector_tile_set(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    tile_matrix_set_id: TileMatrixSetId,
    on: Instant,
    form: Wanted,
) -> Response:
    """OGC 20-057, /req/tileset: one vector tile set."""
    return _one(view.at(on), request, (collection_id, tile_matrix_set_id), "vector", form)


@router.get(
    f"{_AT}/map/tiles{_ONE}",
    **described("tileSet", JSON, HTML, summary="画像タイルの説明", operation="tiles.collection.map.getTileSet"),
)
def map_tile_set(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    tile_matrix_set_id: TileMatrixSetId,
    on: Instant,
    form: Wanted,
) -> Response:
    """OGC 20-057, /req/tileset: one map tile set."""
    return _one(view.at(on), request, (collection_id, tile_matrix_set_id), "map", form)


async def _tile(
    view: View, request: Request, named: tuple[str, str, Kind], at: tuple[str, str, str], on: Instant, f: str | None
) -> Response:
    """OGC 20-057, /req/core/tc-error: outside the matrix set or its limits is a 404; what is no number a 400."""
    collection_id, tile_matrix_set_id, kind = named
    published = choose(view, collection_id, None, on)
    one = await anyio.to_thread.run_sync(set_of, view, published, kind, tile_matrix_set_id)
    matrix = whole(at[0], "tileMatrix", 0, MAX_ZOOM)
    row, col = whole(at[1], "tileRow", 0, _LAST), whole(at[2], "tileCol", 0, _LAST)
    form = f or one.formats[0]
    if form not in one.formats:
        names = "、".join(one.formats)
        raise RequestError(f"f は {names} のどれかです。", f"f must be one of {', '.join(one.formats)}.", "f")
    return await set_response(view, request, one, (matrix, row, col), form)


@router.get(
    f"{_AT}/tiles{_TILE}",
    **described(
        "", "application/vnd.mapbox-vector-tile", summary="ベクトルタイル", operation="tiles.collection.vector.getTile"
    ),
)
async def vector_tile(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    tile_matrix_set_id: TileMatrixSetId,
    tile_matrix: TileMatrix,
    tile_row: TileRow,
    tile_col: TileCol,
    on: Instant,
    f: TileFormat = None,
) -> Response:
    """OGC 20-057, /req/core/tc-op: one vector tile (MVT)."""
    named: tuple[str, str, Kind] = (collection_id, tile_matrix_set_id, "vector")
    return await _tile(view, request, named, (tile_matrix, tile_row, tile_col), on, f)


@router.get(
    f"{_AT}/map/tiles{_TILE}",
    **described(
        "", "image/webp", "image/png", "image/jpeg", summary="画像タイル", operation="tiles.collection.map.getTile"
    ),
)
async def map_tile(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    tile_matrix_set_id: TileMatrixSetId,
    tile_matrix: TileMatrix,
    tile_row: TileRow,
    tile_col: TileCol,
    on: Instant,
    f: TileFormat = None,
) -> Response:
    """OGC 20-057, /req/core/tc-op: one map tile (WebP as stored; PNG and JPEG on request)."""
    named: tuple[str, str, Kind] = (collection_id, tile_matrix_set_id, "map")
    return await _tile(view, request, named, (tile_matrix, tile_row, tile_col), on, f)


@router.get(
    "/api/tiles",
    **described("tileSets", JSON, HTML, summary="全部の地図のタイル", operation="tiles.dataset.vector.getTileSetsList"),
)
def dataset_tile_sets(view: Asked, request: Request, on: Instant, form: Wanted) -> Response:
    """OGC 20-057, /req/dataset-tilesets: the vector tiles of all maps together."""
    return reply_both(view, request, form, datasettiles.listed(view.at(on), form), "tilesets.html")


@router.get(
    f"/api/tiles{_ONE}",
    **described("tileSet", JSON, HTML, summary="全部の地図のタイルの説明", operation="tiles.dataset.vector.getTileSet"),
)
def dataset_tile_set(
    view: Asked, request: Request, tile_matrix_set_id: TileMatrixSetId, on: Instant, form: Wanted
) -> Response:
    """OGC 20-057, /req/tileset: the vector tiles of all maps together."""
    datasettiles.check_set(tile_matrix_set_id)
    return reply_both(view, request, form, datasettiles.described(view.at(on), form), "tileset.html")


@router.get(
    f"/api/tiles{_TILE}",
    **described("", MEDIA_TYPES["mvt"], summary="全部の地図のタイル", operation="tiles.dataset.vector.getTile"),
)
def dataset_tile(
    view: Asked,
    request: Request,
    tile_matrix_set_id: TileMatrixSetId,
    tile_matrix: TileMatrix,
    tile_row: TileRow,
    tile_col: TileCol,
    on: Instant,
    f: TileFormat = None,
) -> Response:
    """OGC 20-057, /req/core/tc-op: one vector tile with every map as a layer."""
    datasettiles.check_set(tile_matrix_set_id)
    if f not in (None, "mvt"):
        raise RequestError("f は mvt です。", "f must be mvt.", "f")
    matrix = whole(tile_matrix, "tileMatrix", 0, MAX_ZOOM)
    row, col = whole(tile_row, "tileRow", 0, _LAST), whole(tile_col, "tileCol", 0, _LAST)
    tiles = datasettiles.dataset_tiles(view.at(on))
    content = tiles.tile(matrix, row, col)
    headers = {
        "etag": caching.weak_tag(*tiles.tag, matrix, row, col),
        "cache-control": caching.PRIVATE if view.candidate else caching.REVALIDATE,
    }
    if caching.matches(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, 200 if content else 204, headers, MEDIA_TYPES["mvt"] if content else None)


@router.get(
    "/api/tileMatrixSets",
    **described("tileMatrixSets", JSON, HTML, summary="タイル行列集合の一覧", operation="tiles.getTileMatrixSetsList"),
)
def tile_matrix_sets(view: Asked, request: Request, form: Wanted) -> Response:
    """OGC 20-057, 9.1: the tile matrix sets that tiles are offered in."""
    return reply_both(view, request, form, matrix_sets(view, form), "tilematrixsets.html")


@router.get(
    "/api/tileMatrixSets/{tileMatrixSetId}",
    **described("tileMatrixSet", JSON, HTML, summary="タイル行列集合の定義", operation="tiles.getTileMatrixSet"),
)
def tile_matrix_set(view: Asked, request: Request, tile_matrix_set_id: TileMatrixSetId, form: Wanted) -> Response:
    """OGC 17-083r4: the definition of one tile matrix set."""
    return reply_both(view, request, form, matrix_set(view, tile_matrix_set_id), "tilematrixset.html")
