"""OGC API – Tiles: tile sets of a collection, their tiles (row before column), and the tile matrix sets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from gis_pipeline.errors import UnknownItem
from tile_server.archives import MAX_ZOOM
from tile_server.documents import TMS
from tile_server.errors import RequestError
from tile_server.numbers import whole
from tile_server.openapi import described
from tile_server.params import CollectionId, Instant, TileCol, TileMatrix, TileMatrixSetId, TileRow
from tile_server.respond import HTML, JSON, Wanted, reply_both
from tile_server.site import Asked, View
from tile_server.tileserving import archive_for, choose, tile_response
from tile_server.tilesets import FORMATS, Kind, matrix_set, matrix_sets, tile_range, tile_set, tile_sets

router = APIRouter()

_AT = "/api/collections/{collectionId}"
_ONE = "/{tileMatrixSetId}"
_TILE = "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
_LAST = (1 << MAX_ZOOM) - 1
TileFormat = Annotated[str | None, Query(alias="f", description="タイルの形式")]


def _known(tile_matrix_set_id: str) -> None:
    if tile_matrix_set_id != TMS:
        raise UnknownItem(f"タイル行列集合「{tile_matrix_set_id[:60]}」はありません。")


def _sets(view: View, request: Request, collection_id: str, kind: Kind, form: Wanted, one: bool) -> Response:
    published = view.published(collection_id)
    archive = archive_for(view, published, FORMATS[kind][0])
    if one:
        return reply_both(view, request, form, tile_set(view, published, archive, kind, form), "tileset.html")
    return reply_both(view, request, form, tile_sets(view, published, archive, kind, form), "tilesets.html")


@router.get(f"{_AT}/tiles", **described("tileSets", JSON, HTML, summary="ベクトルタイルの一覧"))
def vector_tile_sets(view: Asked, request: Request, collection_id: CollectionId, form: Wanted) -> Response:
    """OGC 20-057, /req/geodata-tilesets: the vector tile sets of a collection."""
    return _sets(view, request, collection_id, "vector", form, False)


@router.get(f"{_AT}/map/tiles", **described("tileSets", JSON, HTML, summary="画像タイルの一覧"))
def map_tile_sets(view: Asked, request: Request, collection_id: CollectionId, form: Wanted) -> Response:
    """OGC 20-057, /req/geodata-tilesets: the map tile sets of a collection."""
    return _sets(view, request, collection_id, "map", form, False)


@router.get(f"{_AT}/tiles{_ONE}", **described("tileSet", JSON, HTML, summary="ベクトルタイルの説明"))
def vector_tile_set(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    tile_matrix_set_id: TileMatrixSetId,
    form: Wanted,
) -> Response:
    """OGC 20-057, /req/tileset: one vector tile set."""
    _known(tile_matrix_set_id)
    return _sets(view, request, collection_id, "vector", form, True)


@router.get(f"{_AT}/map/tiles{_ONE}", **described("tileSet", JSON, HTML, summary="画像タイルの説明"))
def map_tile_set(
    view: Asked,
    request: Request,
    collection_id: CollectionId,
    tile_matrix_set_id: TileMatrixSetId,
    form: Wanted,
) -> Response:
    """OGC 20-057, /req/tileset: one map tile set."""
    _known(tile_matrix_set_id)
    return _sets(view, request, collection_id, "map", form, True)


async def _tile(
    view: View, request: Request, ids: tuple[str, str], at: tuple[str, str, str], on: Instant, form: str
) -> Response:
    """OGC 20-057, /req/core/tc-error: outside the matrix set or its limits is a 404; what is no number a 400."""
    collection_id, tile_matrix_set_id = ids
    _known(tile_matrix_set_id)
    zoom = whole(at[0], "tileMatrix", 0, MAX_ZOOM)
    row, col = whole(at[1], "tileRow", 0, _LAST), whole(at[2], "tileCol", 0, _LAST)
    published = choose(view, collection_id, None, on)
    archive = archive_for(view, published, form)
    first_row, last_row, first_col, last_col = tile_range(archive.bounds, zoom)
    if not (first_row <= row <= last_row and first_col <= col <= last_col):
        raise UnknownItem(f"タイル {zoom}/{row}/{col} は「{published.declaration.title}」の範囲の外です。")
    return await tile_response(view, request, published, (zoom, col, row), form)


def _format(asked: str | None, kind: Kind) -> str:
    names = FORMATS[kind]
    if asked is None:
        return names[0]
    if asked not in names:
        raise RequestError(f"f は {'、'.join(names)} のどれかです。", f"f must be one of {', '.join(names)}.", "f")
    return asked


@router.get(f"{_AT}/tiles{_TILE}", **described("", "application/vnd.mapbox-vector-tile", summary="ベクトルタイル"))
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
    form = _format(f, "vector")
    return await _tile(view, request, (collection_id, tile_matrix_set_id), (tile_matrix, tile_row, tile_col), on, form)


@router.get(
    f"{_AT}/map/tiles{_TILE}",
    **described("", "image/webp", "image/png", "image/jpeg", summary="画像タイル"),
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
    form = _format(f, "map")
    return await _tile(view, request, (collection_id, tile_matrix_set_id), (tile_matrix, tile_row, tile_col), on, form)


@router.get("/api/tileMatrixSets", **described("tileMatrixSets", JSON, HTML, summary="タイル行列集合の一覧"))
def tile_matrix_sets(view: Asked, request: Request, form: Wanted) -> Response:
    """OGC 20-057, 9.1: the tile matrix sets that tiles are offered in."""
    return reply_both(view, request, form, matrix_sets(view, form), "tilematrixsets.html")


@router.get(
    "/api/tileMatrixSets/{tileMatrixSetId}",
    **described("tileMatrixSet", JSON, HTML, summary="タイル行列集合の定義"),
)
def tile_matrix_set(view: Asked, request: Request, tile_matrix_set_id: TileMatrixSetId, form: Wanted) -> Response:
    """OGC 17-083r4: the definition of one tile matrix set."""
    _known(tile_matrix_set_id)
    return reply_both(view, request, form, matrix_set(), "tilematrixset.html")
