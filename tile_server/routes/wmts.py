"""WMTS 1.0.0 (OGC 07-057r7), RESTful and by keys and values, in WebMercatorQuad and the town's tile matrix set."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
from fastapi import APIRouter, Depends, Request, Response

from gis_pipeline.crs import output_crs
from gis_pipeline.errors import UnknownItem
from tile_server import documents, mapping, symbols
from tile_server.errors import FORESEEN, RequestError
from tile_server.images import web_mercator
from tile_server.kvp import XML, Kvp, ServiceError, ows_exception
from tile_server.params import any_parameters, parse_instant
from tile_server.respond import reply
from tile_server.site import View, view_of
from tile_server.tileserving import set_response
from tile_server.tilesets import TileSet, set_of, sets_of
from tile_server.towngrid import TILE_PX, TownGrid, town_grid
from tile_server.window import around_in

router = APIRouter()

_MEDIA = {"webp": "image/webp", "png": "image/png", "jpg": "image/jpeg"}
_FORMS = {media: form for form, media in _MEDIA.items()}
INFO = {"json": "application/geo+json", "html": "text/html", "txt": "text/plain"}
_GOOGLE = "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible"
_ANY = [Depends(any_parameters)]


@dataclass(frozen=True)
class Place:
    """A tile by the texts of a request: layer, day, tile matrix set, tile matrix, row and column."""

    layer: str
    time: str
    matrix_set: str
    matrix: str
    row: str
    col: str


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ServiceError("InvalidParameterValue", f"{name} は 0 以上の整数です。", f"{name} must be whole.", name)
    return int(text)


def _on_day(view: View, text: str) -> View:
    """One instant; `current` and nothing are today."""
    if text in ("", "current"):
        return view
    try:
        return view.at(parse_instant(text))
    except RequestError as error:
        raise ServiceError("InvalidParameterValue", str(error), error.english, "Time") from error


def _found(view: View, place: Place) -> tuple[TileSet, tuple[int, int, int]]:
    """The tile set and matrix, row, col; outside the limits it is TileOutOfRange."""
    one = set_of(view, view.published(place.layer), "map", place.matrix_set)
    at = (
        _whole(place.matrix, "TileMatrix"),
        _whole(place.row, "TileRow"),
        _whole(place.col, "TileCol"),
    )
    try:
        one.check(*at)
    except UnknownItem as error:
        raise ServiceError("TileOutOfRange", str(error), "Outside the limits of the layer.", "TileRow") from error
    return one, at


async def _tile(view: View, request: Request, place: Place, form: str) -> Response:
    view = _on_day(view, place.time)
    one, at = await anyio.to_thread.run_sync(_found, view, place)
    if form not in one.formats:
        raise ServiceError("InvalidParameterValue", "この形式はありません。", "Unknown format.", "Format")
    return await set_response(view, request, one, at, form)


async def _info(view: View, request: Request, place: Place, pixel: tuple[str, str], form: str) -> Response:
    """What lies at (I, J): I counts columns, J rows."""
    view = _on_day(view, place.time)
    if form not in INFO.values():
        raise ServiceError("InvalidParameterValue", "この形式はありません。", "Unknown format.", "InfoFormat")
    col, row = _whole(pixel[0], "I"), _whole(pixel[1], "J")
    if max(col, row) >= TILE_PX:
        raise ServiceError("PointIJOutOfRange", "I と J は 255 までです。", "I and J are at most 255.", "I")

    def looked() -> tuple[bytes, str]:
        one, at = _found(view, place)
        window = one.window(view.service.crs, *at)
        return mapping.info(view, [one.published], window, (col, row), form, mapping.MOST_FOUND)

    content, media_type = await anyio.to_thread.run_sync(looked)
    return reply(view, request, content, media_type)


async def _in_xml(request: Request, work: Callable[[View], Awaitable[Response]]) -> Response:
    """Every error as an exception report of OWS."""
    try:
        return await work(await view_of(request))
    except FORESEEN as error:
        return ows_exception(error)


# ------------------------------------------------------------------ keys and values


@router.get("/wmts", include_in_schema=False, dependencies=_ANY)
async def wmts(request: Request) -> Response:
    """GetCapabilities, GetTile and GetFeatureInfo."""
    return await _in_xml(request, lambda view: _by_keys(view, request, Kvp(request)))


async def _by_keys(view: View, request: Request, kvp: Kvp) -> Response:
    """The address alone is answered like GetCapabilities; everything else names service, request and version."""
    if "REQUEST" not in kvp and "SERVICE" not in kvp:
        return await _capabilities(view, request)
    if kvp.need("SERVICE").upper() != "WMTS":
        raise ServiceError("InvalidParameterValue", "SERVICE は WMTS です。", "SERVICE must be WMTS.", "Service")
    name = kvp.need("REQUEST").lower()
    if name == "getcapabilities":
        versions = kvp.get("ACCEPTVERSIONS", "1.0.0").split(",")
        if "1.0.0" not in versions:
            raise ServiceError("VersionNegotiationFailed", "版は 1.0.0 です。", "Only 1.0.0.", "AcceptVersions")
        return await _capabilities(view, request)
    if name not in ("gettile", "getfeatureinfo"):
        raise ServiceError("OperationNotSupported", "この REQUEST はありません。", "Unknown REQUEST.", "Request")
    for key, only in (("VERSION", "1.0.0"), ("STYLE", "default")):
        if kvp.need(key) != only:
            raise ServiceError("InvalidParameterValue", f"{key} は {only} です。", f"{key} must be {only}.", key)
    keys = ("TILEMATRIXSET", "TILEMATRIX", "TILEROW", "TILECOL")
    place = Place(kvp.need("LAYER"), _time(request, "current"), *(kvp.need(key) for key in keys))
    form = _FORMS.get(kvp.need("FORMAT"), "?")
    if name == "getfeatureinfo":
        return await _info(view, request, place, (kvp.need("I"), kvp.need("J")), kvp.need("INFOFORMAT"))
    return await _tile(view, request, place, form)


# ------------------------------------------------------------------ RESTful


@router.get("/wmts/1.0.0/WMTSCapabilities.xml", include_in_schema=False, dependencies=_ANY)
async def capabilities(request: Request) -> Response:
    """The service metadata document."""
    return await _in_xml(request, lambda view: _capabilities(view, request))


_NOW = ("current", "{Time}")
"""QGIS leaves the variable of the template as it is when nobody chose a day."""
_REST = "/wmts/{collectionId}/default/{time}/{tileMatrixSetId}/{tileMatrix}/{tileRow}"


def _time(request: Request, time: str) -> str:
    """The day in the path; where that is `current`, `datetime` counts as it does everywhere."""
    kvp = Kvp(request)
    return kvp.get("TIME", kvp.get("DATETIME", "current")) if time in _NOW else time


@router.get(f"{_REST}/{{tileFile}}", include_in_schema=False, dependencies=_ANY)
async def rest_tile(
    request: Request,
    collectionId: str,  # noqa: N803
    time: str,
    tileMatrixSetId: str,  # noqa: N803
    tileMatrix: str,  # noqa: N803
    tileRow: str,  # noqa: N803
    tileFile: str,  # noqa: N803
) -> Response:
    """`{TileCol}.{png,jpg,webp}`."""
    col, _, form = tileFile.rpartition(".")

    def work(view: View) -> Awaitable[Response]:
        place = Place(collectionId, _time(request, time), tileMatrixSetId, tileMatrix, tileRow, col)
        return _tile(view, request, place, form)

    return await _in_xml(request, work)


@router.get(f"{_REST}/{{tileCol}}/{{j}}/{{infoFile}}", include_in_schema=False, dependencies=_ANY)
async def rest_info(
    request: Request,
    collectionId: str,  # noqa: N803
    time: str,
    tileMatrixSetId: str,  # noqa: N803
    tileMatrix: str,  # noqa: N803
    tileRow: str,  # noqa: N803
    tileCol: str,  # noqa: N803
    j: str,
    infoFile: str,  # noqa: N803
) -> Response:
    """`{J}/{I}.{json,html,txt}`."""
    i, _, extension = infoFile.rpartition(".")

    def work(view: View) -> Awaitable[Response]:
        place = Place(collectionId, _time(request, time), tileMatrixSetId, tileMatrix, tileRow, tileCol)
        return _info(view, request, place, (i, j), INFO.get(extension, "?"))

    return await _in_xml(request, work)


# ------------------------------------------------------------------ capabilities


async def _capabilities(view: View, request: Request) -> Response:
    content = await anyio.to_thread.run_sync(_document, view)
    return reply(view, request, content, XML)


@dataclass(frozen=True)
class Matrix:
    """One TileMatrix as the document writes it; the corner is in the axis order of the CRS."""

    id: str
    scale: float
    corner: tuple[float, float]
    width: int
    height: int


def _document(view: View) -> bytes:
    page = view.site.pages.get_template("wmts.xml")
    grid = town_grid(view.service.crs)
    return page.render(
        view=view,
        service=view.service,
        title=documents.title_of(view.service),
        layers=_layers(view),
        media=_MEDIA,
        info=INFO,
        matrix_sets=[
            ("WebMercatorQuad", _urn("EPSG:3857"), _GOOGLE, _world()),
            (grid.id, _urn(grid.crs.code), "", _town(grid)),
        ],
    ).encode()


def _urn(code: str) -> str:
    return "urn:ogc:def:crs:" + code.replace(":", "::")


def _layers(view: View) -> list[dict[str, Any]]:
    """What the document says about each layer; maps that are not published as tiles are left out."""
    offered = [crs for crs in output_crs(view.service.crs) if crs.code != "OGC:CRS84"]
    layers: list[dict[str, Any]] = []
    for one in mapping.layers_in_force(view):
        box = one.edition.bbox
        try:
            sets = sets_of(view, one, "map")
        except UnknownItem:
            continue
        if box is not None:
            layers.append(
                {
                    "layer": one.declaration,
                    "edition": one.edition,
                    "bbox": box,
                    "boxes": [(_urn(crs.code), crs, around_in(box, crs)) for crs in offered],
                    "attribution": documents.attribution_of(view, one),
                    "times": mapping.times(view, one),
                    "legend": symbols.legend_size([one.declaration]),
                    "sets": sets,
                }
            )
    return layers


def _world() -> list[Matrix]:
    found: list[Matrix] = []
    for matrix in web_mercator().tileMatrices[:23]:
        corner = float(matrix.pointOfOrigin[0]), float(matrix.pointOfOrigin[1])
        found.append(
            Matrix(matrix.id, float(matrix.scaleDenominator), corner, int(matrix.matrixWidth), int(matrix.matrixHeight))
        )
    return found


def _town(grid: TownGrid) -> list[Matrix]:
    return [
        Matrix(
            one["id"],
            one["scaleDenominator"],
            (one["pointOfOrigin"][0], one["pointOfOrigin"][1]),
            one["matrixWidth"],
            one["matrixHeight"],
        )
        for one in grid.document()["tileMatrices"]
    ]
